"""A tau2 domain as an app: one family, whose tasks are the domain's own."""

import hashlib
import json
import os
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from threading import RLock
from typing import Any

from sqlalchemy.orm import DeclarativeBase

from greenroom import App, Fact, Goal, Size, Split, Task, World
from greenroom import messages as m
from greenroom.errors import AppError, UsageError
from greenroom.tasks import TaskId
from greenroom_envs.tau2.checkout import Checkout
from greenroom_envs.tau2.domain import Domain
from greenroom_envs.tau2.proof import Act, Proof, Prover, Verifier
from greenroom_envs.tau2.rows import WorldRows, entity_table
from greenroom_envs.tau2.tools import ASK, Toolbox

FAMILY = "tasks"
DOMAIN_VARIABLE = "GREENROOM_TAU2_DOMAIN"
MOST_TOOLS = 20
SPARE_STEPS = 20
USERS_SIDE = (
    "\n\nThe user has a side of their own that you cannot reach: to have something done or looked at there, call "
    "{tool}, which asks the user to do it and tells you what it shows."
)
CUES = ("name", "id", "email", "e-mail", "zip", "phone", "number", "birth", "who", "reservation", "order", "details")


class Tau2App(App):
    """A domain of tau2-bench. Its state lies in the world's tables, so forks, snapshots and groups hold.

    Args:
        domain: The domain; its tables and tools begin with `domain.prefix`, the app's name.
    """

    def __init__(self, domain: Domain) -> None:

        class Base(DeclarativeBase):
            """The domain's tables."""

        policy = domain.policy
        if "user" in domain.kits:
            policy += USERS_SIDE.format(tool=f"{domain.prefix}_{ASK}")
        summary = f"The {domain.name} domain of tau2-bench."
        tables = {name: entity_table(Base, name) for name in domain.tables}
        super().__init__(name=domain.prefix, models=Base, summary=summary, policy=policy)
        self.domain = domain
        self._by_name = tables
        self._toolbox = Toolbox(domain, self._rows)
        for function in self._toolbox.functions():
            self.tool(function)
        self.populate(self._fill)
        self.task_family(name=FAMILY)(self._task)
        self._initial = domain.initial()
        self._all = _by_split(domain)
        self._tasks = {split: [t for t in ts if not reason(t, domain)] for split, ts in self._all.items()}
        self._good: dict[Split, list[int]] = {}
        self._index, self._lock = 0, RLock()

    def _rows(self, world: World) -> WorldRows:
        return WorldRows(world.session, self._by_name)

    def source_digest(self) -> str:
        """Hash of this adapter's source and of the domain's data."""
        data = hashlib.sha256(json.dumps(self._initial).encode()).hexdigest()
        return hashlib.sha256((super().source_digest() + data).encode()).hexdigest()

    def make_task(self, world: World, task_id: TaskId) -> Task:
        """The domain's task of that index; it goes round, over the tasks that can be proved."""
        with self._lock:
            self._index = task_id.index
            return super().make_task(world, task_id)

    def _fill(self, world: World, size: Size, split: Split) -> None:
        """The domain's own data, whatever the size."""
        self._rows(world).fill(self._initial)

    def _task(self, world: World, split: Split) -> Task:
        """The domain's provable task of the index, which goes round."""
        rows = self._rows(world)
        good = self._provable(split, rows)
        if not good:
            raise AppError(f"tau2 domain '{self.domain.name}' has no task in split '{split}' that can be proved")
        at = good[self._index % len(good)]
        proof = self._prove(split, at, rows)
        assert isinstance(proof, Proof)
        rows.write(proof.start)
        return self._made(self._tasks[split][at], proof)

    def _provable(self, split: Split, rows: WorldRows) -> list[int]:
        """Which of a split's tasks are played; all are tried once a process."""
        if split not in self._good:
            positions = range(len(self._tasks[split]))
            self._good[split] = [at for at in positions if isinstance(self._prove(split, at, rows), Proof)]
        return self._good[split]

    def _prove(self, split: Split, at: int, rows: WorldRows) -> Proof | str:
        spoilers = self._spoilers(self._tasks[split], at)
        return Prover(self.domain, self._toolbox, spoilers).prove(self._tasks[split][at], rows)

    def _spoilers(self, tasks: Sequence[Any], at: int) -> list[Act]:
        """Acts that change state: what the user can do without arguments, then golden actions of the next tasks."""
        domain = self.domain
        users = [Act("user", name, {}) for name, tool in self._toolbox.users.items() if not tool.arguments.model_fields]
        others = [tasks[(at + i) % len(tasks)] for i in range(1, len(tasks))]
        golden = [Act.of(a) for t in others if t.evaluation_criteria for a in t.evaluation_criteria.actions or ()]
        return [act for act in [*users, *golden] if domain.mutates(act.side, act.name)]

    def _made(self, task: Any, proof: Proof) -> Task:
        prefix = self.domain.prefix
        ask = [m.assistant(None, act.call(prefix)) for act in proof.acts]
        said = m.assistant(proof.final)
        slips = () if proof.slip is None else ((*(m.assistant(None, a.call(prefix)) for a in proof.slip), said),)
        needed = [act.call(prefix)["function"]["name"] for act in (*proof.acts, proof.excess)]
        return Task(
            goal=goal_of(task),
            tools=tuple(dict.fromkeys([*needed, *self.tools]))[:MOST_TOOLS],
            solution=(*ask, said),
            slips=slips,
            excess=proof.excess.call(prefix),
            verifier=Verifier(scoring=proof.scoring, open_rows=self._rows),
            max_steps=len(ask) + SPARE_STEPS,
        )

    def census(self, split: Split) -> dict[str, str | None]:
        """By id, why a task of a split is left out, None where it is played. Proves each on a fresh world: slow."""
        from greenroom.worlds import build_base

        left_out = {t.id: reason(t, self.domain) for t in self._all[split]}
        tasks = self._tasks[split]
        with build_base(self.recipe(Size.SMALL, split)).snapshot().open() as world, world.transaction("world"):
            rows = self._rows(world)
            for at, task in enumerate(tasks):
                proof = self._prove(split, at, rows)
                left_out[task.id] = proof if isinstance(proof, str) else None
        return left_out


def reason(task: Any, domain: Domain) -> str | None:
    """Why a task is left out from the start, None where it is not."""
    criteria, state = task.evaluation_criteria, task.initial_state
    if criteria is None:
        return "it has no criteria"
    basis = {part.value for part in criteria.reward_basis}
    if "NL_ASSERTION" in basis:
        return "it is scored by a judge"
    if state and state.message_history:
        return "it begins in the middle of a conversation"
    acts = [Act.of(action) for action in criteria.actions or ()]
    asked = {
        "DB": any(domain.mutates(act.side, act.name) for act in acts),
        "ENV_ASSERTION": bool(criteria.env_assertions),
        "COMMUNICATE": bool(criteria.communicate_info),
        "ACTION": bool(acts),
    }
    return None if any(asked[part] for part in basis) else "doing nothing wins it"


def goal_of(task: Any) -> Goal:
    """What the task's user wants and knows."""
    told = task.user_scenario.instructions
    if isinstance(told, str):
        return Goal(intent="tau2", requests=(told,))
    known = ("known_info", told.known_info, CUES), ("unknown_info", told.unknown_info, ())
    texts = (*known, ("instructions", told.task_instructions, ()), ("persona", task.user_scenario.persona, ()))
    facts = [Fact(key=k, value=v, wordings=(v,), cues=c, at_once=False) for k, v, c in texts if v]
    return Goal(intent="tau2", requests=(told.reason_for_call,), facts=tuple(facts))


def _by_split(domain: Domain) -> dict[Split, list[Any]]:
    """The domain's tasks: its own train and test where it has them, each fifth of train being dev; else by fifths."""
    tasks = sorted(domain.module.get_tasks(), key=lambda task: str(task.id))
    splits: dict[str, list[str]] = getattr(domain.module, "get_tasks_split", dict)() or {}
    test: set[str] = set(splits["test"]) if {"train", "test"} <= splits.keys() else {t.id for t in tasks[4::5]}
    rest = [t for t in tasks if t.id not in test and (t.id in splits["train"] if "train" in splits else True)]
    dev = rest[3::5] or rest
    train = [t for t in rest if t not in dev] or rest
    return {Split.TRAIN: train, Split.DEV: dev, Split.TEST: [t for t in tasks if t.id in test] or rest}


def domain_app(domain: str, checkout: Path | str | None = None, name: str | None = None) -> Tau2App:
    """Any domain of a checkout as an app.

    Args:
        domain: The domain, such as `retail`.
        checkout: Where tau2-bench lies; else the variable GREENROOM_TAU2 says it.
        name: The app's name; `tau2_DOMAIN` when None.

    Raises:
        UsageError: There is no checkout, no such domain, or a package that it needs is missing.
    """
    return Tau2App(Domain(Checkout.find(checkout), domain, name or f"tau2_{domain}"))


@cache
def airline() -> Tau2App:
    """The airline."""
    return domain_app("airline")


@cache
def retail() -> Tau2App:
    """The shop."""
    return domain_app("retail")


@cache
def telecom() -> Tau2App:
    """The phone company; its users have a phone to try things on."""
    return domain_app("telecom")


@cache
def named() -> Tau2App:
    """The domain that the variable GREENROOM_TAU2_DOMAIN names.

    Raises:
        UsageError: It names none.
    """
    domain = os.environ.get(DOMAIN_VARIABLE)
    if not domain:
        raise UsageError(f"which domain of tau2-bench? Set {DOMAIN_VARIABLE}: {', '.join(Checkout.find().domains())}")
    return domain_app(domain, name="tau2")
