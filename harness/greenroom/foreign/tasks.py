"""Tasks of a foreign application: a family's text with a case filled in, and what decides whether it succeeded."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

from greenroom.errors import AppError, UnknownNameError
from greenroom.foreign.filling import fill
from greenroom.foreign.openapi import Operation
from greenroom.foreign.probe import State
from greenroom.foreign.spec import Act, Call, ContainerApp, Family, RowWanted, Script, Verify
from greenroom.foreign.web import Answer
from greenroom.messages import Message, ToolCall, assistant, call
from greenroom.rewards.expectations import Expectation, Wanted
from greenroom.tasks import Goal

Ask = Callable[[str, str, Any], Answer]
Query = Callable[[str], list[dict[str, Any]]]


@dataclass(frozen=True, kw_only=True)
class ForeignTask:
    """One task, made.

    Attributes:
        family: Its family.
        values: What placeholders stand for.
        start: The state that it starts from.
    """

    family: Family
    values: Mapping[str, Any]
    start: State

    @property
    def goal(self) -> Goal:
        """What the user wants."""
        requests = tuple(str(text) for text in fill(list(self.family.requests), self.values))
        return Goal(intent=self.family.intent, requests=requests, needs=self.family.needs)

    @property
    def verify(self) -> Verify:
        """When it has succeeded."""
        return Verify.model_validate(fill(self.family.verify.model_dump(), self.values))

    def script(self, script: Script, operations: Mapping[str, Operation], app: str) -> list[Message]:
        """A script as an agent's messages: one message a call, then what is said."""
        acts = [self.act(act, operations, app, f"call_{number}") for number, act in enumerate(script.calls)]
        return [*(assistant(None, act) for act in acts), assistant(str(fill(script.say, self.values)))]

    def act(self, act: Act, operations: Mapping[str, Operation], app: str, number: str = "call_0") -> ToolCall:
        """One act as a tool call.

        Raises:
            UnknownNameError: There is no such operation.
        """
        if act.tool not in operations:
            raise UnknownNameError("operation", act.tool, operations)
        return call(operations[act.tool].name(app), number, **fill(act.arguments, self.values))


def prepare(calls: Sequence[Call], values: Mapping[str, Any], ask: Ask) -> dict[str, Any]:
    """Make the calls of a set-up, in order; returns the values with what they kept.

    Raises:
        AppError: The application refuses one.
    """
    known = dict(values)
    for one in calls:
        path = str(fill(one.path, known))
        answer = ask(one.method, path, fill(one.body, known))
        if not answer.ok:
            raise AppError(f"set-up: {one.method} {path} answers {answer.status}: {answer.text[:300]}")
        if one.keep:
            known[one.keep] = answer.body
    return known


def expectation(verify: Verify) -> Expectation:
    """The changes and facts that are wanted."""
    wanted = [
        *(Wanted("insert", row.table, _key(row), row.values) for row in verify.inserted),
        *(Wanted("update", row.table, _key(row), row.values) for row in verify.updated),
        *(Wanted("delete", row.table, _key(row), row.values) for row in verify.deleted),
    ]
    return Expectation(wanted=wanted, said=verify.said, unsaid=verify.unsaid)


def _key(row: RowWanted) -> tuple[Any, ...] | None:
    if row.key is None:
        return None
    key: Any = row.key
    return tuple(cast(list[Any], key)) if isinstance(key, list) else (key,)


def answers_wrong(verify: Verify, ask: Ask, query: Query) -> list[str]:
    """Findings of the checks by HTTP and SQL."""
    findings: list[str] = []
    for check in verify.http:
        answer = ask("GET", check.path, None)
        found = pointed(answer.body, check.at)
        if not answer.ok or found != check.equals:
            findings.append(f"GET {check.path} {check.at}: {found!r}, not {check.equals!r} ({answer.status})")
    for one in verify.sql:
        rows = [list(row.values()) for row in query(one.query)]
        if rows != one.equals:
            findings.append(f"{one.query}: {rows!r}, not {one.equals!r}")
    return findings


def pointed(body: Any, pointer: str) -> Any:
    """What a JSON pointer points at; None when there is nothing."""
    for step in pointer.split("/")[1:]:
        try:
            name = step.replace("~1", "/").replace("~0", "~")
            body = cast(list[Any], body)[int(name)] if isinstance(body, list) else cast(dict[str, Any], body)[name]
        except (KeyError, IndexError, TypeError, ValueError):
            return None
    return body


def offered(app: ContainerApp, family: Family, operations: Mapping[str, Operation]) -> list[Operation]:
    """The operations that a family offers.

    Raises:
        UnknownNameError: One is not there.
    """
    for name in family.tools:
        if name not in operations:
            raise UnknownNameError("operation", name, operations)
    chosen = [operations[name] for name in (family.tools or operations)]
    if len(chosen) > 20:
        raise AppError(f"family '{family.name}' of '{app.name}' offers {len(chosen)} tools; 20 is the most: name them")
    return chosen
