"""A finding: one thing that was looked at."""

from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from typing import Any, Literal

Status = Literal["ok", "missing", "problem"]


@dataclass(frozen=True, kw_only=True)
class Finding:
    """What was found out about one thing.

    Attributes:
        name: What was looked at.
        status: `ok`; `missing`, where greenroom does without; `problem`, where something that is there does not work.
        found: What there is.
        needed: What for.
        todo: What to do about it; empty when nothing.
    """

    name: str
    status: Status
    found: str
    needed: str
    todo: str = ""

    def to_json(self) -> dict[str, Any]:
        """As plain data."""
        return asdict(self)


Check = Callable[[], Iterable[Finding]]


def examine(checks: Iterable[Check]) -> list[Finding]:
    """Run checks; one that fails is a finding too, and stops no other."""
    findings: list[Finding] = []
    for check in checks:
        try:
            findings += check()
        except Exception as error:  # Whatever is broken on this machine: that is what we are here for.
            what = f"{type(error).__name__}: {error}"
            name = check.__name__.replace("_", " ")
            findings.append(Finding(name=name, status="problem", found=what, needed="", todo="report this"))
    return findings
