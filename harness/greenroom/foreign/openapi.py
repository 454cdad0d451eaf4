"""Tools from an OpenAPI description: what an agent sees of an operation, and the request that a call becomes."""

import json
import re
from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from typing import Any, cast
from urllib.parse import quote, urlencode

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from greenroom.errors import Refusal, UnknownNameError, UsageError
from greenroom.schema import Checker, Schema

METHODS = ("get", "post", "put", "patch", "delete")
DEEPEST = 12
MOST = 200_000
"""Values in all operations together, once references are put in place."""
EACH = 20
"""What an operation counts for by itself."""


@dataclass(frozen=True)
class Request:
    """A request to make."""

    method: str
    path: str
    body: Any = None


@dataclass(frozen=True)
class Operation:
    """One operation.

    Attributes:
        id: Its operationId, or one made of method and path.
        method: The HTTP method.
        path: With `{name}` for parameters.
        description: For the agent.
        places: Where each argument goes: `path`, `query`, `body` (a property of it) or `whole` (all of it).
        properties: The schema of each argument.
        required: The arguments that must be given.
        fixed: Parameters with a value that the agent does not choose.
    """

    id: str
    method: str
    path: str
    description: str
    places: Mapping[str, str]
    properties: Mapping[str, Schema]
    required: Sequence[str]
    fixed: Mapping[str, Any]

    def tool(self, app: str) -> dict[str, Any]:
        """The operation in the shape of OpenAI's `tools` parameter."""
        function = {"name": self.name(app), "description": self.description, "parameters": self.parameters}
        return {"type": "function", "function": function}

    def name(self, app: str) -> str:
        """The tool's name: `app_operation_id`."""
        return f"{app}_{snake(self.id)}"

    @cached_property
    def parameters(self) -> Schema:
        """The schema of its arguments."""
        return {
            "type": "object",
            "properties": dict(self.properties),
            "required": list(self.required),
            "additionalProperties": False,
        }

    def request(self, text: str) -> Request:
        """What a call of the agent becomes.

        Raises:
            Refusal: Its arguments are no JSON object, or do not fit the schema.
        """
        arguments = {**self._checked(text), **self.fixed}
        path, query, body = self.path, dict[str, Any](), dict[str, Any]()
        whole: Any = None
        for name, value in arguments.items():
            place = self.places.get(name)
            if place == "path":
                path = path.replace(f"{{{name}}}", self._step(name, str(value)))
            elif place == "query":
                query[name] = str(value).lower() if isinstance(value, bool) else value
            elif place == "body":
                body[name] = value
            elif place == "whole":
                whole = value
        asked = f"{path}?{urlencode(query, doseq=True)}" if query else path
        has_body = "body" in self.places.values()
        return Request(self.method.upper(), asked, body if has_body else whole)

    def _step(self, name: str, value: str) -> str:
        """One step of a path; those that would leave it are no values."""
        if value in ("", ".", ".."):
            raise Refusal("bad_arguments", f"{self.id}: '{name}': {value!r} cannot be part of a path")
        return quote(value, safe="")

    def _checked(self, text: str) -> dict[str, Any]:
        try:
            values: Any = json.loads(text) if text.strip() else {}
            json.dumps(values, ensure_ascii=False).encode()
        except (ValueError, RecursionError) as error:
            raise Refusal("bad_arguments", f"{self.id}: the arguments are no JSON: {error}") from None
        problem = self.checker.problem(values)
        if problem is not None:
            accepted = ", ".join(self.properties) or "no arguments"
            where, why = problem[0] or "arguments", problem[1]
            raise Refusal("bad_arguments", f"{self.id}: '{where}': {why}; accepted: {accepted}")
        return cast(dict[str, Any], values)

    @cached_property
    def checker(self) -> Checker:
        """Checks its arguments.

        Raises:
            UsageError: A schema is none, or leads out of the description.
        """
        return Checker(self.parameters)


def operations(document: Any, include: Sequence[str], fixed: Mapping[str, Any]) -> dict[str, Operation]:
    """The operations of a description, by id, in its order.

    Args:
        document: The description.
        include: Only these; all when empty.
        fixed: Parameters whose value the agent does not choose.

    Raises:
        UsageError: It is no OpenAPI description, or one too large; says where.
        UnknownNameError: An operation that is asked for is not in it.
    """
    if not isinstance(document, dict) or "paths" not in document:
        raise UsageError("this is no OpenAPI description: it has no 'paths'")
    known = cast(dict[str, Any], document)
    with _reading("the description"):
        json.dumps(known, ensure_ascii=False).encode()
        found = {told.id: told for told in _all(known)}
    for name in include:
        if name not in found:
            raise UnknownNameError("operation", name, found)
    references = _References(known)
    return {name: _operation(references, found[name], fixed) for name in (include or found)}


@contextmanager
def _reading(what: str) -> Generator[None]:
    """Whatever has another shape than it should becomes an error that says where.

    Raises:
        UsageError: It has another shape.
    """
    try:
        yield
    except ValidationError as error:
        problems = [f"{'.'.join(map(str, p['loc']))}: {p['msg']}" for p in error.errors(include_input=False)]
        raise UsageError(f"{what} cannot be read: {'; '.join(problems)[:500]}") from None
    except UsageError as error:
        raise UsageError(f"{what}: {error}") from None
    except RecursionError:
        raise UsageError(f"{what} cannot be read: it is too deep") from None
    except (AttributeError, LookupError, TypeError, ValueError) as error:
        raise UsageError(f"{what} cannot be read: {error!r:.500}") from None


def snake(name: str) -> str:
    """`createBill` as `create_bill`."""
    text = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name)
    return re.sub(r"[^A-Za-z0-9]+", "_", text).strip("_").lower()


class _Parameter(BaseModel):
    """A parameter, as far as it is read."""

    name: str
    place: str = Field(alias="in")
    required: bool = False
    described: Schema = Field({}, alias="schema")
    description: str | None = None


class _Body(BaseModel):
    """An object in a body, as far as it is read."""

    properties: dict[str, Any]
    required: list[str] = []


class _Told(BaseModel):
    """What the description says of one operation, as far as it is read."""

    model_config = ConfigDict(frozen=True)

    method: str
    path: str = Field(pattern="^/")
    prefix: str
    shared: list[Any]
    operation: str | None = Field(None, alias="operationId")
    summary: str | None = None
    description: str | None = None
    parameters: list[Any] = []
    body: Any = Field(None, alias="requestBody")

    @property
    def id(self) -> str:
        """Its operationId, or one made of method and path."""
        return self.operation or snake(f"{self.method} {self.path}")


def _all(document: dict[str, Any]) -> Iterator[_Told]:
    servers: list[Any] = document.get("servers") or [{}]
    prefix = str(servers[0].get("url", "")).rstrip("/")
    prefix = "" if "://" in prefix else prefix
    for path, item in document["paths"].items():
        for method in METHODS:
            if method in item:
                with _reading(f"{method.upper()} {path}"):
                    own = {"method": method, "path": path, "prefix": prefix, "shared": item.get("parameters", [])}
                    yield _Told.model_validate({**item[method], **own})


def _operation(references: "_References", told: _Told, fixed: Mapping[str, Any]) -> Operation:
    places: dict[str, str] = {}
    properties: dict[str, Schema] = {}
    required: list[str] = []
    with _reading(f"{told.method.upper()} {told.path}"):
        references.count(EACH)
        for part in (*told.shared, *told.parameters):
            parameter = _Parameter.model_validate(references.resolved(part))
            if parameter.place in ("path", "query"):
                places[parameter.name] = parameter.place
                properties[parameter.name] = _described(parameter.described, parameter.description)
                required += [parameter.name] if parameter.required or parameter.place == "path" else []
        _add_body(references.resolved(told.body or {}), places, properties, required)
        shown = {name: schema for name, schema in properties.items() if name not in fixed}
        operation = Operation(
            id=told.id,
            method=told.method,
            path=f"{told.prefix}{told.path}",
            description="\n".join(text for text in (told.summary, told.description) if text),
            places=places,
            properties=shown,
            required=list(dict.fromkeys(name for name in required if name in shown)),
            fixed={name: value for name, value in fixed.items() if name in places},
        )
        _ = operation.checker  # Made here, so that a schema that is none is found before an agent meets it.
    return operation


def _add_body(body: Schema, places: dict[str, str], properties: dict[str, Schema], required: list[str]) -> None:
    """The properties of a JSON body become arguments; a body that is no object is one argument."""
    schema: Schema | None = body.get("content", {}).get("application/json", {}).get("schema")
    if schema is None:
        return
    if "properties" not in schema:
        places["body"], properties["body"] = "whole", schema
        required += ["body"] if body.get("required") else []
        return
    told = _Body.model_validate(schema)
    for name, one in told.properties.items():
        if name in places:
            raise UsageError(f"argument '{name}' is both a parameter and in the body: describe them apart")
        places[name], properties[name] = "body", one
    required += told.required


def _described(schema: Schema, description: str | None) -> Schema:
    return {**schema, "description": description} if description and "description" not in schema else schema


class _References:
    """Puts references in place, as long as that does not grow out of hand.

    Args:
        document: What is referred to.
    """

    def __init__(self, document: dict[str, Any]) -> None:
        self._document, self._left = document, MOST

    def count(self, values: int) -> None:
        """Take note of more values.

        Raises:
            UsageError: They are too many.
        """
        self._left -= values
        if self._left < 0:
            raise UsageError(f"with references put in place, more than {MOST} values: name fewer in 'include'")

    def resolved(self, part: Any, depth: int = 0) -> Any:
        """A part with all references put in place; one that refers to itself is anything at the end."""
        self.count(1)
        if isinstance(part, list):
            return [self.resolved(item, depth + 1) for item in cast(list[Any], part)]
        if not isinstance(part, dict):
            return part
        known = cast(dict[str, Any], part)
        if not isinstance(known.get("$ref"), str):
            return {name: self.resolved(item, depth + 1) for name, item in known.items() if not _old(name, item)}
        return {} if depth > DEEPEST else self.resolved(self._target(known["$ref"]), depth + 1)

    def _target(self, ref: str) -> Any:
        target: Any = self._document
        for step in ref.split("/")[1:]:
            try:
                target = target[step.replace("~1", "/").replace("~0", "~")]
            except (KeyError, TypeError):
                target = None
        if not ref.startswith("#/") or target is None:
            raise UsageError(f"the description refers to {ref[:200]!r}, which is not in it")
        return target


def _old(name: str, value: Any) -> bool:
    """OpenAPI 3.0 says yes or no where a number is due now; the application checks by it itself."""
    return name in ("exclusiveMinimum", "exclusiveMaximum") and isinstance(value, bool)
