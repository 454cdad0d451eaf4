"""The protocol: JSON text messages over one WebSocket that many episodes share. See `docs/wire.md`.

A client says `hello` and gets a greeting. Then each message is a request `{id, op, ...}`, and each is answered by
`{id, ok}` or `{id, error}`, in any order. Ids are numbers that grow within a session: a repeated one gets its first
answer again, and runs nothing twice.
"""

import json
from dataclasses import asdict, dataclass, fields
from typing import Any, cast

import orjson

from greenroom.errors import UsageError

VERSION = 1
PATH = "/v1/ws"
ANSWER_BYTES = 16 << 20
"""Of one answer: a client takes no more, and a server sends none that is larger."""

MOST_PARTS = 1 << 19
"""Lists and objects of one answer: each is small as text, and twenty times as large in memory."""
PIECE = 1 << 20
"""Bytes of one piece of a snapshot's file, before they are written as base64."""


@dataclass(frozen=True, kw_only=True)
class WorldSpec:
    """Which worlds a session is about; a server keeps one sandbox for each that is asked for.

    Attributes:
        size: How much data they hold.
        seed: What their bases are populated with.
        faults: The profile of what goes wrong, by name.
        fault_seed: What goes wrong follows from it.
        all_tools: Offer all of the app's tools, not only the task's.
    """

    size: str = "small"
    seed: int = 0
    faults: str = "none"
    fault_seed: int = 0
    all_tools: bool = False

    def to_json(self) -> dict[str, Any]:
        """As plain data."""
        return asdict(self)

    @classmethod
    def from_json(cls, data: Any) -> "WorldSpec":
        """The spec that `to_json` wrote; what is left out has its default.

        Raises:
            UsageError: Unknown keys, or values of another type.
        """
        if not isinstance(data, dict):
            raise UsageError(f"a world is an object such as {cls().to_json()}, not {short(data)}")
        given = cast(dict[str, Any], data)
        kinds: dict[str, type[Any]] = {field.name: type(field.default) for field in fields(cls)}
        for name, value in given.items():
            if name not in kinds:
                raise UsageError(f"a world has no {short(name)}; it has: {', '.join(kinds)}")
            if type(value) is not kinds[name]:
                raise UsageError(f"the world's {name} is of type {kinds[name].__name__}, not {short(value)}")
        return cls(**given)


@dataclass(frozen=True, kw_only=True)
class Limits:
    """How much one worker takes on. The greeting tells them.

    Attributes:
        episodes: Episodes that run at once.
        snapshots: Snapshots that are kept at once.
        sessions: Sessions that are kept at once.
        message_bytes: Of one message, or of a body of the control plane's REST.
        call_bytes: Of a body of the agent plane: 65,536 characters of arguments take twelve bytes each at most.
        control_bytes: Of all messages and bodies of the control plane that are under way: begun, and not answered yet.
        agent_bytes: Of all bodies of the agent plane that are under way.
        episode_bytes: Of those of one episode.
        episode_requests: Requests of one episode's agent that are under way.
        snapshot_bytes: Of one uploaded snapshot.
        uploads: Uploads that are under way at once.
        steps: Episodes that one message may step, or forks that it may open.
        calls: Tool calls of one assistant message.
        idle_seconds: An episode that nobody names for so long is closed; a session without a connection ends.
        head_seconds: Within so long a connection says what it wants: the head of a request, or the WebSocket's hello.
            Within as long again, the body is whole. Within as long, some of an answer that waits is read.
        replays: Answers that are kept for each session, for requests that are repeated.
        replay_bytes: Of those answers together.
    """

    episodes: int = 4096
    snapshots: int = 16384
    sessions: int = 1024
    message_bytes: int = 8 << 20
    call_bytes: int = 1 << 20
    control_bytes: int = 256 << 20
    agent_bytes: int = 64 << 20
    episode_bytes: int = 4 << 20
    episode_requests: int = 64
    snapshot_bytes: int = 2 << 30
    uploads: int = 4
    steps: int = 1024
    calls: int = 64
    idle_seconds: float = 1800.0
    head_seconds: float = 30.0
    replays: int = 1024
    replay_bytes: int = 64 << 20

    def to_json(self) -> dict[str, Any]:
        """As plain data."""
        return asdict(self)


def packed(message: Any) -> bytes:
    """A message as JSON, in UTF-8; dataclasses become objects."""
    try:
        return orjson.dumps(message)
    except TypeError:  # Lone surrogates, which models do write, are no UTF-8: they cross as escapes.
        text = json.dumps(message, default=vars, ensure_ascii=False, separators=(",", ":"))
        return text.encode(errors="backslashreplace")


def encode(message: Any) -> str:
    """A message as JSON text; dataclasses become objects."""
    return packed(message).decode()


def excess(answer: str | bytes) -> str | None:
    """How much an answer has of what is too much; None where nothing is. What a server says a client takes."""
    if len(answer) <= 2 * MOST_PARTS:
        return None
    data = answer if isinstance(answer, bytes) else answer.encode()
    if len(data) > ANSWER_BYTES:
        return f"{len(data)} bytes, and {ANSWER_BYTES} are the most"
    # Brackets within texts count too, for looking at which is which would cost more than it saves.
    if (parts := data.count(b"[") + data.count(b"{")) > MOST_PARTS:
        return f"{parts} lists and objects, and {MOST_PARTS} are the most"
    return None


def decode(text: str | bytes) -> dict[str, Any]:
    """A message from JSON text.

    Raises:
        UsageError: It is no JSON object, or nested too deeply.
    """
    try:
        found: Any = orjson.loads(text)
    except ValueError as error:
        found = _with_surrogates(text, error)
    if not isinstance(found, dict):
        raise UsageError(f"a message is a JSON object, not {short(found)}")
    return cast(dict[str, Any], found)


def _with_surrogates(text: str | bytes, error: ValueError) -> Any:
    escape = b"\\ud" if isinstance(text, bytes) else "\\ud"
    if escape in text.lower():  # pyright: ignore[reportOperatorIssue]
        try:
            return json.loads(text)
        except (ValueError, RecursionError):
            pass
    raise UsageError(f"the message is no JSON: {error}") from None


def short(value: Any) -> str:
    """A value as messages quote it: never long, never on more than one line."""
    try:
        text = repr(value)
    except RecursionError:
        text = f"a deeply nested {type(value).__name__}"
    return text if len(text) <= 80 else f"{text[:77]}..."
