"""What a tau2 task asks for, proved: its golden actions played, the end they reach, and how an end is scored."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

from greenroom import Evidence, Refusal, Verdict
from greenroom import messages as m
from greenroom_envs.tau2.domain import SIDES, Domain, Side
from greenroom_envs.tau2.rows import Draft, Rows, WorldRows, Writes
from greenroom_envs.tau2.tools import ASK, Open, Toolbox

TRIED = 60
"""How many calls are tried at most to find one that spoils a solution."""


@dataclass(frozen=True)
class Act:
    """One golden action: a call of the agent's, or something that the user does."""

    side: Side
    name: str
    arguments: Mapping[str, Any]
    compared: tuple[str, ...] | None = None

    @classmethod
    def of(cls, action: Any) -> "Act":
        """The act of a tau2 action."""
        compared = None if action.compare_args is None else tuple(action.compare_args)
        return cls(action.requestor, action.name, action.arguments or {}, compared)

    def call(self, prefix: str) -> m.ToolCall:
        """The act as an agent calls it."""
        if self.side == "user":
            return m.call(f"{prefix}_{ASK}", action=self.name, arguments=dict(self.arguments))
        return m.call(f"{prefix}_{self.name}", **self.arguments)

    def matches(self, other: "Act") -> bool:
        """Whether another act is this one, as tau2 compares them."""
        if (self.side, self.name) != (other.side, other.name):
            return False
        compared = other.arguments.keys() if self.compared is None else self.compared
        return all(self.arguments.get(k) == other.arguments.get(k) for k in compared)


def acts_of(messages: Iterable[m.Message], prefix: str) -> Iterator[Act]:
    """The calls of a conversation."""
    for call in (call for message in messages for call in m.calls_of(message)):
        try:
            arguments: Any = json.loads(call["function"]["arguments"] or "{}")
        except ValueError:
            continue
        name = call["function"]["name"].removeprefix(f"{prefix}_")
        if not isinstance(arguments, dict):
            continue
        known = cast(dict[str, Any], arguments)
        if name == ASK:
            yield Act("user", str(known.get("action")), known.get("arguments") or {})
        else:
            yield Act("assistant", name, known)


@dataclass(frozen=True, kw_only=True)
class Scoring:
    """How an end is scored: every part that the task's `reward_basis` names must hold.

    Attributes:
        domain: The task's domain.
        basis: `DB`, `ENV_ASSERTION`, `COMMUNICATE`, `ACTION`.
        wanted: What the golden actions change, net.
        said: What the agent must have told the user.
        assertions: Of the task, on the last state.
        acts: The golden actions.
    """

    domain: Domain
    basis: frozenset[str]
    wanted: Writes
    said: tuple[str, ...]
    assertions: tuple[Any, ...]
    acts: tuple[Act, ...]

    def findings(self, rows: Rows, writes: Writes, texts: Sequence[str], acts: Sequence[Act]) -> list[str]:
        """What is wrong with an end.

        Args:
            rows: The last state.
            writes: What has changed since the start, net.
            texts: What the agent has written.
            acts: What it has called.
        """
        found: list[str] = []
        if "DB" in self.basis:
            found += self._differences(writes)
        if "ENV_ASSERTION" in self.basis:
            failed = [a for a in self.assertions if not self.domain.asserts(rows, a)]
            found += [f"not so: {a.func_name}({dict(a.arguments)}) is {a.assert_value}" for a in failed]
        if "COMMUNICATE" in self.basis:
            bare = [text.lower().replace(",", "") for text in texts]
            found += [f"not said: {info}" for info in self.said if not any(info.lower() in text for text in bare)]
        if "ACTION" in self.basis:
            missing = [a for a in self.acts if not any(a.matches(act) for act in acts)]
            found += [f"not called: {a.name}({dict(a.arguments)})" for a in missing]
        return found

    def _differences(self, writes: Writes) -> list[str]:
        memory = self.domain.memory_table
        places = sorted(place for place in self.wanted.keys() | writes.keys() if place[0] != memory)
        odd = [
            p for p in places if (p in self.wanted, _value(self.wanted.get(p))) != (p in writes, _value(writes.get(p)))
        ]
        return [f"{'unwanted' if p not in self.wanted else 'missing or different'}: {p[0]}[{p[1]}]" for p in odd]


@dataclass(frozen=True, kw_only=True)
class Verifier:
    """Scores an episode by a task's own criteria.

    Attributes:
        scoring: The criteria.
        open_rows: Gives the rows of a world.
    """

    scoring: Scoring
    open_rows: Open

    def __call__(self, evidence: Evidence) -> Verdict:
        """1 when nothing is wrong, else 0 with the findings."""
        writes: Writes = {}
        for change in evidence.changes:
            before, after = change.before or {}, change.after or {}
            if before.get("body") != after.get("body"):
                writes[change.table, str(change.key[0])] = after.get("body")
        texts = [m.text_of(message) for message in evidence.messages if message["role"] == "assistant"]
        acts = list(acts_of(evidence.messages, self.scoring.domain.prefix))
        found = self.scoring.findings(self.open_rows(evidence.world), writes, texts, acts)
        return Verdict(score=0.0 if found else 1.0, findings=tuple(found))


@dataclass(frozen=True, kw_only=True)
class Proof:
    """A task that holds: its golden actions reach the end, doing nothing does not, and one more act spoils it.

    Attributes:
        start: What is written to prepare the task.
        acts: The golden actions that are not refused.
        final: What the agent says at the end.
        excess: The act that spoils it.
        slip: The golden actions without the one that matters, when that fails.
        scoring: How ends are scored.
    """

    start: Writes
    acts: tuple[Act, ...]
    final: str
    excess: Act
    slip: tuple[Act, ...] | None
    scoring: Scoring


class Prover:
    """Proves tasks of a domain.

    Args:
        domain: The domain.
        toolbox: Its tools.
        spoilers: Acts to spoil a solution with, tried in turn.
    """

    def __init__(self, domain: Domain, toolbox: Toolbox, spoilers: Sequence[Act]) -> None:
        self._domain, self._toolbox, self._spoilers = domain, toolbox, spoilers

    def prove(self, task: Any, rows: WorldRows) -> Proof | str:
        """The proof of a task that starts from these rows, or why there is none."""
        start = Draft(rows)
        self._prepare(task.initial_state, start)
        criteria = task.evaluation_criteria
        end, acts = self._play(Draft(start), [Act.of(action) for action in criteria.actions or ()])
        said = tuple(criteria.communicate_info or ())
        scoring = Scoring(
            domain=self._domain,
            basis=frozenset(basis.value for basis in criteria.reward_basis),
            wanted=end.net(),
            said=said,
            assertions=tuple(criteria.env_assertions or ()),
            acts=tuple(acts),
        )
        final = " ".join(("Done.", *said))
        if not scoring.findings(start, {}, ["Done."], []):
            return "doing nothing wins it"
        if wrong := scoring.findings(end, end.net(), [final], acts):
            return f"its golden actions do not win it: {wrong[0]}"
        excess = self._spoiler(scoring, end, acts, final)
        if excess is None:
            return "doing more costs nothing"
        slip = self._slip(scoring, start, acts, final)
        return Proof(start=start.net(), acts=tuple(acts), final=final, excess=excess, slip=slip, scoring=scoring)

    def _prepare(self, state: Any, draft: Draft) -> None:
        if state is None:
            return
        data = state.initialization_data
        contents = (data.agent_data, data.user_data) if data else (None, None)
        for side, content in zip(SIDES, contents, strict=True):
            if content is not None:
                draft.write(self._domain.replace(draft, side, content))
        for action in state.initialization_actions or ():
            _, writes = self._domain.run(draft, action.env_type, action.func_name, action.arguments)
            draft.write(writes)

    def _play(self, draft: Draft, acts: Sequence[Act]) -> tuple[Draft, list[Act]]:
        """Play acts, each a transaction; those that are refused are left out."""
        played: list[Act] = []
        for act in acts:
            try:
                draft.write(self._toolbox.try_out(draft, act.side, act.name, dict(act.arguments)))
                played.append(act)
            except Refusal:
                continue
        return draft, played

    def _spoiler(self, scoring: Scoring, end: Draft, acts: Sequence[Act], final: str) -> Act | None:
        for spoiler in self._spoilers[:TRIED]:
            after, played = self._play(_copy(end), [spoiler])
            if played and scoring.findings(after, after.net(), [final], [*acts, spoiler]):
                return spoiler
        return None

    def _slip(self, scoring: Scoring, start: Draft, acts: Sequence[Act], final: str) -> tuple[Act, ...] | None:
        """The golden actions without the last that writes."""
        writing = [i for i, act in enumerate(acts) if self._domain.mutates(act.side, act.name)]
        if not writing:
            return None
        rest = [act for i, act in enumerate(acts) if i != writing[-1]]
        end, played = self._play(Draft(start), rest)
        complete = len(played) == len(rest) and scoring.findings(end, end.net(), [final], rest)
        return tuple(rest) if complete else None


def _copy(draft: Draft) -> Draft:
    twin = Draft(draft.below)
    twin.write(draft.writes)
    return twin


def _value(body: str | None) -> Any:
    """A row's value: the order of keys is no difference, as in tau2's own hash."""
    return None if body is None else json.loads(body)
