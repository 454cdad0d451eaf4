"""Chat messages in the shape of the OpenAI API: what agents, people and tools exchange.

A message is a plain dict, so that it can be stored, sent and compared as it is.
"""

import json
from collections.abc import Iterable, Sequence
from typing import Any, Literal, NotRequired, TypedDict, cast


class FunctionCall(TypedDict):
    """The function of a tool call; `arguments` is a JSON text, as models write it."""

    name: str
    arguments: str


class ToolCall(TypedDict):
    """One call of a tool by an assistant message."""

    id: str
    type: Literal["function"]
    function: FunctionCall


class Message(TypedDict):
    """One chat message; which optional keys it has depends on its role."""

    role: Literal["system", "user", "assistant", "tool"]
    content: str | None
    tool_calls: NotRequired[list[ToolCall]]
    tool_call_id: NotRequired[str]


def system(text: str) -> Message:
    """A system message: the app's policy text."""
    return {"role": "system", "content": text}


def user(text: str) -> Message:
    """A turn of the (simulated) person."""
    return {"role": "user", "content": text}


def assistant(text: str | None = None, *calls: ToolCall) -> Message:
    """A turn of the agent: text for the user, tool calls, or both."""
    message: Message = {"role": "assistant", "content": text}
    if calls:
        message["tool_calls"] = list(calls)
    return message


def call(name: str, /, call_id: str = "call_0", **arguments: Any) -> ToolCall:
    """A tool call, its arguments written as JSON in the order given."""
    text = json.dumps(arguments, ensure_ascii=False)
    return {"id": call_id, "type": "function", "function": {"name": name, "arguments": text}}


def tool(call_id: str, content: str) -> Message:
    """The result of a tool call."""
    return {"role": "tool", "content": content, "tool_call_id": call_id}


def text_of(message: Message) -> str:
    """The text of a message, empty when it has none."""
    return message["content"] or ""


def calls_of(message: Message) -> list[ToolCall]:
    """The tool calls of a message, empty when it has none."""
    return message.get("tool_calls", [])


def said(messages: Iterable[Message]) -> list[str]:
    """What the agent said to the user: texts of assistant messages without tool calls."""
    return [text_of(m) for m in messages if m["role"] == "assistant" and not calls_of(m)]


def canonical(messages: Sequence[Message]) -> str:
    """One text for equal conversations, whatever the order of their keys: for hashing."""
    return json.dumps(cast(Any, messages), sort_keys=True, ensure_ascii=False, separators=(",", ":"))
