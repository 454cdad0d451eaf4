"""Tools from an OpenAPI description: what an agent sees of an operation, and the request that a call becomes."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, cast
from urllib.parse import quote, urlencode

from jsonschema import Draft202012Validator
from jsonschema.exceptions import best_match  # pyright: ignore[reportUnknownVariableType]

from greenroom.errors import Refusal, UnknownNameError, UsageError

METHODS = ("get", "post", "put", "patch", "delete")
DEEPEST = 12
Schema = dict[str, Any]


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
        problem = cast(Any, best_match)(self._validator.iter_errors(values))
        if problem is not None:
            where = ".".join(str(part) for part in problem.absolute_path) or "arguments"
            accepted = ", ".join(self.properties) or "no arguments"
            raise Refusal("bad_arguments", f"{self.id}: '{where}': {problem.message}; accepted: {accepted}")
        return cast(dict[str, Any], values)

    @cached_property
    def _validator(self) -> Any:
        return Draft202012Validator(self.parameters)


def operations(document: Any, include: Sequence[str], fixed: Mapping[str, Any]) -> dict[str, Operation]:
    """The operations of a description, by id, in its order.

    Args:
        document: The description.
        include: Only these; all when empty.
        fixed: Parameters whose value the agent does not choose.

    Raises:
        UsageError: It is no OpenAPI description.
        UnknownNameError: An operation that is asked for is not in it.
    """
    if not isinstance(document, dict) or "paths" not in document:
        raise UsageError("this is no OpenAPI description: it has no 'paths'")
    known = cast(dict[str, Any], document)
    found = {operation.id: operation for operation in _all(known, fixed)}
    for name in include:
        if name not in found:
            raise UnknownNameError("operation", name, found)
    return {name: found[name] for name in (include or found)}


def snake(name: str) -> str:
    """`createBill` as `create_bill`."""
    text = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name)
    return re.sub(r"[^A-Za-z0-9]+", "_", text).strip("_").lower()


def _all(document: dict[str, Any], fixed: Mapping[str, Any]) -> Iterator[Operation]:
    servers: list[Any] = document.get("servers") or [{}]
    prefix = str(servers[0].get("url", "")).rstrip("/")
    prefix = "" if "://" in prefix else prefix
    for path, item in document["paths"].items():
        for method in METHODS:
            if method in item:
                found = _operation(document, method, path, item, item[method], fixed)
                yield replace(found, path=f"{prefix}{path}")


def _operation(
    document: dict[str, Any], method: str, path: str, item: Schema, told: Schema, fixed: Mapping[str, Any]
) -> Operation:
    places: dict[str, str] = {}
    properties: dict[str, Schema] = {}
    required: list[str] = []
    for parameter in (_resolved(document, p) for p in [*item.get("parameters", []), *told.get("parameters", [])]):
        name, place = parameter["name"], parameter["in"]
        if place in ("path", "query"):
            places[name] = place
            properties[name] = _described(parameter.get("schema", {}), parameter.get("description"))
            required += [name] if parameter.get("required") or place == "path" else []
    _add_body(_resolved(document, told.get("requestBody") or {}), places, properties, required)
    shown = {name: schema for name, schema in properties.items() if name not in fixed}
    return Operation(
        id=told.get("operationId") or snake(f"{method} {path}"),
        method=method,
        path=path,
        description="\n".join(text for text in (told.get("summary"), told.get("description")) if text),
        places=places,
        properties=shown,
        required=list(dict.fromkeys(name for name in required if name in shown)),
        fixed={name: value for name, value in fixed.items() if name in places},
    )


def _add_body(body: Schema, places: dict[str, str], properties: dict[str, Schema], required: list[str]) -> None:
    """The properties of a JSON body become arguments; a body that is no object is one argument."""
    schema: Schema | None = body.get("content", {}).get("application/json", {}).get("schema")
    if schema is None:
        return
    if "properties" not in schema:
        places["body"], properties["body"] = "whole", schema
        required += ["body"] if body.get("required") else []
        return
    for name, one in schema["properties"].items():
        if name in places:
            raise UsageError(f"argument '{name}' is both a parameter and in the body: describe them apart")
        places[name], properties[name] = "body", one
    required += schema.get("required", [])


def _described(schema: Schema, description: str | None) -> Schema:
    return {**schema, "description": description} if description and "description" not in schema else schema


def _resolved(document: dict[str, Any], part: Any, depth: int = 0) -> Any:
    """A part with all references put in place; one that refers to itself is anything at the end."""
    if depth > DEEPEST:
        return {}
    if isinstance(part, list):
        return [_resolved(document, item, depth + 1) for item in cast(list[Any], part)]
    if not isinstance(part, dict):
        return part
    known = cast(dict[str, Any], part)
    if "$ref" not in known:
        return {name: _resolved(document, item, depth + 1) for name, item in known.items()}
    target: Any = document
    for step in str(known["$ref"]).removeprefix("#/").split("/"):
        try:
            target = target[step.replace("~1", "/").replace("~0", "~")]
        except (KeyError, TypeError):
            raise UsageError(f"the description refers to {known['$ref']!r}, which is not in it") from None
    return _resolved(document, target, depth + 1)
