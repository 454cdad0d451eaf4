"""Gymnasium spaces of messages: what an agent may send, and what it may see.

Sampling gives schema-valid tool calls, drawn by the space's own seeded generator.
"""

import json
import string
from collections.abc import Sequence
from typing import Any, cast

import numpy as np
from gymnasium import Space
from jsonschema.exceptions import SchemaError
from jsonschema.validators import Draft202012Validator

from greenroom.errors import UsageError
from greenroom.messages import Message, assistant, call, user

WORDS = ("please", "done", "yes", "no", "invoice", "trip", "Danielle", "432", "the", "from")
ROLES = ("system", "user", "assistant", "tool")


class MessageSpace(Space[Message]):
    """Assistant messages: a text for the user, or calls of the tools offered, with arguments that fit.

    Args:
        tools: OpenAI tool schemas; without any, a sample is always text.
        seed: Seeds `sample`.
        text_rate: How often a sample is text rather than a tool call.
    """

    def __init__(self, tools: Sequence[dict[str, Any]] = (), seed: int | None = None, text_rate: float = 0.1) -> None:
        self._text_rate = text_rate
        self.offer(tools)
        super().__init__(shape=None, dtype=None, seed=seed)

    def offer(self, tools: Sequence[dict[str, Any]]) -> None:
        """Change the tools on offer; the generator that samples goes on."""
        self.tools = list(tools)
        self._by_name = {t["function"]["name"]: t for t in self.tools}
        # Made when first asked for: checking twenty schemas takes as long as an episode.
        self._validators: dict[str, Draft202012Validator] = {}

    @property
    def is_np_flattenable(self) -> bool:
        """Messages are no vectors."""
        return False

    def sample(self, mask: None = None, probability: None = None) -> Message:
        """A random message: mostly one schema-valid tool call, sometimes a text."""
        random = self.np_random
        if not self.tools or random.random() < self._text_rate:
            return assistant(" ".join(random.choice(WORDS, size=int(random.integers(1, 6)))))
        tool = self.tools[int(random.integers(len(self.tools)))]["function"]
        schema = tool["parameters"]
        return assistant(None, call(tool["name"], **sample_value(schema, random, schema.get("$defs", {}))))

    def contains(self, x: Any) -> bool:
        """Whether it is an assistant message whose calls name offered tools with arguments that fit."""
        if not _is_message(x) or x["role"] != "assistant":
            return False
        return all(self._fits(c) for c in x.get("tool_calls", []))

    def _fits(self, tool_call: dict[str, Any]) -> bool:
        try:
            function = tool_call["function"]
            validator = self._validator(function["name"])
            return bool(cast(Any, validator).is_valid(json.loads(function["arguments"])))
        except (KeyError, TypeError, ValueError):
            return False

    def _validator(self, name: str) -> Draft202012Validator:
        if name not in self._validators:
            self._validators[name] = _validator(self._by_name[name])
        return self._validators[name]

    def __eq__(self, other: object) -> bool:
        return isinstance(other, MessageSpace) and self.tools == other.tools

    __hash__ = None  # pyright: ignore[reportAssignmentType]

    def __repr__(self) -> str:
        return f"MessageSpace({len(self.tools)} tools)"


class ConversationSpace(Space[tuple[Message, ...]]):
    """Observations: tuples of new messages."""

    def __init__(self, seed: int | None = None) -> None:
        super().__init__(shape=None, dtype=None, seed=seed)

    @property
    def is_np_flattenable(self) -> bool:
        """Messages are no vectors."""
        return False

    def sample(self, mask: None = None, probability: None = None) -> tuple[Message, ...]:
        """One to three user messages of random words."""
        random = self.np_random
        count = int(random.integers(1, 4))
        return tuple(user(" ".join(random.choice(WORDS, size=int(random.integers(1, 6))))) for _ in range(count))

    def contains(self, x: Any) -> bool:
        """Whether it is a tuple of chat messages."""
        return isinstance(x, tuple) and all(_is_message(m) for m in cast(tuple[Any, ...], x))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, ConversationSpace)

    __hash__ = None  # pyright: ignore[reportAssignmentType]

    def __repr__(self) -> str:
        return "ConversationSpace()"


def _is_message(x: Any) -> bool:
    return (
        isinstance(x, dict)
        and x.get("role") in ROLES  # pyright: ignore[reportUnknownMemberType]
        and isinstance(x.get("content", 0), str | None)  # pyright: ignore[reportUnknownMemberType, reportUnknownArgumentType]
    )


def _validator(tool: dict[str, Any]) -> Draft202012Validator:
    schema = tool["function"]["parameters"]
    try:
        Draft202012Validator.check_schema(schema)
    except SchemaError as error:
        raise UsageError(f"tool '{tool['function']['name']}' has a bad schema: {error.message}") from None
    return Draft202012Validator(schema)


def sample_value(schema: dict[str, Any], random: np.random.Generator, defs: dict[str, Any]) -> Any:
    """A random value that fits a JSON schema of the kind that pydantic writes for tool arguments.

    Raises:
        UsageError: The schema uses a type that cannot be sampled.
    """
    if "$ref" in schema:
        return sample_value(defs[schema["$ref"].rsplit("/", 1)[-1]], random, defs)
    for union in ("anyOf", "oneOf"):
        if union in schema:
            return sample_value(schema[union][int(random.integers(len(schema[union])))], random, defs)
    if "const" in schema:
        return schema["const"]
    if "enum" in schema:
        return schema["enum"][int(random.integers(len(schema["enum"])))]
    kind = schema.get("type", "string")
    sampler = _SAMPLERS.get(kind) if isinstance(kind, str) else None
    if sampler is None:
        raise UsageError(f"cannot sample a value of type '{kind}'; there is: {', '.join(_SAMPLERS)}")
    return sampler(schema, random, defs)


def _object(schema: dict[str, Any], random: np.random.Generator, defs: dict[str, Any]) -> dict[str, Any]:
    required = set(schema.get("required", ()))
    return {
        name: sample_value(field, random, defs)
        for name, field in schema.get("properties", {}).items()
        if name in required or random.random() < 0.5
    }


def _array(schema: dict[str, Any], random: np.random.Generator, defs: dict[str, Any]) -> list[Any]:
    least = int(schema.get("minItems", 0))
    most = int(schema.get("maxItems", least + 3))
    count = int(random.integers(least, most + 1))
    return [sample_value(schema.get("items", {}), random, defs) for _ in range(count)]


def _string(schema: dict[str, Any], random: np.random.Generator, defs: dict[str, Any]) -> str:
    formats = {"date-time": "2026-03-14T10:30:00Z", "date": "2026-03-14", "time": "10:30:00Z"}
    if schema.get("format") in formats:
        return formats[schema["format"]]
    text = " ".join(random.choice(WORDS, size=int(random.integers(1, 4))))
    least, most = int(schema.get("minLength", 0)), schema.get("maxLength")
    letters = random.choice(list(string.ascii_lowercase), size=max(0, least - len(text)))
    return (text + "".join(letters))[:most]


def _integer(schema: dict[str, Any], random: np.random.Generator, defs: dict[str, Any]) -> int:
    least = int(schema.get("minimum", schema.get("exclusiveMinimum", -1) + 1))
    most = int(schema.get("maximum", schema.get("exclusiveMaximum", least + 100) - 1))
    return int(random.integers(least, most + 1))


def _number(schema: dict[str, Any], random: np.random.Generator, defs: dict[str, Any]) -> float:
    return float(_integer(schema, random, defs))


def _boolean(schema: dict[str, Any], random: np.random.Generator, defs: dict[str, Any]) -> bool:
    return bool(random.random() < 0.5)


def _null(schema: dict[str, Any], random: np.random.Generator, defs: dict[str, Any]) -> None:
    return None


_SAMPLERS = {
    "object": _object,
    "array": _array,
    "string": _string,
    "integer": _integer,
    "number": _number,
    "boolean": _boolean,
    "null": _null,
}
