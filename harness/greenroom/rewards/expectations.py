"""Verifiers by expectation: wanted changes present, no others, promised facts said.

Reads never count: only net changes of rows and what the agent told the user are looked at.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, cast

from greenroom.tasks import Evidence, Verdict
from greenroom.worlds import Change

Values = Mapping[str, Any]
LONGEST = 60
"""Characters of a value in a finding, at most."""


@dataclass(frozen=True)
class Wanted:
    """One change that must be there.

    Attributes:
        op: What happens to the row.
        table: Its table.
        key: Its primary key, or None for any row.
        values: Column values afterwards (before, for a deletion): plain, or a predicate of the value.
    """

    op: Literal["insert", "update", "delete"]
    table: str
    key: tuple[Any, ...] | None = None
    values: Values = field(default_factory=dict[str, Any])

    def matches(self, change: Change) -> bool:
        """Whether a change is this one. An update must touch exactly the columns named."""
        if (change.op, change.table) != (self.op, self.table):
            return False
        if self.key is not None and tuple(change.key) != self.key:
            return False
        row = (change.before if self.op == "delete" else change.after) or {}
        if self.op == "update" and changed_columns(change) != set(self.values):
            return False
        return all(column in row and _fits(row[column], value) for column, value in self.values.items())

    def __str__(self) -> str:
        shown = [f"{k} as asked" if callable(v) else f"{k} {_short(v)}" for k, v in self.values.items()]
        return _said_of(self.op, self.table, self.key, shown)


def inserted(table: str, values: Values) -> Wanted:
    """A new row; columns not named are free."""
    return Wanted("insert", table, None, values)


def updated(table: str, *, key: Any, values: Values) -> Wanted:
    """A changed row: exactly these columns, to these values."""
    return Wanted("update", table, _key(key), values)


def deleted(table: str, *, key: Any) -> Wanted:
    """A row that is gone."""
    return Wanted("delete", table, _key(key))


@dataclass(frozen=True, kw_only=True)
class Expectation:
    """A verifier: 1 when every wanted change is there, no other is, and every fact was said; else 0.

    Attributes:
        wanted: Changes that must be there.
        said: Texts that the agent must have told the user, as whole words, letter case ignored.
        unsaid: Texts that it must not have told (so that listing every candidate wins nothing).
    """

    wanted: Sequence[Wanted] = ()
    said: Sequence[str] = ()
    unsaid: Sequence[str] = ()

    def __call__(self, evidence: Evidence) -> Verdict:
        """Score an episode; the findings name each miss."""
        findings = self.findings(evidence.changes, evidence.said)
        return Verdict(score=0.0 if findings else 1.0, findings=tuple(findings))

    def findings(self, changes: Sequence[Change], said: Sequence[str]) -> list[str]:
        """What is missing, unwanted, not said or wrongly said; empty when all is right."""
        left = list(changes)
        findings: list[str] = []
        for wanted in self.wanted:
            match = next((change for change in left if wanted.matches(change)), None)
            if match is None:
                findings.append(f"missing: {wanted}")
            else:
                left.remove(match)
        findings += [f"unwanted: {described(change)}" for change in left]
        findings += [f"not said: {text}" for text in self.said if not _told(text, said)]
        findings += [f"wrongly said: {text}" for text in self.unsaid if _told(text, said)]
        return findings


def expect(
    wanted: Sequence[Wanted] = (), said: Sequence[str] = (), unsaid: Sequence[str] = ()
) -> Callable[[Evidence], Verdict]:
    """A verifier by expectation.

    Raises:
        ValueError: Nothing is expected: an agent that does nothing would win.
    """
    if not wanted and not said:
        raise ValueError("expect() needs a wanted change or a text to be said: doing nothing must not win")
    return Expectation(wanted=tuple(wanted), said=tuple(said), unsaid=tuple(unsaid))


def described(change: Change) -> str:
    """A change as people read it: `mail_message 201 changed: folder 'inbox' → 'trash'`."""
    before, after = change.before or {}, change.after or {}
    if change.op == "update":
        columns = [f"{c} {_short(before.get(c))} → {_short(after.get(c))}" for c in sorted(changed_columns(change))]
    else:
        columns = [f"{c} {_short(v)}" for c, v in (after or before).items() if v not in (None, "")]
    return _said_of(change.op, change.table, tuple(change.key), columns)


def _said_of(op: str, table: str, key: tuple[Any, ...] | None, columns: Sequence[str]) -> str:
    row = f"{table} {', '.join(map(str, key))}" if key else f"{'a new' if op == 'insert' else 'a'} {table}"
    verb = {"insert": "added" if key else "", "update": "changed", "delete": "deleted"}[op]
    head = f"{row} {verb}".rstrip()
    return f"{head}: {', '.join(columns)}" if columns else head


def _short(value: Any) -> str:
    text = {True: "yes", False: "no", None: "none"}.get(value) if value is None or isinstance(value, bool) else None
    text = text or (repr(value) if isinstance(value, str) else str(value))
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"


def changed_columns(change: Change) -> set[str]:
    """The columns whose value an update changed; all of a row's for other changes."""
    before, after = change.before or {}, change.after or {}
    return {column for column in {**before, **after} if before.get(column) != after.get(column)}


def without_incidental(changes: Sequence[Change], incidental: Mapping[str, set[str]]) -> list[Change]:
    """Leave out updates of nothing but incidental columns, and incidental columns of other updates."""
    kept: list[Change] = []
    for change in changes:
        ignored = incidental.get(change.table, set())
        if change.op != "update" or not ignored:
            kept.append(change)
        elif changed_columns(change) - ignored:
            kept.append(
                Change(
                    actor=change.actor,
                    op=change.op,
                    table=change.table,
                    key=change.key,
                    before={k: v for k, v in (change.before or {}).items() if k not in ignored},
                    after={k: v for k, v in (change.after or {}).items() if k not in ignored},
                )
            )
    return kept


def _key(key: Any) -> tuple[Any, ...]:
    return cast(tuple[Any, ...], key) if isinstance(key, tuple) else (key,)


def _fits(actual: Any, expected: Any) -> bool:
    return bool(expected(actual)) if callable(expected) else actual == expected


def mentions(text: str, value: str) -> bool:
    """Whether a text holds a value as whole words, letter case ignored.

    A number is not held by a longer one: 10 is neither in 10,000 nor in 10.5, but in 10.00 it is.
    """
    before = r"(?<!\d[.,])" if value[:1].isdigit() else ""
    after = r"(?!,\d{3}|\.\d*[1-9])" if value[-1:].isdigit() else ""
    return re.search(rf"(?<!\w){before}{re.escape(value)}(?!\w){after}", text, re.IGNORECASE) is not None


def _told(text: str, said: Sequence[str]) -> bool:
    return any(mentions(line, text) for line in said)
