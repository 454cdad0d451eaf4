"""Reading requests from outside: each value is looked at before anything is done with it."""

from collections.abc import Mapping
from typing import Any, cast

from greenroom.errors import UsageError
from greenroom.messages import Message, ToolCall
from greenroom.wire.protocol import short

LONG_ID = 512
ROLES = ("system", "user", "assistant", "tool")


def text(data: Mapping[str, Any], name: str, most: int = LONG_ID) -> str:
    """A text that must be there.

    Raises:
        UsageError: It is missing, no text, or too long.
    """
    value = data.get(name)
    if type(value) is not str:
        raise UsageError(f"'{name}' must be a text, not {short(value)}")
    if len(value) > most:
        raise UsageError(f"'{name}' has {len(value)} characters; {most} is the most")
    return value


def number(data: Mapping[str, Any], name: str, least: int, most: int, default: int | None = None) -> int:
    """A whole number within bounds.

    Raises:
        UsageError: It is none, or out of bounds.
    """
    value = data.get(name, default)
    if type(value) is not int or not least <= value <= most:
        raise UsageError(f"'{name}' must be a whole number from {least} to {most}, not {short(value)}")
    return value


def items(data: Mapping[str, Any], name: str, most: int) -> list[Any]:
    """A list that must be there.

    Raises:
        UsageError: It is missing, no list, or too long.
    """
    value = data.get(name)
    if type(value) is not list:
        raise UsageError(f"'{name}' must be a list, not {short(value)}")
    found = cast(list[Any], value)
    if len(found) > most:
        raise UsageError(f"'{name}' has {len(found)} items; {most} is the most")
    return found


def calls(data: Mapping[str, Any], most: int) -> list[ToolCall]:
    """The tool calls of a request.

    Raises:
        UsageError: They are no tool calls, or too many.
    """
    found = items(data, "calls", most)
    for call in found:
        try:
            function = call["function"]
            sound = type(call["id"]) is type(function["name"]) is type(function["arguments"]) is str
        except (TypeError, KeyError, IndexError):
            sound = False
        if not sound:
            raise UsageError(f"a call is {{id, type, function: {{name, arguments}}}}, all texts, not {short(call)}")
    return found


def messages(data: Mapping[str, Any], most: int = 10_000) -> list[Message]:
    """The conversation of a request.

    Raises:
        UsageError: They are no chat messages, or too many.
    """
    found = items(data, "messages", most)
    for message in found:
        if not isinstance(message, dict) or message.get("role") not in ROLES or not _content(message):  # pyright: ignore[reportUnknownMemberType, reportUnknownArgumentType]
            raise UsageError(f"a message is {{role, content, ...}} of one of {', '.join(ROLES)}, not {short(message)}")
        if message.get("tool_calls") is not None:  # pyright: ignore[reportUnknownMemberType]
            calls({"calls": message["tool_calls"]}, most)
    return found


def _content(message: dict[str, Any]) -> bool:
    content = message.get("content", 0)
    return content is None or type(content) is str
