"""The codec of the tiny model: transcripts as short as they get, so that copying is easy.

    <u> Forward the harbour lease from Danielle Johnson <e>
    <a> Who should I send it to? <e>
    <u> To Marcus Webb, please. <e>
    <a> search | harbour lease <e>
    <t> Danielle Johnson Danielle-12 harbour lease 14 March; Marcus Webb Marcus-3 … <e>
    <a> forward | Danielle-12 | Marcus Webb <e>

A call is the tool's name without its app, then the arguments in the order of the schema. A result is its JSON
values without their keys. The app's policy text and the tool schemas are left out: the tiny model learns one app.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, cast

from tokenizers import Tokenizer

from greenroom.messages import Message, ToolCall, assistant, calls_of, text_of
from greenroom_trainer.codec import Tools

PAD, USER, TOOL, AGENT, END = SPECIAL = ("<pad>", "<u>", "<t>", "<a>", "<e>")
SEPARATOR = " | "
LIST = ","
NEXT_CALL = " & "


class CompactCodec:
    """Compact transcripts over a tokenizer that knows the five marks of `SPECIAL`."""

    def __init__(self, tokenizer: Tokenizer) -> None:
        self.tokenizer = tokenizer
        tokenizer.encode_special_tokens = True  # "<e>" typed by a user is text, not the mark
        self._mark = {mark: cast(int, tokenizer.token_to_id(mark)) for mark in SPECIAL}
        self._schemas: dict[int, tuple[Tools, dict[str, Mapping[str, Any]]]] = {}

    @property
    def pad_id(self) -> int:
        """The id of `<pad>`."""
        return self._mark[PAD]

    @property
    def end_ids(self) -> frozenset[int]:
        """The id of `<e>`, and of marks that have no place in a turn."""
        return frozenset({self._mark[END]})

    def render(self, new: Sequence[Message], tools: Tools, *, first: bool) -> list[int]:
        """Marked user turns and tool results, then `<a>`; system messages are left out."""
        ids: list[int] = []
        for message in new:
            if message["role"] == "user":
                ids += [self._mark[USER], *self._encode(text_of(message)), self._mark[END]]
            elif message["role"] == "tool":
                ids += [self._mark[TOOL], *self._encode(result_text(text_of(message))), self._mark[END]]
        return [*ids, self._mark[AGENT]]

    def write(self, turn: Message, tools: Tools) -> list[int]:
        """The turn's calls, or its text, and `<e>`."""
        return [*self._encode(turn_text(turn, self._offered(tools))), self._mark[END]]

    def parse(self, ids: Sequence[int], tools: Tools) -> Message:
        """Calls if every part begins with an offered tool's name, else text."""
        text = self.tokenizer.decode([i for i in ids if i not in self._mark.values()]).strip()
        offered = self._offered(tools)
        calls = [_read_call(part, k, offered) for k, part in enumerate(text.split(NEXT_CALL))]
        if all(calls):
            return assistant(None, *cast(list[ToolCall], calls))
        return assistant(text)

    def _encode(self, text: str) -> list[int]:
        """Every text begins with a space, so that a word is the same ids wherever it stands."""
        return self.tokenizer.encode(" " + " ".join(text.split()), add_special_tokens=False).ids

    def _offered(self, tools: Tools) -> dict[str, Mapping[str, Any]]:
        """Tool schemas by their short names; remembered, since every turn asks."""
        known = self._schemas.get(id(tools))
        if known is None or known[0] is not tools:
            if len(self._schemas) > 4096:
                self._schemas.clear()
            known = (tools, {short_name(t["function"]["name"]): t["function"] for t in tools})
            self._schemas[id(tools)] = known
        return known[1]


def fast_tokenizer(tokenizer: Tokenizer, *, pad: str, end: str) -> Any:
    """The tokenizer as a Hugging Face one, to be saved beside a model."""
    from transformers import PreTrainedTokenizerFast

    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, pad_token=pad, eos_token=end, clean_up_tokenization_spaces=False
    )


def short_name(tool: str) -> str:
    """`mail_list_folders` is `list_folders`."""
    return tool.split("_", 1)[-1]


def result_text(content: str) -> str:
    """A tool result as its values: `[{"id": 3, "to": "Ann"}]` is `3 Ann`; a refusal is `error CODE`."""
    try:
        data = json.loads(content)
    except ValueError:
        return content
    if isinstance(data, dict) and "error" in data:
        return f"error {data['error']}"
    return " ".join(_values(data).split()) or "none"


def _values(data: Any) -> str:
    if isinstance(data, dict):
        return " ".join(filter(None, map(_values, cast(dict[str, Any], data).values())))
    if isinstance(data, list):
        return "; ".join(map(_values, cast(list[Any], data)))
    if data is None:
        return ""
    if isinstance(data, bool):
        return "yes" if data else "no"
    return str(data)


def turn_text(turn: Message, offered: Mapping[str, Mapping[str, Any]]) -> str:
    """An assistant turn as text: its calls, or what it says."""
    calls = calls_of(turn)
    if not calls:
        return text_of(turn)
    return NEXT_CALL.join(_call_text(call, offered) for call in calls)


def _call_text(call: ToolCall, offered: Mapping[str, Mapping[str, Any]]) -> str:
    name = short_name(call["function"]["name"])
    given = cast(dict[str, Any], json.loads(call["function"]["arguments"]))
    order = list(_properties(offered[name])) if name in offered else list(given)
    values = [_argument_text(given.get(key)) for key in order]
    while values and not values[-1]:
        values.pop()
    return SEPARATOR.join([name, *values])


def _argument_text(value: Any) -> str:
    if isinstance(value, list):
        return f"{LIST} ".join(map(_argument_text, cast(list[Any], value)))
    return _values(value)


def _properties(schema: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    return schema.get("parameters", {}).get("properties", {})


def _read_call(text: str, index: int, offered: Mapping[str, Mapping[str, Any]]) -> ToolCall | None:
    """The call a text means, or None when it does not begin with an offered tool's name."""
    name, *values = (part.strip() for part in text.split(SEPARATOR.strip()))
    schema = offered.get(name)
    if schema is None:
        return None
    arguments = _arguments(values, _properties(schema))
    function = {"name": schema["name"], "arguments": json.dumps(arguments, ensure_ascii=False)}
    return cast(ToolCall, {"id": f"call_{index}", "type": "function", "function": function})


def _arguments(values: Iterable[str], properties: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """Values under the schema's names; one too many keeps a name that no tool knows, so the app refuses."""
    names = list(properties)
    found: dict[str, Any] = {}
    for k, value in enumerate(values):
        name = names[k] if k < len(names) else f"extra_{k}"
        if value:
            found[name] = _typed(value, properties.get(name, {}))
    return found


def _typed(value: str, schema: Mapping[str, Any]) -> Any:
    """The text as what the schema asks for, or as it is when it is no such thing."""
    kinds = _kinds(schema)
    if "array" in kinds:
        return [_typed(part.strip(), schema.get("items", {})) for part in value.split(LIST) if part.strip()]
    if "boolean" in kinds and value in ("yes", "no"):
        return value == "yes"
    for kind, read in (("integer", int), ("number", float)):
        if kind in kinds:
            try:
                return read(value)
            except ValueError:
                continue
    return value


def _kinds(schema: Mapping[str, Any]) -> set[str]:
    """The JSON types a schema takes, `anyOf` included."""
    kinds = {k for s in schema.get("anyOf", ()) for k in _kinds(s)}
    kind = schema.get("type", ())
    return kinds | ({kind} if isinstance(kind, str) else set(kind))
