"""The engine: plays groups of episodes concurrently and records each one as it ends."""

import asyncio
import logging
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from time import perf_counter

from greenroom.episode import Episode
from greenroom.errors import StoreError, UsageError, UserError
from greenroom.policy import EpisodeStart, Policy, PolicySession
from greenroom.rollouts.failure import Boundary, Failure, StateMismatchError
from greenroom.rollouts.group import Group, GroupSpec
from greenroom.rollouts.record import group_row, rollout_row, stored_rollout
from greenroom.rollouts.rollout import Rollout, Trajectory
from greenroom.sandbox import Brief, Opened, Sandbox
from greenroom.store import GroupRow, Store
from greenroom.users import UserSimulator

log = logging.getLogger(__name__)

Progress = Callable[[Rollout], None]


@dataclass
class _Live:
    """A rollout that is being played."""

    rollout: Rollout
    group: Group
    episode: Episode
    session: PolicySession
    begun: float
    during: Boundary = "policy"
    policy_seconds: float = 0.0
    step_seconds: float = 0.0


class Rollouts:
    """Plays groups.

    A bad rollout is data, not a crash: it is marked invalid with its cause, and never scored. What does stop
    the run is a store that cannot be written, since nothing may be lost, and bad input.

    Args:
        sandbox: Where the app runs.
        user: Who talks to the agent.
        policy: Who plays.
        store: Where each finished rollout is written at once; nowhere when None.
        run: The run in the store that they belong to.
        parallel: How many episodes are played at once; all when None.
        resume: Take what the run already holds from the store instead of playing it again.
        content: Record the content id of each last world; `greenroom replay` compares it.
        on_progress: Called with each finished rollout.
    """

    def __init__(
        self,
        sandbox: Sandbox,
        user: UserSimulator,
        policy: Policy,
        *,
        store: Store | None = None,
        run: int | None = None,
        parallel: int | None = None,
        resume: bool = False,
        content: bool = True,
        on_progress: Progress | None = None,
    ) -> None:
        if (store is None) != (run is None):
            raise UsageError("a store needs a run, and a run a store: begin one with Store.begin_run")
        if parallel is not None and parallel < 1:
            raise UsageError(f"cannot play {parallel} episodes at once: 1 is the least")
        self.sandbox, self.user, self.policy = sandbox, user, policy
        self.store, self.run, self.parallel, self.content = store, run, parallel, content
        self._on_progress = on_progress
        self._stored: dict[tuple[str, int], GroupRow] = {}
        self._written: set[int] = set()
        self._next = 0
        self.kept = 0
        """How many finished rollouts this engine has written."""
        if store is not None and run is not None:
            self._look_up(store, run, resume)

    def _look_up(self, store: Store, run: int, resume: bool) -> None:
        rows = store.groups(run)
        self._next = max((row.number for row in rows), default=-1) + 1
        self._written = {row.number for row in rows}
        if resume:
            self._stored = {(row.task, row.seed): row for row in rows}

    async def play(self, specs: Iterable[GroupSpec]) -> list[Group]:
        """Play groups, all of them concurrently up to `parallel` episodes.

        Returns:
            The groups in the order of the specs, invalid rollouts included.

        Raises:
            UsageError: A task does not exist.
            StoreError: A finished rollout could not be written; those before it are kept.
            StateMismatchError: A group of a resumed run no longer starts from the same snapshot.
        """
        groups: list[Group] = []
        slots = asyncio.Semaphore(self.parallel) if self.parallel else None
        try:
            async with asyncio.TaskGroup() as tasks:
                for spec in specs:
                    await self._launch(spec, groups, tasks, slots)
        except BaseExceptionGroup as errors:
            raise _first(errors) from None
        for group in groups:
            group.rollouts.sort(key=lambda rollout: rollout.member)
        return groups

    async def _launch(
        self,
        spec: GroupSpec,
        groups: list[Group],
        tasks: asyncio.TaskGroup,
        slots: asyncio.Semaphore | None,
    ) -> None:
        """Start the members of a group, each as soon as there is room for it.

        A group is prepared only when its first member may play, so that no more worlds are open than needed.
        """
        group, missing = self._restore(spec)
        groups.append(group)
        if not missing:
            return
        if slots:
            await slots.acquire()
        forks = self._fork(group, len(missing))
        try:
            for i, member in enumerate(missing):
                if slots and i:
                    await slots.acquire()
                self._seat(group, member, forks, tasks, slots)
        finally:
            if not isinstance(forks, Failure):
                self._drop(forks.opened)

    def _seat(
        self,
        group: Group,
        member: int,
        forks: "_Forks | Failure",
        tasks: asyncio.TaskGroup,
        slots: asyncio.Semaphore | None,
    ) -> None:
        """Start one member, or note why it cannot be."""
        rollout = self._rollout(group, member)
        live = forks if isinstance(forks, Failure) else self._begin(group, rollout, forks)
        if isinstance(live, Failure):
            rollout.failure = live
            self._finish(group, rollout)
            if slots:
                slots.release()
            return
        # A task that is cancelled before its first turn never reaches its own `finally`.
        tasks.create_task(self._play(live, slots)).add_done_callback(lambda _: self._close(live))

    def _restore(self, spec: GroupSpec) -> tuple[Group, list[int]]:
        """The group as the store has it, and which members are missing."""
        row = self._stored.get((spec.task, spec.seed))
        if row is None or self.store is None or self.run is None:
            group = Group(spec=spec, number=self._next)
            self._next += 1
            return group, list(range(spec.size))
        group = Group(spec=spec, number=row.number, snapshot=row.snapshot, state=row.state)
        group.rollouts = [stored_rollout(r, row) for r in self.store.rollouts(self.run, row.number)]
        have = {rollout.member for rollout in group.rollouts}
        return group, [member for member in range(spec.size) if member not in have]

    def _fork(self, group: Group, n: int) -> "_Forks | Failure":
        """Prepare the task once, fork it n times, and prove that all forks are the same."""
        was = group.snapshot
        try:
            brief = self.sandbox.prepare(group.spec.task)
            opened = self.sandbox.open(brief.snapshot, brief.task, n)
        except UsageError:
            raise
        except Exception as error:
            return Failure.of(error, "sandbox")
        if was and was != brief.snapshot:
            self._drop(opened)
            raise StateMismatchError(
                f"task '{group.spec.task}' now starts from {brief.snapshot[:12]}…, but group {group.number} of"
                f" run {self.run} was started from {was[:12]}…: the app or a library changed; begin a new run"
            )
        states = sorted({fork.state for fork in opened})
        if len(states) != 1:
            self._drop(opened)
            text = f"{n} forks of snapshot {brief.snapshot[:12]}… came in {len(states)} states: "
            return Failure.of(StateMismatchError(text + ", ".join(s[:12] for s in states)), "sandbox")
        group.snapshot, group.state = brief.snapshot, states[0]
        return _Forks(brief, list(reversed(opened)))

    def _rollout(self, group: Group, member: int) -> Rollout:
        seed = group.spec.policy_seed(member)
        return Rollout(task=group.spec.task, group=group.number, member=member, seed=seed, state=group.state)

    def _drop(self, forks: Iterable[Opened]) -> None:
        for fork in forks:
            self.sandbox.close(fork.episode)

    def _close(self, live: _Live) -> None:
        """Let go of both sides of an episode; the rollout is decided by now, so a failure is only noted."""
        for side in (live.session, live.episode):
            try:
                side.close()
            except Exception:
                log.warning("closing a %s failed", type(side).__name__, exc_info=True)

    def _begin(self, group: Group, rollout: Rollout, forks: "_Forks") -> "_Live | Failure":
        """Let the user open and the policy take its seat."""
        begun, brief, fork = perf_counter(), forks.brief, forks.opened.pop()
        during: Boundary = "user"
        try:
            episode = Episode.start(self.sandbox, brief, self.user, group.spec.user_seed, fork)
            rollout.trajectory.messages = episode.messages
            _prove_opening(group, episode)
            during = "policy"
            session = self.policy.session(_start(brief, episode, rollout.seed))
        except Exception as error:
            self.sandbox.close(fork.episode)
            return Failure.of(error, during)
        return _Live(rollout, group, episode, session, begun)

    async def _play(self, live: _Live, slots: asyncio.Semaphore | None) -> None:
        rollout, trajectory = live.rollout, live.rollout.trajectory
        try:
            await self._converse(live, trajectory)
            self._score(live, trajectory)
        except Exception as error:
            rollout.failure = Failure.of(error, live.during)
            trajectory.reward = None
        finally:
            self._close(live)
            if slots:
                slots.release()
        rollout.seconds = {
            "policy": round(live.policy_seconds, 6),
            "step": round(live.step_seconds, 6),
            "total": round(perf_counter() - live.begun, 6),
        }
        self._finish(live.group, rollout)

    async def _converse(self, live: _Live, trajectory: Trajectory) -> None:
        """Turn by turn until the user ends it or the step limit does."""
        episode, session = live.episode, live.session
        new = tuple(episode.messages)
        trajectory.messages = episode.messages
        while True:
            live.during, begun = "policy", perf_counter()
            # A policy that never waits must not keep others, or Ctrl-C, from their turn.
            await asyncio.sleep(0)
            message = await session.act(new)
            acted = perf_counter()
            live.during = "sandbox"
            outcome = episode.step(message)
            live.policy_seconds += acted - begun
            live.step_seconds += perf_counter() - acted
            trajectory.steps = episode.steps
            trajectory.faults += [{"step": episode.steps, **fault.to_json()} for fault in outcome.faults]
            if outcome.act:
                trajectory.acts.append(outcome.act)
            if outcome.done:
                trajectory.truncated = outcome.truncated
                return
            new = outcome.messages

    def _score(self, live: _Live, trajectory: Trajectory) -> None:
        live.during = "policy"
        trajectory.tokens = live.session.tokens()
        live.during = "verifier"
        verdict = live.episode.verify()
        live.during = "sandbox"
        if self.content:
            live.rollout.content_id = self.sandbox.content(live.episode.opened.episode)
        trajectory.reward, trajectory.findings = verdict.score, verdict.findings

    def _finish(self, group: Group, rollout: Rollout) -> None:
        """Write a finished rollout, then count it."""
        if self.store is not None and self.run is not None:
            first = group.number not in self._written
            self.store.add_rollout(rollout_row(self.run, rollout), group_row(self.run, group) if first else None)
            self._written.add(group.number)
            self.kept += 1
        group.rollouts.append(rollout)
        if len(group.rollouts) == group.spec.size and group.snapshot:
            self.sandbox.release(group.snapshot)
        if self._on_progress:
            self._on_progress(rollout)


@dataclass
class _Forks:
    """What a group starts from: the task's brief and the forks not yet taken, the last one first."""

    brief: Brief
    opened: list[Opened]


def _prove_opening(group: Group, episode: Episode) -> None:
    """All members of a group open alike: the same world, the same user, the same words.

    Of members that were restored from the store only the words are known.
    """
    group.opening = group.opening or episode.opening
    told = [r.trajectory.messages[: len(episode.messages)] for r in group.rollouts if r.trajectory.messages]
    if episode.opening != group.opening or any(messages != episode.messages for messages in told):
        raise UserError(
            f"a member of group {group.number} opens otherwise than the others ({episode.opening[:12]}…): the user"
            " simulator draws from something that is not its seed, or was changed since the run began"
        )


def _start(brief: Brief, episode: Episode, seed: int) -> EpisodeStart:
    return EpisodeStart(
        task=brief.task,
        messages=tuple(episode.messages),
        tools=brief.tools,
        seed=seed,
        max_steps=brief.max_steps,
        solution=brief.solution,
        slips=brief.slips,
    )


def _first(errors: BaseExceptionGroup[BaseException]) -> BaseException:
    """The error to report of several that came together: one that stops runs by itself, if there is one."""
    leaves: Sequence[BaseException] = errors.exceptions
    return next((e for e in leaves if isinstance(e, StoreError)), leaves[0])
