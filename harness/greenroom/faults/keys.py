"""Idempotency keys: an optional argument of tools that write, offered where faults are.

A repeated key gets the first answer and runs nothing twice. A refusal is not kept: nothing was done.
"""

import json
from typing import Any, cast

from greenroom.errors import Refusal
from greenroom.tools import Tool

ARGUMENT = "idempotency_key"
LONGEST = 200
_PROPERTY = {
    "type": "string",
    "minLength": 1,
    "maxLength": LONGEST,
    "description": "Any text of your own. A call repeated with the same key is carried out once and answered again.",
}


def takes_key(tool: Tool) -> bool:
    """Whether a tool is offered with a key: it writes, and has no such argument of its own."""
    return tool.writes and ARGUMENT not in tool.arguments.model_fields


def with_key(tool: Tool) -> dict[str, Any]:
    """The schema of a tool, with the key where it takes one."""
    if not takes_key(tool):
        return tool.schema
    function = tool.schema["function"]
    parameters = function["parameters"]
    properties = {**parameters.get("properties", {}), ARGUMENT: _PROPERTY}
    return {**tool.schema, "function": {**function, "parameters": {**parameters, "properties": properties}}}


def split_key(tool: Tool, text: str) -> tuple[str | None, str]:
    """The key of a call, None without one, and its other arguments as JSON.

    Raises:
        Refusal: The key is no text of a fitting length.
    """
    if not takes_key(tool) or ARGUMENT not in text:
        return None, text
    try:
        values: Any = json.loads(text)
    except (ValueError, RecursionError):
        return None, text  # The tool's own reading tells what is wrong.
    if not isinstance(values, dict) or ARGUMENT not in values:
        return None, text
    given = cast(dict[str, Any], values)
    key = given.pop(ARGUMENT)
    if key is None:
        return None, json.dumps(given)
    if not isinstance(key, str) or not 1 <= len(key) <= LONGEST:
        told = f"{tool.name}: '{ARGUMENT}' is a text of 1 to {LONGEST} characters (given: {str(key)[:80]!r})."
        raise Refusal("bad_arguments", told)
    return key, json.dumps(given, sort_keys=True)
