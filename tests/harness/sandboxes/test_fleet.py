import asyncio
from collections.abc import Coroutine, Sequence
from pathlib import Path
from typing import Any, TypeVar

import pytest

from greenroom import messages as m
from greenroom.errors import SandboxBusyError, SandboxLostError, UsageError
from greenroom.rollouts import GroupSpec, Recovery, Rollouts
from greenroom.sandbox import AsyncSandbox, StepRequest, StepResult
from greenroom.sandboxes import InlineSandbox, LocalSandbox
from greenroom.sandboxes.fleet import Fleet
from greenroom.sandboxes.isolated import Isolated
from greenroom.sandboxes.portable_files import PortableFiles
from greenroom.worlds import load_snapshot, paged
from greenroom.worlds.portable import Image
from support.notes import app
from support.rollouts import Asker, Mortal, Scripted

T = TypeVar("T")
TASK, OTHER = "notes/train/find_number/0", "notes/train/replace/1"


def run(work: Coroutine[Any, Any, T]) -> T:
    return asyncio.run(work)


def members(folder: Path, n: int) -> list[InlineSandbox]:
    return [InlineSandbox(LocalSandbox(app, cache_dir=folder)) for _ in range(n)]


class Carrying(InlineSandbox):
    """A sandbox of this process whose snapshots can be carried to another."""

    def __init__(self, local: LocalSandbox) -> None:
        super().__init__(local)
        self._local = local

    async def download(self, snapshot: str, path: Path, most: int) -> str:
        """Write a snapshot where `path` is."""
        found = paged(self._local.start(snapshot))
        image = Image(found.layer)
        assert image.size <= most
        path.write_bytes(image.read(0, image.size))
        return found.content_id

    async def upload(self, path: Path) -> str:
        """Take it in."""
        told = load_snapshot(path)
        return self._local.keep(self._local.admit(path, told.page_id, told.content_id))


def carrying(folder: Path) -> Carrying:
    return Carrying(LocalSandbox(app, cache_dir=folder))


async def group(fleet: Fleet, task: str, n: int = 2) -> list[str]:
    brief = await fleet.prepare(task)
    return [one.episode for one in await fleet.open(brief.snapshot, task, n)]


def home(sandboxes: list[InlineSandbox], episode: str) -> list[int]:
    """Which members know an episode."""

    async def knows(sandbox: InlineSandbox) -> bool:
        try:
            return bool(await sandbox.content(episode))
        except SandboxLostError:
            return False

    return [i for i, sandbox in enumerate(sandboxes) if run(knows(sandbox))]


def test_groups_take_turns_and_each_stays_together(tmp_path: Path) -> None:
    sandboxes = members(tmp_path, 3)
    fleet = Fleet("notes", sandboxes)
    groups = [run(group(fleet, task)) for task in (TASK, OTHER, TASK)]
    homes = [[home(sandboxes, episode) for episode in episodes] for episodes in groups]
    assert all(first == second and len(first) == 1 for first, second in homes)
    assert sorted(first[0] for first, _ in homes) == [0, 1, 2]


def test_a_step_of_many_episodes_is_answered_in_its_order(tmp_path: Path) -> None:
    fleet = Fleet("notes", members(tmp_path, 2))
    episodes = [episode for task in (TASK, OTHER) for episode in run(group(fleet, task))]
    mixed = [episodes[i] for i in (3, 0, 2, 1)]
    requests = [StepRequest(episode=e, calls=[m.call("notes_add", f"c{e}", title=e)]) for e in mixed]
    results = run(fleet.step(requests))
    assert [result.messages[0].get("tool_call_id") for result in results] == [f"c{e}" for e in mixed]


def test_each_request_of_an_episode_has_its_own_answer(tmp_path: Path) -> None:
    fleet = Fleet("notes", members(tmp_path, 2))
    one, other = [run(group(fleet, task, 1))[0] for task in (TASK, OTHER)]
    calls = [m.call("notes_add", f"c{n}", title=f"t{n}") for n in range(3)]
    asked = [StepRequest(episode=e, calls=[c]) for e, c in zip((one, other, one), calls, strict=True)]
    assert [r.messages[0].get("tool_call_id") for r in run(fleet.step(asked))] == ["c0", "c1", "c2"]


def test_what_a_member_did_is_waited_for_when_another_failed(tmp_path: Path) -> None:
    done: list[str] = []

    class Slow(InlineSandbox):
        async def step(self, requests: Sequence[StepRequest]) -> list[StepResult]:
            await asyncio.sleep(0.05)
            results = await super().step(requests)
            done.extend(request.episode for request in requests)
            return results

    fleet = Fleet(
        "notes", [InlineSandbox(Mortal(app, tmp_path, step=[1])), Slow(LocalSandbox(app, cache_dir=tmp_path))]
    )

    async def play() -> str:
        first, second = (await group(fleet, TASK, 1)) + (await group(fleet, OTHER, 1))
        with pytest.raises(SandboxLostError):
            await fleet.step([StepRequest(episode=e, calls=[]) for e in (first, second)])
        return second

    assert done == [run(play())]


def test_what_is_frozen_is_opened_where_it_lies(tmp_path: Path) -> None:
    fleet = Fleet("notes", members(tmp_path, 3))

    async def play() -> tuple[str, str]:
        (episode,) = await group(fleet, TASK, 1)
        await fleet.step([StepRequest(episode=episode, calls=[m.call("notes_add", title="x")])])
        frozen = await fleet.snapshot(episode)
        (again,) = await fleet.open(frozen, TASK)
        return frozen, again.state

    frozen, state = run(play())
    assert frozen == state


def test_what_is_closed_or_released_is_gone(tmp_path: Path) -> None:
    fleet = Fleet("notes", members(tmp_path, 2))
    (episode,) = run(group(fleet, TASK, 1))
    run(fleet.close(episode))
    with pytest.raises(SandboxLostError, match="not running"):
        run(fleet.content(episode))
    with pytest.raises(SandboxLostError, match="is not known"):
        run(fleet.open("0" * 64, TASK))


def test_a_start_that_was_released_is_made_again_where_it_is_opened(tmp_path: Path) -> None:
    fleet = Fleet("notes", members(tmp_path, 2))
    snapshot = run(fleet.prepare(TASK)).snapshot
    run(fleet.release(snapshot))
    (one,) = run(fleet.open(snapshot, TASK))
    assert one.state == snapshot
    run(fleet.release(snapshot))
    assert not fleet._of_snapshot


def test_a_fleet_of_none_says_so() -> None:
    with pytest.raises(SandboxLostError, match="no sandbox runs 'notes'"):
        run(Fleet("notes").prepare(TASK))


def test_groups_come_out_the_same_when_members_die(tmp_path: Path) -> None:
    def told(*sandboxes: Any) -> list[tuple[Any, ...]]:
        engine = Rollouts(Fleet("notes", sandboxes), Asker(), Scripted(), recovery=Recovery(pause=0.001))
        groups = asyncio.run(engine.play([GroupSpec(TASK, 4, 5), GroupSpec(OTHER, 4, 5)]))
        return [(r.task, r.member, r.state, r.reward, r.trajectory.messages) for g in groups for r in g.rollouts]

    dying = [Mortal(app, tmp_path, step=counts) for counts in ([2], [1, 3])]
    assert told(*map(InlineSandbox, dying)) == told(*members(tmp_path, 1))
    assert sum(one.died for one in dying) == 3


def test_an_isolated_episode_has_a_sandbox_of_its_own_which_ends_with_it(tmp_path: Path) -> None:
    made: list[LocalSandbox] = []

    def make() -> Carrying:
        made.append(LocalSandbox(app, cache_dir=tmp_path))
        return Carrying(made[-1])

    sandbox = Isolated(*members(tmp_path, 1), make, 4)

    async def play() -> list[str]:
        brief = await sandbox.prepare(TASK)
        episodes = [one.episode for one in await sandbox.open(brief.snapshot, TASK, 3)]
        calls = [StepRequest(episode=e, calls=[m.call("notes_add", title=e)]) for e in episodes]
        await sandbox.step(calls)
        contents = [await sandbox.content(episode) for episode in episodes]
        await sandbox.close(episodes[0])
        return contents

    assert len(set(run(play()))) == len(made) == 3
    with pytest.raises(SandboxLostError):
        made[0].content("1")


def test_more_isolated_episodes_than_there_may_be_are_refused_or_wait(tmp_path: Path) -> None:
    sandbox = Isolated(*members(tmp_path, 1), lambda: carrying(tmp_path), 2)
    snapshot = run(sandbox.prepare(TASK)).snapshot
    with pytest.raises(UsageError, match="2 are the most"):
        run(sandbox.open(snapshot, TASK, 3))
    for parallel in (2, None):
        engine = Rollouts(sandbox, Asker(), Scripted(), parallel=parallel)
        played = asyncio.run(engine.play([GroupSpec(TASK, 2, seed) for seed in range(3)]))
        assert [r.failure for group in played for r in group.rollouts] == [None] * 6


def test_who_waits_for_an_isolated_episode_to_end_is_told_when_none_does(tmp_path: Path) -> None:
    sandbox = Isolated(*members(tmp_path, 1), lambda: carrying(tmp_path), 2, wait=0.1)
    snapshot = run(sandbox.prepare(TASK)).snapshot
    run(sandbox.open(snapshot, TASK, 2))
    with pytest.raises(SandboxBusyError, match="2 of 2 containers are in use"):
        run(sandbox.open(snapshot, TASK))


def test_an_isolated_episode_begins_where_its_task_does_or_at_what_was_frozen(tmp_path: Path) -> None:
    sandbox = Isolated(*members(tmp_path, 1), lambda: carrying(tmp_path), 2)
    snapshot = run(sandbox.prepare(OTHER)).snapshot
    with pytest.raises(SandboxLostError, match="is not known here; the task starts at"):
        run(sandbox.open(snapshot, TASK))
    (opened,) = run(sandbox.open(snapshot, OTHER))
    assert run(sandbox.snapshot(opened.episode)) == snapshot
    assert run(sandbox.open(snapshot, OTHER))[0].state == snapshot


async def frozen(sandbox: Isolated, title: str = "x") -> tuple[str, str]:
    """An episode that was frozen after a step, and what was frozen."""
    brief = await sandbox.prepare(TASK)
    (one,) = await sandbox.open(brief.snapshot, TASK)
    await sandbox.step([StepRequest(episode=one.episode, calls=[m.call("notes_add", title=title)])])
    return one.episode, await sandbox.snapshot(one.episode)


def test_what_is_frozen_outlives_its_sandbox_until_it_is_released(tmp_path: Path) -> None:
    sandbox = Isolated(*members(tmp_path, 1), lambda: carrying(tmp_path), 4)

    async def play() -> None:
        episode, snapshot = await frozen(sandbox)
        content = await sandbox.content(episode)
        await sandbox.close(episode)
        forks = await sandbox.open(snapshot, TASK, 3)
        assert {fork.state for fork in forks} == {snapshot}
        assert {await sandbox.content(fork.episode) for fork in forks} == {content}
        assert await sandbox.snapshot(forks[0].episode) == snapshot
        await sandbox.release(snapshot)
        with pytest.raises(SandboxLostError, match="is not known here"):
            await sandbox.open(snapshot, TASK)
        assert await sandbox.snapshot(forks[0].episode) == snapshot
        assert (await sandbox.open(snapshot, TASK))[0].state == snapshot
        await sandbox.stop()

    run(play())


def test_who_is_opening_what_was_frozen_has_it_though_it_is_released_meanwhile(tmp_path: Path) -> None:
    sandbox = Isolated(*members(tmp_path, 1), lambda: carrying(tmp_path), 2)

    async def play() -> None:
        episode, snapshot = await frozen(sandbox)
        waiting = asyncio.ensure_future(sandbox.open(snapshot, TASK, 2))
        await asyncio.sleep(0.01)  # There is no room for two until the first is closed.
        await sandbox.release(snapshot)
        await sandbox.close(episode)
        assert {fork.state for fork in await waiting} == {snapshot}

    run(play())


def test_no_more_is_frozen_than_there_is_room_for_and_the_episode_goes_on(tmp_path: Path) -> None:
    files = PortableFiles(most=1)
    sandbox = Isolated(*members(tmp_path, 1), lambda: carrying(tmp_path), 2, files=files)

    async def play() -> None:
        _, first = await frozen(sandbox)
        with pytest.raises(SandboxBusyError, match="1 frozen episodes are kept"):
            await frozen(sandbox, "y")
        await sandbox.release(first)
        assert len(sandbox._of_episode) == 2
        episode = list(sandbox._of_episode)[1]
        assert await sandbox.snapshot(episode) != first

    run(play())


def test_who_asks_is_told_of_each_isolated_sandbox_before_it_ends(tmp_path: Path) -> None:
    sandbox = Isolated(*members(tmp_path, 1), lambda: carrying(tmp_path), 2)
    told: list[str] = []

    async def play() -> None:
        one, other = await sandbox.open((await sandbox.prepare(TASK)).snapshot, TASK, 2)
        of_episode = {e: own.sandbox for e, own in sandbox._of_episode.items()}

        async def ending(member: AsyncSandbox) -> None:
            (episode,) = [e for e, known in of_episode.items() if known is member]
            assert await member.content(episode)
            told.append(episode)

        sandbox.ending = ending
        await sandbox.close(one.episode)
        assert told == [one.episode]
        await sandbox.stop()
        assert told == [one.episode, other.episode]

    run(play())
