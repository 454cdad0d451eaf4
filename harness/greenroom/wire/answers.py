"""Reading what a server answers: nothing is believed to have a shape before it has been looked at."""

import base64
import binascii
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar, cast, get_args

from greenroom.errors import UsageError, WireError
from greenroom.fault import Fault, Kind
from greenroom.messages import Message, ToolCall, tool
from greenroom.sandbox import Brief, StepResult
from greenroom.schema import closed
from greenroom.tasks import Goal, Verdict
from greenroom.tools import MOST_ANSWER
from greenroom.wire import failures, fields
from greenroom.wire.protocol import PIECE, encode, short

T = TypeVar("T")
MOST = 1 << 53
LONG_TEXT = 64 << 10
MANY = 1024
MOST_WORKERS = 256
MOST_CONTENT = 2 * MOST_ANSWER
"""Characters of a call's result: a fault may change how an answer looks, and make it longer."""
BRIEF_BYTES = 4 << 20
FAULT_BYTES = 64 << 10
MOST_FAULTS = 16
"""Of one call."""
KINDS = frozenset(get_args(Kind))
CALL_KEYS = {"id", "type", "function"}


@dataclass
class Greeting:
    """What a server says of itself.

    Attributes:
        server: The name of this start of it.
        workers: Where its workers are.
        limits: How much it takes on.
        resumed: Whether the session went on.
    """

    server: str = ""
    workers: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    limits: dict[str, Any] = field(default_factory=dict[str, Any])
    resumed: bool = False


@dataclass(frozen=True)
class Started:
    """A fork: its name, the id of its world, its agent's token."""

    episode: str
    state: str
    token: str


@dataclass(frozen=True)
class Piece:
    """A part of a snapshot's file, and what the whole is."""

    size: int
    content: str
    data: bytes


def read(where: object, op: str, reader: Callable[[Any], T], told: Any) -> T:
    """What a server answered to an operation.

    Args:
        where: The server, as messages name it.
        op: The operation.
        reader: Reads such an answer.
        told: The answer.

    Raises:
        WireError: It has another shape.
    """
    try:
        return reader(told)
    except (UsageError, ValueError, RecursionError) as error:
        raise WireError(f"{where} gave an answer to '{op}' that is none: {error}") from error


def greeting(told: Any) -> Greeting:
    """The answer to a hello."""
    found = _object(told)
    workers = [_object(worker) for worker in fields.items(found, "workers", MOST_WORKERS)]
    for worker in workers:
        fields.text(worker, "control")
        if "control_port" in worker:
            fields.number(worker, "control_port", 1, 65_535)
    limits = _object(found.get("limits"))
    if "message_bytes" in limits:
        fields.number(limits, "message_bytes", 1, MOST)
    if type(found.get("resumed")) is not bool:
        raise UsageError(f"'resumed' must be true or false, not {short(found.get('resumed'))}")
    return Greeting(fields.text(found, "server"), workers, limits, found["resumed"])


def names(told: Any) -> list[str]:
    """The answer to `families`."""
    return [text(name) for name in fields.items({"names": told}, "names", MANY)]


def schemas(told: Any) -> list[dict[str, Any]]:
    """The answer to `tools`."""
    found = [_object(schema) for schema in fields.items({"tools": told}, "tools", MANY)]
    for schema in found:
        function = _object(schema.get("function"))
        fields.text(function, "name")
        closed(function.get("parameters", {}))
    return found


def text(told: Any) -> str:
    """An answer that is a text: the answer to `snapshot` and `content`."""
    return fields.text({"answer": told}, "answer")


def brief(told: Any) -> Brief:
    """The answer to `prepare`."""
    found = _object(told)
    _sized("a brief", found, BRIEF_BYTES)
    slips = fields.items(found, "slips", MANY)
    return Brief(
        task=fields.text(found, "task"),
        snapshot=fields.text(found, "snapshot"),
        goal=Goal.from_json(_object(found.get("goal"))).to_json(),
        tools=schemas(found.get("tools")),
        policy=fields.text(found, "policy", BRIEF_BYTES),
        max_steps=fields.number(found, "max_steps", 1, MOST),
        solution=_turns(found.get("solution")),
        slips=[_turns(slip) for slip in slips],
        excess=_call(found.get("excess")),
        level=fields.number(found, "level", 0, MOST),
    )


def _turns(told: Any) -> list[Message]:
    """Assistant messages: the agent's own, for they are what it learns from."""
    found = fields.messages({"messages": told})
    for message in found:
        if message["role"] != "assistant" or not set(message) <= {"role", "content", "tool_calls"}:
            raise UsageError(f"a turn is {{role: assistant, content, tool_calls}}, not {short(message)}")
        if "tool_calls" in message:
            fields.items(message, "tool_calls", MANY)
            for call in message["tool_calls"]:
                _call(call)
    return found


def _call(told: Any) -> ToolCall:
    (call,) = fields.calls({"calls": [told]}, 1)
    if set(call) != CALL_KEYS or call["type"] != "function" or set(call["function"]) != {"name", "arguments"}:
        raise UsageError(f"a call is {{id, type: function, function: {{name, arguments}}}}, not {short(call)}")
    return call


def started(n: int) -> Callable[[Any], list[Started]]:
    """Reads the answer to an `open` of n forks."""

    def reader(told: Any) -> list[Started]:
        forks = [_object(fork) for fork in fields.items({"opened": told}, "opened", n)]
        found = [Started(*(fields.text(fork, name) for name in ("episode", "state", "token"))) for fork in forks]
        if len({fork.episode for fork in found}) != n:
            raise UsageError(f"{n} forks were asked for, not {short([fork.episode for fork in found])}")
        return found

    return reader


def each(n: int) -> Callable[[Any], list[Any]]:
    """Reads the answer to a message of n steps, each of which is looked at by itself."""

    def reader(told: Any) -> list[Any]:
        found = fields.items({"results": told}, "results", n)
        if len(found) != n:
            raise UsageError(f"{n} steps were asked for, and {len(found)} were answered")
        if n and later(found[0]):  # Else there would be no end.
            raise UsageError("the first step of a message is not left for later")
        return found

    return reader


def later(told: Any) -> bool:
    """Whether a step was not run, since the answers before it are large: it is to be asked for again."""
    return told == {"later": True}


def step(calls: Sequence[ToolCall]) -> Callable[[Any], StepResult]:
    """Reads the answer to a step of these calls; raises the error that it may be.

    Its messages come into the conversation that a model reads and learns from: they are the results of the calls, in
    their order, and nothing else.
    """

    def reader(told: Any) -> StepResult:
        found = _object(told)
        if "error" in found:
            raise failures.from_wire(found["error"])
        messages = fields.items(found, "messages", len(calls))
        if len(messages) != len(calls):
            raise UsageError(f"{len(calls)} calls were made, and {len(messages)} were answered")
        return StepResult(
            messages=[_result(call["id"], message) for call, message in zip(calls, messages, strict=True)],
            now=fields.text(found, "now"),
            refused=fields.number(found, "refused", 0, len(calls)),
            faults=[_fault(_object(fault)) for fault in fields.items(found, "faults", MOST_FAULTS * len(calls))],
        )

    return reader


def _result(call_id: str, told: Any) -> Message:
    found = _object(told)
    if found.keys() != {"role", "content", "tool_call_id"} or found["role"] != "tool":
        raise UsageError(f"a result is {{role: tool, content, tool_call_id}}, not {short(found)}")
    if found["tool_call_id"] != call_id:
        raise UsageError(f"a result is of call {short(found['tool_call_id'])}, and {short(call_id)} was made")
    return tool(call_id, fields.text(found, "content", MOST_CONTENT))


def verdict(told: Any) -> Verdict:
    """The answer to `verify`."""
    found = _object(told)
    findings = [fields.text({"finding": one}, "finding", LONG_TEXT) for one in fields.items(found, "findings", MANY)]
    return Verdict(score=cast(float, found.get("score")), findings=tuple(findings))


def piece(told: Any) -> Piece:
    """The answer to `download`."""
    found = _object(told)
    size, content = fields.number(found, "size", 1, MOST), fields.text(found, "content")
    try:
        data = base64.b64decode(fields.text(found, "data", 2 * PIECE), validate=True)
    except binascii.Error as error:
        raise UsageError(f"'data' must be base64: {error}") from None
    if not data:
        raise UsageError("'data' is empty, and so there would be no end")
    return Piece(size, content, data)


def taken(offset: int, size: int) -> Callable[[Any], tuple[int, bool]]:
    """Reads the answer to an `upload` of a piece: how much is there, and whether that is all."""

    def reader(told: Any) -> tuple[int, bool]:
        found = _object(told)
        if type(found.get("done")) is not bool:
            raise UsageError(f"'done' must be true or false, not {short(found.get('done'))}")
        # What does not get on would be sent for ever.
        return fields.number(found, "have", offset + 1, size), found["done"]

    return reader


def _fault(told: Mapping[str, Any]) -> Fault:
    kind, call, detail = (
        fields.text(told, "kind"),
        fields.number(told, "call", 0, MOST),
        _object(told.get("detail", {})),
    )
    if kind not in KINDS:
        raise UsageError(f"a fault is one of {', '.join(sorted(KINDS))}, not {short(kind)}")
    _sized("what a fault did", detail, FAULT_BYTES)
    return Fault(cast(Any, kind), fields.text(told, "tool"), call, detail)


def _sized(what: str, told: Any, most: int) -> None:
    if (size := len(encode(told))) > most:
        raise UsageError(f"{what} has {size} characters; {most} is the most")


def _object(told: Any) -> dict[str, Any]:
    if type(told) is not dict:
        raise UsageError(f"it must be an object, not {short(told)}")
    return cast(dict[str, Any], told)
