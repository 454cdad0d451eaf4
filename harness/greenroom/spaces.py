"""Gymnasium spaces of messages: what an agent may send, and what it may see.

Sampling gives schema-valid tool calls, drawn by the space's own seeded generator.
"""

import json
import string
from collections.abc import Callable, Sequence
from typing import Any, cast

import numpy as np
from gymnasium import Space

from greenroom.errors import UsageError
from greenroom.messages import Message, ToolCall, assistant, call, user
from greenroom.schema import Checker, Schema, closed

WORDS = ("please", "done", "yes", "no", "invoice", "trip", "Danielle", "432", "the", "from")
ROLES = ("system", "user", "assistant", "tool")
LONGEST = 100_000
"""Letters and parts of one sample: whoever wrote the schema may ask for more than there is room for."""


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
        self._checkers: dict[str, Checker] = {}

    @property
    def is_np_flattenable(self) -> bool:
        """Messages are no vectors."""
        return False

    def sample(self, mask: None = None, probability: None = None) -> Message:
        """A random message: mostly one schema-valid tool call, sometimes a text.

        Raises:
            UsageError: No value can be drawn for the schema of the tool.
        """
        random = self.np_random
        if not self.tools or random.random() < self._text_rate:
            return assistant(" ".join(random.choice(WORDS, size=int(random.integers(1, 6)))))
        tool = self.tools[int(random.integers(len(self.tools)))]["function"]
        return assistant(None, _call(tool, random))

    def contains(self, x: Any) -> bool:
        """Whether it is an assistant message whose calls name offered tools with arguments that fit.

        Patterns of a schema are left to the app, which checks them itself.

        Raises:
            UsageError: The schema of a tool is none, or leads out of itself.
        """
        if not _is_message(x) or x["role"] != "assistant":
            return False
        return all(self._fits(c) for c in x.get("tool_calls", []))

    def _fits(self, tool_call: dict[str, Any]) -> bool:
        try:
            function = tool_call["function"]
            checker = self._checker(function["name"])
            return checker.fits(json.loads(function["arguments"]))
        except (KeyError, TypeError, ValueError, RecursionError):
            return False

    def _checker(self, name: str) -> Checker:
        if name not in self._checkers:
            self._checkers[name] = _checker(self._by_name[name])
        return self._checkers[name]

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


def _checker(tool: dict[str, Any]) -> Checker:
    try:
        return Checker(tool["function"]["parameters"])
    except UsageError as error:
        raise UsageError(f"tool '{tool['function']['name']}' has a bad schema: {error}") from None


def _call(tool: dict[str, Any], random: np.random.Generator) -> ToolCall:
    """A call with arguments that fit."""
    try:
        schema = closed(tool["parameters"])
        return call(tool["name"], **sample_value(schema, random, schema.get("$defs", {})))
    except UsageError as error:
        raise UsageError(f"tool '{tool['name']}': {error}") from None
    except (AttributeError, TypeError, KeyError) as error:
        raise UsageError(f"tool '{tool['name']}' takes no arguments by name: {error}") from None


def sample_value(schema: dict[str, Any], random: np.random.Generator, defs: dict[str, Any]) -> Any:
    """A random value that fits a JSON schema of the kind that pydantic writes for tool arguments.

    Raises:
        UsageError: The schema uses a type that cannot be sampled, or asks for what there is not.
    """
    try:
        return _Sampler(random, defs).value(schema)
    except RecursionError:
        raise UsageError("cannot sample a value that is within itself without end") from None
    except (LookupError, TypeError, ValueError, AttributeError, ArithmeticError) as error:
        raise UsageError(f"cannot sample a value of a schema that is none: {error!r}") from None


class _Sampler:
    """Draws one value.

    Args:
        random: The generator.
        defs: What the schema refers to, by name.
    """

    def __init__(self, random: np.random.Generator, defs: dict[str, Any]) -> None:
        self._random, self._defs, self._left = random, defs, LONGEST

    def value(self, schema: Any) -> Any:
        """A value of a schema."""
        self._take(1)
        if schema is True:
            schema = {}
        if "$ref" in schema:
            return self.value(self._defs[schema["$ref"].rsplit("/", 1)[-1]])
        for union in ("anyOf", "oneOf"):
            if union in schema:
                return self.value(schema[union][int(self._random.integers(len(schema[union])))])
        if "const" in schema:
            return self._taken(schema["const"])
        if "enum" in schema:
            return self._taken(schema["enum"][int(self._random.integers(len(schema["enum"])))])
        kind = schema.get("type", "string")
        sampler = _SAMPLERS.get(kind) if isinstance(kind, str) else None
        if sampler is None:
            raise UsageError(f"cannot sample a value of type '{kind}'; there is: {', '.join(_SAMPLERS)}")
        return sampler(self, schema)

    def _taken(self, value: Any) -> Any:
        self._take(len(str(value)))
        return value

    def _take(self, count: int) -> None:
        self._left -= count
        if self._left < 0:
            raise UsageError(f"cannot sample a value of more than {LONGEST} letters and parts")

    def object(self, schema: Schema) -> dict[str, Any]:
        """An object: what is required, and half of the rest."""
        required = set(schema.get("required", ()))
        return {
            name: self.value(field)
            for name, field in schema.get("properties", {}).items()
            if name in required or self._random.random() < 0.5
        }

    def array(self, schema: Schema) -> list[Any]:
        """A list, of three more than it needs at most."""
        least = int(schema.get("minItems", 0))
        most = int(schema.get("maxItems", least + 3))
        count = int(self._random.integers(least, most + 1))
        return [self.value(schema.get("items", {})) for _ in range(count)]

    def string(self, schema: Schema) -> str:
        """Some words, or a time."""
        formats = {"date-time": "2026-03-14T10:30:00Z", "date": "2026-03-14", "time": "10:30:00Z"}
        if schema.get("format") in formats:
            return formats[schema["format"]]
        text = " ".join(self._random.choice(WORDS, size=int(self._random.integers(1, 4))))
        least, most = int(schema.get("minLength", 0)), schema.get("maxLength")
        self._take(max(0, least))
        letters = self._random.choice(list(string.ascii_lowercase), size=max(0, least - len(text)))
        return (text + "".join(letters))[:most]

    def integer(self, schema: Schema) -> int:
        """A whole number."""
        least = int(schema.get("minimum", schema.get("exclusiveMinimum", -1) + 1))
        most = int(schema.get("maximum", schema.get("exclusiveMaximum", least + 100) - 1))
        return int(self._random.integers(least, most + 1))

    def number(self, schema: Schema) -> float:
        """A whole number too, as a float."""
        return float(self.integer(schema))

    def boolean(self, schema: Schema) -> bool:
        """Yes or no."""
        return bool(self._random.random() < 0.5)

    def null(self, schema: Schema) -> None:
        """Nothing."""


_SAMPLERS: dict[str, Callable[[_Sampler, Schema], Any]] = {
    "object": _Sampler.object,
    "array": _Sampler.array,
    "string": _Sampler.string,
    "integer": _Sampler.integer,
    "number": _Sampler.number,
    "boolean": _Sampler.boolean,
    "null": _Sampler.null,
}
