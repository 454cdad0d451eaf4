"""JSON schemas of somebody else's: nothing is fetched for them, and checking a value by one comes to an end."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextvars import ContextVar
from dataclasses import dataclass, field
from functools import cache
from typing import Any, cast
from urllib.parse import unquote

from greenroom.errors import UsageError

Schema = dict[str, Any]
DIALECT = "https://json-schema.org/draft/2020-12/schema"
DEEPEST = 64
MOST = 20_000
"""Values in a schema."""
STEPS = 200_000
"""What checking one value may cost: a keyword is a step, and so is each thing that it lists."""
ONE = ("items", "contains", "additionalProperties", "propertyNames", "not", "if", "then", "else")
LISTS = ("allOf", "anyOf", "oneOf", "prefixItems")
MAPS = ("properties", "$defs", "definitions", "dependentSchemas")
PLAIN = (
    "type",
    "enum",
    "const",
    "format",
    "required",
    "dependentRequired",
    "minimum",
    "maximum",
    "exclusiveMinimum",
    "exclusiveMaximum",
    "multipleOf",
    "minLength",
    "maxLength",
    "minItems",
    "maxItems",
    "uniqueItems",
    "minProperties",
    "maxProperties",
    "minContains",
    "maxContains",
)
ELSEWHERE = ("$id", "$dynamicRef", "$recursiveRef")


def closed(schema: Any) -> Any:
    """A schema as it is checked: what it refers to is in it, and what would be run or looked up is left out.

    Patterns are left out, because Python's engine may take for ever over one, and so is what depends on them. Whoever
    made the schema checks by it too.

    Args:
        schema: A JSON schema, of whatever shape.

    Raises:
        UsageError: It refers to something outside it, is of another dialect, or is too large or too deep.
    """
    _measured(schema)
    if isinstance(schema, dict) and cast(Schema, schema).get("$schema") in (DIALECT, f"{DIALECT}#"):
        schema = {name: value for name, value in cast(Schema, schema).items() if name != "$schema"}
    copying = _Copying()
    found = copying.schema(schema, "#")
    for ref in copying.refs:
        if unquote(ref) not in copying.places:
            raise UsageError(
                f"it has a '$ref' ({ref[:200]!r}) that leads to no schema within it, such as '#/$defs/NAME'"
            )
    return found


class Checker:
    """Checks values by a schema.

    Args:
        schema: A JSON schema, of whatever shape.

    Raises:
        UsageError: It is none, or one that `closed` refuses.
    """

    def __init__(self, schema: Any) -> None:
        from jsonschema import Draft202012Validator
        from jsonschema.exceptions import SchemaError
        from referencing import Registry

        self._schema = closed(schema)
        try:
            cast(Any, Draft202012Validator).check_schema(self._schema)
        except SchemaError as error:
            raise UsageError(error.message[:500]) from None
        except RecursionError:
            raise UsageError("it is too deep") from None
        # A registry that has nothing and gets nothing: the one that is there by default asks the network.
        self._validator = _metered()(self._schema, registry=cast(Any, Registry)())

    def fits(self, value: Any) -> bool:
        """Whether a value fits; what takes too long to check does not."""
        return self.problem(value) is None

    def problem(self, value: Any) -> tuple[str, str] | None:
        """Where a value does not fit, and why; None where it does."""
        from jsonschema.exceptions import best_match  # pyright: ignore[reportUnknownVariableType]

        token = None
        try:
            token = _meter.set(_Meter(len(repr(value)) + len(repr(self._schema))))
            found = cast(Any, best_match)(self._validator.iter_errors(value))
        except (RecursionError, ArithmeticError, _TooLongError):
            return "", "it is too large, or too deep, to be checked"
        finally:
            if token is not None:
                _meter.reset(token)
        return found and (".".join(str(part) for part in found.absolute_path), found.message)


def _measured(schema: Any) -> None:
    """Refuse what is too large or too deep, before anything goes down into it."""
    left: list[tuple[Any, int]] = [(schema, 0)]
    seen = 0
    while left:
        value, depth = left.pop()
        seen += 1
        if depth > DEEPEST:
            raise UsageError(f"it is too deep: {DEEPEST} values within each other are the most")
        inner: Iterable[Any] = ()
        if isinstance(value, dict):
            inner = cast(Schema, value).values()
        elif isinstance(value, list):
            inner = cast(list[Any], value)
        left += [(one, depth + 1) for one in inner]
        if seen + len(left) > MOST:
            raise UsageError(f"it is too large: {MOST} values are the most")


@dataclass
class _Copying:
    """Copies the keywords that are known, each by what it holds.

    Attributes:
        places: Where schemas are, as references write it.
        refs: The references that were met.
    """

    places: set[str] = field(default_factory=set[str])
    refs: list[str] = field(default_factory=list[str])

    def schema(self, value: Any, place: str) -> Any:
        self.places.add(place)
        if not isinstance(value, dict):
            return value
        told = cast(Schema, value)
        self._stays(told)
        found = {name: self._keyword(name, one, f"{place}/{name}") for name, one in told.items() if _known(name)}
        if "patternProperties" in told:
            found.pop("additionalProperties", None)
        return found

    def _stays(self, told: Schema) -> None:
        for name in ELSEWHERE:
            if name in told:
                raise UsageError(f"it has '{name}' ({str(told[name])[:200]!r}), which may lead out of it: use '$ref'")
        if "$schema" in told:
            raise UsageError(f"it has the '$schema' {str(told['$schema'])[:200]!r}; there is, at its top: {DIALECT}")
        if "$ref" in told:
            ref = told["$ref"]
            if not isinstance(ref, str) or not ref.startswith("#"):
                raise UsageError(f"it has a '$ref' ({str(ref)[:200]!r}) that leads out of it: nothing is fetched")
            self.refs.append(ref)

    def _keyword(self, name: str, value: Any, place: str) -> Any:
        if name in ONE:
            return self.schema(value, place)
        if name in LISTS and isinstance(value, list):
            return [self.schema(one, f"{place}/{i}") for i, one in enumerate(cast(list[Any], value))]
        if name in MAPS and isinstance(value, dict):
            inner = cast(Schema, value).items()
            return {key: self.schema(one, f"{place}/{_step(key)}") for key, one in inner}
        return value


def _known(name: str) -> bool:
    return name in PLAIN or name in ONE or name in LISTS or name in MAPS or name == "$ref"


def _step(name: str) -> str:
    """A name as a step of a reference."""
    return name.replace("~", "~0").replace("/", "~1")


class _TooLongError(Exception):
    """A check takes too long."""


class _Meter:
    """What one check may still cost.

    Args:
        size: Characters that the message of an error may quote.
    """

    def __init__(self, size: int) -> None:
        self._left, self._error = STEPS, 1 + size // 1000

    def step(self, value: Any, instance: Any, keyword: str) -> None:
        """One keyword is looked at."""
        listed = len(cast(Any, value)) if isinstance(value, list | dict) else 0
        if keyword == "uniqueItems" and isinstance(instance, list):
            listed = len(cast(list[Any], instance)) ** 2 // 8
        self._spend(1 + listed)

    def error(self) -> None:
        """One error is told."""
        self._spend(self._error)

    def _spend(self, steps: int) -> None:
        self._left -= steps
        if self._left < 0:
            raise _TooLongError


_meter: ContextVar[_Meter] = ContextVar("_meter")
Keyword = Callable[[Any, Any, Any, Any], Iterable[Any] | None]


@cache
def _metered() -> Any:
    """The validator of the dialect, which stops when its meter has run out."""
    from jsonschema import Draft202012Validator
    from jsonschema.validators import extend  # pyright: ignore[reportUnknownVariableType]

    known = cast(Mapping[str, Keyword], cast(Any, Draft202012Validator).VALIDATORS)
    kept = {name: _counted(name, check) for name, check in known.items() if _known(name)}
    left_out = dict.fromkeys(known.keys() - kept.keys(), _nothing)
    return cast(Any, extend)(Draft202012Validator, validators={**left_out, **kept})


def _counted(name: str, check: Keyword) -> Keyword:
    def counted(validator: Any, value: Any, instance: Any, schema: Any) -> Iterator[Any]:
        meter = _meter.get()
        meter.step(value, instance, name)
        for error in check(validator, value, instance, schema) or ():
            meter.error()
            yield error

    return counted


def _nothing(validator: Any, value: Any, instance: Any, schema: Any) -> None:
    """A keyword that is not looked at."""
