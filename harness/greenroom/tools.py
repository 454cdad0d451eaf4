"""Tools: typed functions that an agent may call, described by JSON schemas.

The schema comes from the signature and the docstring; arguments are checked against it before the function
runs, and every complaint is a sentence that a model can act on.
"""

import inspect
import json
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import cached_property
from typing import Any, cast, get_type_hints

import docstring_parser
from pydantic import BaseModel, ConfigDict, Field, ValidationError, create_model
from pydantic_core import to_jsonable_python

from greenroom.errors import Refusal, UsageError
from greenroom.fault import Fault
from greenroom.limits import Rate

DEFAULT_TAKES = timedelta(seconds=5)
DEEPEST = 32
"""So many levels may arguments be nested."""
LARGEST = 1 << 63
MOST_TEXT = 64 << 10
MOST_ANSWER = 1 << 20
"""Characters of what a tool answers: no model reads so much, and everybody who passes it on has to hold it."""
"""So many characters may the arguments of one call have."""
TOLD = 5
"""So many problems does one refusal name."""
READING = frozenset(
    {"check", "compare", "count", "counts", "find", "get", "list", "lookup", "preview", "quote", "read", "search"}
    | {"show", "status", "track", "view"}
)
"""A tool whose name begins with one of these reads only, unless its app says otherwise."""


@dataclass(frozen=True)
class CallResult:
    """What came of one tool call.

    Attributes:
        text: What the agent reads.
        refused: The code of the refusal, if the app refused.
        faults: What went wrong on the way; never shown to the agent.
    """

    text: str
    refused: str | None = None
    faults: tuple[Fault, ...] = ()


@dataclass(frozen=True)
class Tool:
    """A function of an app, as offered to agents.

    Attributes:
        name: The offered name, `app_function`.
        function: Takes the world, then its arguments by keyword.
        takes: Virtual time that one call takes.
        writes: Whether it changes more than incidental columns.
        feature: What it belongs to: the tools of one feature fail together.
        at_most: How often it may be called; as often as one likes when None.
    """

    name: str
    function: Callable[..., Any]
    takes: timedelta = DEFAULT_TAKES
    writes: bool = True
    feature: str = ""
    at_most: Rate | None = None

    @cached_property
    def arguments(self) -> type[BaseModel]:
        """A pydantic model of the arguments: one field a parameter, unknown ones forbidden."""
        hints = get_type_hints(self.function, include_extras=True)
        described = {p.arg_name: p.description for p in self._doc.params}
        fields: dict[str, Any] = {}
        for parameter in list(inspect.signature(self.function).parameters.values())[1:]:
            if parameter.name not in hints:
                raise UsageError(f"tool '{self.name}': parameter '{parameter.name}' has no type annotation")
            default = ... if parameter.default is parameter.empty else parameter.default
            field = Field(default, description=described.get(parameter.name))
            fields[parameter.name] = (hints[parameter.name], field)
        return create_model(self.name, __config__=ConfigDict(extra="forbid"), **fields)

    @cached_property
    def schema(self) -> dict[str, Any]:
        """The tool in the shape of OpenAI's `tools` parameter."""
        parameters = _without_titles(self.arguments.model_json_schema())
        parameters.pop("description", None)
        function = {"name": self.name, "description": self.description, "parameters": parameters}
        return {"type": "function", "function": function}

    @cached_property
    def description(self) -> str:
        """The docstring without its argument list."""
        parts = (self._doc.short_description, self._doc.long_description)
        return "\n".join(p for p in parts if p)

    @cached_property
    def _doc(self) -> docstring_parser.Docstring:
        return docstring_parser.parse(inspect.getdoc(self.function) or "", docstring_parser.DocstringStyle.GOOGLE)

    def parse(self, text: str) -> dict[str, Any]:
        """Read and check the JSON arguments of a call.

        Raises:
            Refusal: They are too long, no JSON object, or do not fit the schema; the sentence says where and why.
        """
        if len(text) > MOST_TEXT:
            told = f"{self.name}: the arguments have {len(text):,} characters, {MOST_TEXT:,} is the most: send less"
            raise Refusal("bad_arguments", told)
        try:
            values: Any = json.loads(text) if text.strip() else {}
            json.dumps(values, ensure_ascii=False).encode()  # lone surrogates pass as JSON, but are no text
        except (ValueError, RecursionError) as error:
            raise Refusal("bad_arguments", f"{self.name}: the arguments are no JSON: {error}") from None
        if not isinstance(values, dict):
            raise Refusal("bad_arguments", f"{self.name}: the arguments must be a JSON object, not {text[:80]!r}")
        if odd := _outlandish(values):
            raise Refusal("bad_arguments", f"{self.name}: the arguments hold {odd}")
        try:
            checked = self.arguments.model_validate(values)
        except ValidationError as error:
            raise Refusal("bad_arguments", self._complaint(error)) from None
        return {name: getattr(checked, name) for name in type(checked).model_fields}

    def time_of(self, text: str) -> timedelta:
        """Virtual time that a call takes; one whose arguments do not fit is refused at once, not waited for."""
        if self.takes > DEFAULT_TAKES:
            try:
                self.parse(text)
            except Refusal:
                return DEFAULT_TAKES
        return self.takes

    def _complaint(self, error: ValidationError) -> str:
        """One sentence a problem, for the first ones, the accepted arguments last."""
        sentences: list[str] = []
        for problem in error.errors(include_url=False)[:TOLD]:
            where = ".".join(str(p) for p in problem["loc"])[:80]
            given = "" if problem["type"] == "missing" else f" (given: {str(problem['input'])[:80]!r})"
            sentences.append(f"'{where}': {problem['msg']}{given}")
        if error.error_count() > TOLD:
            sentences.append(f"and {error.error_count() - TOLD} problems more")
        accepted = ", ".join(self.arguments.model_fields) or "no arguments"
        return f"{self.name}: {'; '.join(sentences)}. It takes: {accepted}."


def reads_by_name(name: str) -> bool:
    """Whether a function's name begins with a verb of reading."""
    return name.split("_")[0] in READING


def feature_of(function: Callable[..., Any]) -> str:
    """What a tool belongs to: its module where the app has a package of tools, else the tool alone."""
    package, _, module = function.__module__.rpartition(".")
    return module if package.endswith(".tools") else function.__name__


def result_text(value: Any) -> str:
    """A tool's result as the agent reads it: JSON, empty fields left out.

    Args:
        value: JSON data, a dataclass, a pydantic model, dates, or lists and dicts of them; None reads as ok.
    """
    if value is None:
        return '{"ok": true}'
    plain = to_jsonable_python(value, exclude_none=True)
    return json.dumps(_without_none(plain), ensure_ascii=False)


def refusal_text(refusal: Refusal) -> str:
    """A refusal as the agent reads it."""
    told: dict[str, Any] = {"error": refusal.code, "message": refusal.message}
    if refusal.retry_after is not None:
        told["retry_after"] = refusal.retry_after
    return json.dumps(told, ensure_ascii=False)


def _outlandish(value: Any, deep: int = DEEPEST) -> str | None:
    """What no database takes, though it is JSON; None where there is none of it."""
    if isinstance(value, str):
        return "a NUL character" if "\0" in value else None
    if isinstance(value, int):
        return None if -LARGEST <= value < LARGEST else "a whole number of more than 64 bits"
    if isinstance(value, float):
        return None if math.isfinite(value) else f"the number {value}"
    if not isinstance(value, dict | list):
        return None
    if not deep:
        return f"more than {DEEPEST} levels"
    nested = cast(dict[str, Any] | list[Any], value)
    inner = [*nested, *nested.values()] if isinstance(nested, dict) else nested
    return next((odd for one in inner if (odd := _outlandish(one, deep - 1))), None)


def _without_none(value: Any) -> Any:
    """Drop None fields of dicts; list items stay, so that positions keep their meaning."""
    if isinstance(value, dict):
        return {k: _without_none(v) for k, v in value.items() if v is not None}  # pyright: ignore[reportUnknownVariableType]
    if isinstance(value, list):
        return [_without_none(v) for v in value]  # pyright: ignore[reportUnknownVariableType]
    return value


def _without_titles(schema: Mapping[str, Any]) -> dict[str, Any]:
    """Pydantic titles every field; models pay tokens for that and learn nothing."""
    out: dict[str, Any] = {}
    for key, value in schema.items():
        if key == "properties":
            out[key] = {name: _without_titles(field) for name, field in value.items()}
        elif key != "title" or not isinstance(value, str):
            out[key] = _without_titles(value) if isinstance(value, Mapping) else value  # pyright: ignore[reportUnknownArgumentType]
    return out
