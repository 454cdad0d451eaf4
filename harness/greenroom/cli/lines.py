"""What a person types: lines, and the arguments of a call. Lines come from standard input, scripts' too."""

import json
import re
import shlex
import sys
from collections.abc import Iterator, Mapping
from typing import Any, cast

from greenroom.cli.output import console
from greenroom.errors import UsageError

# What is quoted already is passed over; else a name before a list or an object.
JSON_VALUE = re.compile(r"""'[^']*'|"(?:\\.|[^"\\])*"|(?:^|(?<=\s))(?P<name>\w+)=(?=[\[{])""")


def lines(prompt: str, *, keep_empty: bool = False) -> Iterator[str]:
    """Lines of standard input until its end; prompted for, with editing, where it is a terminal."""
    terminal = sys.stdin.isatty()
    if terminal:
        import readline  # noqa: F401  # pyright: ignore[reportUnusedImport] - input() edits lines with it
    while True:
        try:
            line = input(prompt) if terminal else _piped(prompt)
        except EOFError:
            return
        if line.strip() or keep_empty:
            yield line


def _piped(prompt: str) -> str:
    line = sys.stdin.readline()
    if not line:
        raise EOFError
    console().print(prompt + line.rstrip("\n"), markup=False)
    return line.rstrip("\n")


def arguments(text: str, function: Mapping[str, Any]) -> dict[str, Any]:
    """The arguments of a call as typed: `name=value …`, one JSON object, or one bare value for a single argument.

    Raises:
        UsageError: They are neither.
    """
    text = text.strip()
    if text.startswith("{"):
        try:
            return cast(dict[str, Any], json.loads(text))
        except ValueError as error:
            raise UsageError(f"no JSON: {error}") from None
    try:
        words = shlex.split(_with_json_quoted(text))
    except ValueError as error:
        raise UsageError(f"{error} in {text!r}") from None
    known: Mapping[str, Any] = function["parameters"].get("properties", {})
    required = function["parameters"].get("required", [])
    if words and not any("=" in word for word in words) and len(required) == 1:
        return {required[0]: typed(" ".join(words), known[required[0]])}
    pairs = [word.partition("=") for word in words]
    bare = [word for word, equals, _ in pairs if not equals]
    if bare:
        raise UsageError(f"'{bare[0]}': write name=value; {function['name']} takes {', '.join(known) or 'nothing'}")
    return {name: typed(value, known.get(name, {})) for name, _, value in pairs}


def _with_json_quoted(text: str) -> str:
    """Lists and objects that are typed as JSON keep their quotes: `to=["Ana Ost"]` becomes `to='["Ana Ost"]'`."""
    pieces: list[str] = []
    at = 0
    while found := JSON_VALUE.search(text, at):
        pieces.append(text[at : found.end()])
        at = found.end()
        if found["name"]:
            end = _end_of_json(text, at)
            pieces.append(shlex.quote(text[at:end]) if end > at else "")
            at = end
    return "".join([*pieces, text[at:]])


def _end_of_json(text: str, at: int) -> int:
    try:
        return json.JSONDecoder().raw_decode(text, at)[1]
    except ValueError:
        return at


def typed(text: str, schema: Mapping[str, Any]) -> Any:
    """A typed value: text where the schema wants text, a list of texts where it wants a list, else JSON."""
    kinds = [part.get("type") for part in schema.get("anyOf", [schema])]
    if "string" in kinds or schema.get("enum"):
        return text
    try:
        return json.loads(text)
    except ValueError:
        return text.split(",") if "array" in kinds else text
