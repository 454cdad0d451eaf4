import asyncio
from pathlib import Path

from greenroom import GreenroomEnv
from greenroom.holds import SPARE, Holds, holds_of
from greenroom.rollouts import GroupSpec, Rollouts
from greenroom.sandboxes import LocalSandbox
from greenroom.sandboxes.blocking import BlockingSandbox
from greenroom.sandboxes.remote import FixedServer
from greenroom.sandboxes.served import Place, ServedSandbox
from support.notes import app
from support.rollouts import Asker, Scripted
from support.served import serving

TASK = "notes/train/find_number/0"


def test_the_last_who_leaves_releases_and_nobody_before() -> None:
    holds = Holds()
    for _ in range(3):
        holds.take("a")
    assert [holds.leave("a") for _ in range(3)] == [False, False, True]


def test_what_nobody_needs_is_spare_until_there_is_too_much_of_it() -> None:
    holds = Holds()
    names = [str(n) for n in range(SPARE + 2)]
    for name in names:
        holds.take(name)
    assert [holds.let_go(name) for name in names] == [[]] * SPARE + [["0"], ["1"]]
    holds.take("2")  # It is spare, and taken again.
    assert holds.leave("2")


def test_two_engines_and_an_environment_on_one_sandbox_never_free_each_others_starts(tmp_path: Path) -> None:
    released: list[str] = []

    class Noted(LocalSandbox):
        """Notes what it is told to forget."""

        def release(self, snapshot: str) -> None:
            released.append(snapshot)
            super().release(snapshot)

    sandbox, gate = Noted(app, cache_dir=tmp_path), asyncio.Event()

    async def work() -> str:
        waiting = Rollouts(sandbox, Asker(), Scripted(wait=gate))
        slow = asyncio.ensure_future(waiting.play([GroupSpec(TASK, 2, 1)]))
        await asyncio.sleep(0.05)
        (group,) = await Rollouts(sandbox, Asker(), Scripted()).play([GroupSpec(TASK, 2, 2)])
        assert not released and sandbox.start(group.snapshot)
        gate.set()
        await slow
        return group.snapshot

    env = GreenroomEnv(sandbox=sandbox, user=Asker())
    env.reset(options={"task": "notes/train/replace/0"})
    assert released == [asyncio.run(work())]
    asyncio.run(Rollouts(sandbox, Asker(), Scripted()).play([GroupSpec("notes/train/replace/0", 1)]))
    assert sandbox.start(env.episode.brief.snapshot)
    env.close()
    assert holds_of(sandbox).__dict__["_needed"] == {}


def test_a_play_on_the_asynchronous_face_does_not_free_what_an_environment_needs(tmp_path: Path) -> None:
    with serving(tmp_path / "s") as served:
        server = FixedServer(Place(address=f"unix:{served.folder}"))
        sandbox = BlockingSandbox(ServedSandbox("notes", server, lambda _: served.sandbox()))
        env = GreenroomEnv(sandbox=sandbox, user=Asker())
        env.reset(options={"task": TASK})
        snapshot = env.snapshot()
        asyncio.run(Rollouts(sandbox.aio, Asker(), Scripted()).play([GroupSpec(TASK, size=2)]))
        _, info = env.reset(options={"snapshot": snapshot})
        assert info["state"] == snapshot.world
        sandbox.stop()
