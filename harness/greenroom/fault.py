"""The contract of faults: what one looks like in `info` and in the record. What draws them lives in `faults`."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

Kind = Literal[
    "latency",
    "server_error",
    "rate_limited",
    "timed_out",
    "duplicated",
    "stale_read",
    "outage",
    "schema_changed",
]


@dataclass(frozen=True)
class Fault:
    """One fault that a call met. Never shown to the agent.

    Attributes:
        kind: What it was.
        tool: Whose call.
        call: Its number: the k-th call of that tool in this episode, from 1.
        detail: What it did, as plain data.
    """

    kind: Kind
    tool: str
    call: int
    detail: Mapping[str, Any] = field(default_factory=dict[str, Any])

    def to_json(self) -> dict[str, Any]:
        """As plain data."""
        return asdict(self)
