"""The engine: plays groups of episodes concurrently and records each one as it ends."""

import asyncio
import logging
from collections.abc import Callable, Iterable, Sequence

from greenroom.errors import SandboxError, StoreError, UsageError
from greenroom.holds import holds_of
from greenroom.policy import Policy
from greenroom.rollouts.failure import Failure, StateMismatchError
from greenroom.rollouts.floor import Floor
from greenroom.rollouts.forks import Forks, fork
from greenroom.rollouts.group import Group, GroupSpec
from greenroom.rollouts.live import LiveEpisode, drop
from greenroom.rollouts.member import Member
from greenroom.rollouts.record import group_row, rollout_row, stored_rollout
from greenroom.rollouts.recovery import Recovery
from greenroom.rollouts.rollout import Rollout
from greenroom.sandbox import AsyncSandbox, Sandbox
from greenroom.sandboxes.inline import as_async
from greenroom.store import GroupRow, Store
from greenroom.users import UserSimulator

log = logging.getLogger(__name__)

Progress = Callable[[Rollout], None]


class Rollouts:
    """Plays groups.

    A bad rollout is data, not a crash: what its sandbox has lost is made again from its start, and where that
    does not help it is marked invalid with its cause, and never scored. What does stop the run is a store that
    cannot be written, since nothing may be lost, and bad input.

    Args:
        sandbox: Where the app runs.
        user: Who talks to the agent.
        policy: Who plays.
        store: Where each finished rollout is written at once; nowhere when None.
        run: The run in the store that they belong to.
        parallel: How many episodes are played at once; all when None.
        resume: Take what the run already holds from the store instead of playing it again.
        content: Record the content id of each last world; `greenroom replay` compares it.
        recovery: How hard a rollout is tried to be saved when its sandbox is lost or full.
        on_progress: Called with each finished rollout.
    """

    def __init__(
        self,
        sandbox: Sandbox | AsyncSandbox,
        user: UserSimulator,
        policy: Policy,
        *,
        store: Store | None = None,
        run: int | None = None,
        parallel: int | None = None,
        resume: bool = False,
        content: bool = True,
        recovery: Recovery | None = None,
        on_progress: Progress | None = None,
    ) -> None:
        if (store is None) != (run is None):
            raise UsageError("a store needs a run, and a run a store: begin one with Store.begin_run")
        if parallel is not None and parallel < 1:
            raise UsageError(f"cannot play {parallel} episodes at once: 1 is the least")
        self.sandbox, self.user, self.policy = as_async(sandbox), user, policy
        self.store, self.run, self.parallel, self.content = store, run, parallel, content
        self._recovery, self._holds = recovery or Recovery(), holds_of(sandbox)
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
        floor = Floor(self._at_once(), self._holds)
        try:
            async with asyncio.TaskGroup() as tasks:
                for spec in specs:
                    await self._launch(spec, groups, tasks, floor)
                await floor.all_launched()
        except BaseExceptionGroup as errors:
            raise _first(errors) from None
        finally:
            await drop(self.sandbox, floor.left_over())
            for snapshot in floor.unneeded():
                await self._release(snapshot)
        for group in groups:
            group.rollouts.sort(key=lambda rollout: rollout.member)
        return groups

    def _at_once(self) -> int | None:
        """How many episodes are played at once: no more than the sandbox has room for."""
        limits = [limit for limit in (self.parallel, getattr(self.sandbox, "room", None)) if limit is not None]
        return min(limits, default=None)

    async def _launch(self, spec: GroupSpec, groups: list[Group], tasks: asyncio.TaskGroup, floor: Floor) -> None:
        """Start the members of a group, each as soon as there is room for it.

        A group is forked only when its first member may play, so that no more worlds are open than needed; and while
        it is forked, those before it play and those behind it may be forked too.
        """
        group, missing = self._restore(spec)
        groups.append(group)
        if not missing:
            return
        await floor.enter()
        forking = floor.forking(tasks.create_task(self._fork(group, len(missing), floor)))
        for i, member in enumerate(missing):
            if i:
                await floor.enter()
            tasks.create_task(self._member(group, member, forking, floor))

    def _restore(self, spec: GroupSpec) -> tuple[Group, list[int]]:
        """The group as the store has it, and which members are missing."""
        row = self._stored.get((spec.task, spec.seed))
        if row is None or self.store is None or self.run is None:
            group = Group(spec=spec, number=self._next)
            self._next += 1
            return group, list(range(spec.size))
        group = Group(spec=spec, number=row.number, snapshot=row.snapshot, state=row.state, opening=row.opening or "")
        group.rollouts = [stored_rollout(r, row) for r in self.store.rollouts(self.run, row.number)]
        have = {rollout.member for rollout in group.rollouts}
        return group, [member for member in range(spec.size) if member not in have]

    async def _fork(self, group: Group, n: int, floor: Floor) -> Forks | Failure:
        """The forks of a group; why there are none, if so."""
        try:
            forks = await fork(self.sandbox, group.spec.task, n, self._recovery)
        except UsageError:
            raise
        except Exception as error:
            return Failure.of(error, "sandbox")
        floor.hold(forks)
        was = group.snapshot
        if was and was != forks.brief.snapshot:
            raise StateMismatchError(
                f"task '{group.spec.task}' now starts from {forks.brief.snapshot[:12]}…, but group {group.number} of"
                f" run {self.run} was started from {was[:12]}…: the app or a library changed; begin a new run"
            )
        group.snapshot, group.state = forks.brief.snapshot, forks.state
        return forks

    async def _member(self, group: Group, member: int, forking: "asyncio.Task[Forks | Failure]", floor: Floor) -> None:
        """Play one member when its group is forked, and write it down."""
        try:
            await floor.seated(forking)
            forks, seed = forking.result(), group.spec.policy_seed(member)
            rollout = Rollout(task=group.spec.task, group=group.number, member=member, seed=seed, state=group.state)
            if isinstance(forks, Failure):
                rollout.failure = forks
            else:
                await self._play(rollout, group, forks, floor)
        finally:
            floor.leave()
        self._write(group, rollout)
        if isinstance(forks, Forks) and len(group.rollouts) == group.spec.size and floor.done_with(forks):
            await self._release(group.snapshot)

    async def _play(self, rollout: Rollout, group: Group, forks: Forks, floor: Floor) -> None:
        live = LiveEpisode(self.sandbox, forks.brief, forks.take(), self._recovery)
        floor.live.add(live)
        try:
            playing = Member(rollout, group, live, forks.brief, content=self.content)
            await playing.play(self.user, self.policy)
        finally:
            await live.close()
            floor.live.discard(live)

    def _write(self, group: Group, rollout: Rollout) -> None:
        """Write a finished rollout, then count it."""
        if self.store is not None and self.run is not None:
            first = group.number not in self._written
            self.store.add_rollout(rollout_row(self.run, rollout), group_row(self.run, group) if first else None)
            self._written.add(group.number)
            self.kept += 1
        group.rollouts.append(rollout)
        if self._on_progress:
            self._on_progress(rollout)

    async def _release(self, snapshot: str) -> None:
        """Let the sandbox forget a start; one that is lost has."""
        try:
            await self.sandbox.release(snapshot)
        except SandboxError as error:
            log.info("releasing snapshot %s: %s", snapshot[:12], error)


def _first(errors: BaseExceptionGroup[BaseException]) -> BaseException:
    """The error to report of several that came together: one that stops runs by itself, if there is one."""
    leaves: Sequence[BaseException] = errors.exceptions
    return next((e for e in leaves if isinstance(e, StoreError)), leaves[0])
