"""Sandboxes behind a server, in several event loops at once."""

import asyncio
from pathlib import Path

from greenroom import GreenroomEnv
from greenroom.rollouts import GroupSpec, Rollouts
from greenroom.sandboxes import BlockingSandbox
from greenroom.sandboxes.remote import FixedServer, connected
from greenroom.sandboxes.served import Place, ServedSandbox
from greenroom.sandboxes.specs import Setting
from support.notes import app
from support.rollouts import Asker, Scripted
from support.served import TASK, TOKEN, Served, serving


def sandbox_of(served: Served) -> BlockingSandbox:
    place = Place(address=f"unix:{served.folder}", token=TOKEN)
    return BlockingSandbox(ServedSandbox("notes", FixedServer(place), connected(Setting(app=app))))


def test_a_start_that_two_event_loops_were_told_of_is_released_in_both(tmp_path: Path) -> None:
    with serving(tmp_path / "s") as served:
        sandbox = sandbox_of(served)
        env = GreenroomEnv(sandbox=sandbox, user=Asker())
        env.reset(options={"task": TASK})

        async def work() -> int:
            gate = asyncio.Event()
            playing = asyncio.ensure_future(Rollouts(sandbox.aio, Asker(), Scripted(wait=gate)).play([GroupSpec(TASK)]))
            await asyncio.sleep(0.2)
            await asyncio.to_thread(env.close)
            gate.set()
            await playing
            await sandbox.aio.families()
            await asyncio.to_thread(sandbox.families)
            return served.keeper.counts()["snapshots"]

        assert asyncio.run(work()) == 0
        sandbox.stop()
