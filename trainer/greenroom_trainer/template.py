"""The codec of any Hugging Face tokenizer that has a chat template and writes Hermes-style tool calls.

    <tool_call>
    {"name": "mail_search", "arguments": {"query": "harbour lease"}}
    </tool_call>

Rendering is incremental: what was sampled is never tokenized again. The text of new messages is what the
template adds when they follow a placeholder turn, and only this text becomes ids.
"""

import json
import re
from collections.abc import Sequence
from typing import Any, cast

from greenroom.errors import UsageError
from greenroom.messages import Message, ToolCall, assistant, call, calls_of, text_of, user
from greenroom_trainer.codec import Tools

CALL = re.compile(r"<tool_call>\s*(.*?)\s*(?:</tool_call>|\Z)", re.DOTALL)
THOUGHT = re.compile(r"<think>.*?(?:</think>|\Z)", re.DOTALL)
PLACEHOLDER = "#placeholder#"


class TemplateCodec:
    """Messages by the tokenizer's own chat template.

    Args:
        tokenizer: A fast Hugging Face tokenizer with a chat template.

    Raises:
        UsageError: It has no chat template or no token that ends a turn.
    """

    def __init__(self, tokenizer: Any) -> None:
        if not getattr(tokenizer, "chat_template", None):
            raise UsageError("the tokenizer has no chat template: choose an instruction-tuned model")
        if tokenizer.eos_token_id is None:
            raise UsageError("the tokenizer names no token that ends a turn (eos_token): set one in its config")
        self.tokenizer = tokenizer
        self._ending = self._after(PLACEHOLDER, [user("."), assistant(PLACEHOLDER)])
        self._tail = self._encode(self._ending)

    @property
    def pad_id(self) -> int:
        """The padding id, or that of the end where there is none."""
        pad = self.tokenizer.pad_token_id
        return cast(int, self.tokenizer.eos_token_id if pad is None else pad)

    @property
    def end_ids(self) -> frozenset[int]:
        """The tokenizer's end, and what its template ends an assistant turn with."""
        return frozenset({cast(int, self.tokenizer.eos_token_id), *self._tail[:1]})

    def render(self, new: Sequence[Message], tools: Tools, *, first: bool) -> list[int]:
        """At first the whole prompt with the tools; later what the template puts after a finished turn."""
        if first:
            return self._encode(self._apply(list(new), tools))
        before: Message = assistant(PLACEHOLDER)
        if new and new[0]["role"] == "tool":
            before = assistant(PLACEHOLDER, *(_placeholder(m) for m in new if m["role"] == "tool"))
        text = self._apply([user("."), before, *new], ())
        known = self._apply([user("."), before], (), prompt=False)
        if text.startswith(known):
            # What follows the turn's last token (a newline, say) was never sampled: it belongs to the new part.
            gap = self.tokenizer.decode(self._tail[1:]) if self._tail else ""
            return self._encode(gap + text[len(known) :])
        raise UsageError("the chat template rewrites earlier turns: it cannot be rendered turn by turn")

    def write(self, turn: Message, tools: Tools) -> list[int]:
        """Text and calls as a model would write them, and the end of the turn."""
        parts = [text_of(turn)] if text_of(turn) else []
        for made in calls_of(turn):
            function = made["function"]
            body = {"name": function["name"], "arguments": json.loads(function["arguments"])}
            parts.append(f"<tool_call>\n{json.dumps(body, ensure_ascii=False)}\n</tool_call>")
        end = self._tail[:1] or [cast(int, self.tokenizer.eos_token_id)]
        return [*self._encode("\n".join(parts)), *end]

    def parse(self, ids: Sequence[int], tools: Tools) -> Message:
        """The calls between tags; thoughts are left out, the rest is text."""
        kept = [i for i in ids if i not in self.end_ids]
        text = THOUGHT.sub("", self.tokenizer.decode(kept))
        calls = [_read(body, k) for k, body in enumerate(CALL.findall(text))]
        rest = CALL.sub("", text).strip()
        return assistant(rest or (None if calls else ""), *calls)

    def _apply(self, messages: list[Message], tools: Tools, *, prompt: bool = True) -> str:
        return cast(
            str,
            self.tokenizer.apply_chat_template(
                [_decoded(m) for m in messages],
                tools=list(tools) or None,
                add_generation_prompt=prompt,
                tokenize=False,
            ),
        )

    def _after(self, mark: str, messages: list[Message]) -> str:
        return self._apply(messages, (), prompt=False).rsplit(mark, 1)[-1]

    def _encode(self, text: str) -> list[int]:
        return cast("list[int]", self.tokenizer.encode(text, add_special_tokens=False))


def _placeholder(result: Message) -> ToolCall:
    return call("placeholder", result.get("tool_call_id", "call_0"))


def _decoded(message: Message) -> dict[str, Any]:
    """A message whose arguments are objects, as templates expect them."""
    made = calls_of(message)
    if not made:
        return dict(message)
    functions = [
        {**c, "function": {**c["function"], "arguments": json.loads(c["function"]["arguments"])}} for c in made
    ]
    return {**message, "content": text_of(message), "tool_calls": functions}


def _read(body: str, index: int) -> ToolCall:
    """A call as sampled; one that is no JSON keeps its text as arguments, which the app refuses."""
    try:
        data = json.loads(body)
    except ValueError:
        data = None
    if isinstance(data, dict) and isinstance(data.get("name"), str):
        given = cast("dict[str, Any]", data)
        arguments = given.get("arguments", {})
        text = arguments if isinstance(arguments, str) else json.dumps(arguments, ensure_ascii=False)
        return {"id": f"call_{index}", "type": "function", "function": {"name": given["name"], "arguments": text}}
    return {"id": f"call_{index}", "type": "function", "function": {"name": "unreadable_call", "arguments": body}}
