import asyncio
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from greenroom.errors import SandboxBusyError, SandboxError, SandboxLostError
from greenroom.sandbox import Opened
from greenroom.sandboxes.local import LocalSandbox
from greenroom.tasks import Split
from greenroom.wire.keeper import ROOMS, Keeper
from greenroom.wire.ops import Operations
from greenroom.wire.protocol import Limits, WorldSpec
from greenroom.wire.room import Room
from greenroom.worlds import Snapshot
from support.notes import app
from support.served import TASK

PART = {"snapshot": "1" * 64, "content": "2" * 64, "size": 9, "data": "eA=="}


class Watched(LocalSandbox):
    """Notes the threads that bases are built in."""

    def __init__(self, folder: Path) -> None:
        super().__init__(app, cache_dir=folder)
        self.threads: list[threading.Thread] = []

    def base(self, split: Split) -> Snapshot:
        if not self.has_base(split):
            self.threads.append(threading.current_thread())
        return super().base(split)


def kept(folder: Path, **limits: Any) -> Keeper:
    return Keeper({"notes": app}, Limits(**limits), folder)


def client(keeper: Keeper, name: str = "a") -> Operations:
    return Operations(keeper, keeper.rest_session(name), keeper.room("notes", WorldSpec()))


async def file_of_a_start(keeper: Keeper) -> dict[str, Any]:
    """All of an upload of a task's start."""
    brief = await client(keeper).answer("prepare", {"task": TASK})
    return await client(keeper).answer("download", {"snapshot": brief.snapshot})


def once_looked_at(keeper: Keeper, then: Callable[[], None]) -> None:
    """Do something as soon as the upload was looked at, before whoever sent it goes on."""
    (upload,) = keeper.transfers._uploads.values()
    assert upload.admitting is not None
    upload.admitting.add_done_callback(lambda _: then())


def test_a_session_that_ends_while_its_upload_is_looked_at_keeps_nothing(tmp_path: Path) -> None:
    async def work() -> None:
        told, keeper = await file_of_a_start(kept(tmp_path)), kept(tmp_path)
        sender = client(keeper)
        sending = asyncio.ensure_future(sender.answer("upload", told))
        await asyncio.sleep(0)
        once_looked_at(keeper, lambda: sender.bye({}))
        with pytest.raises(SandboxLostError, match="has ended"):
            await sending
        assert keeper.counts()["snapshots"] == 0
        with pytest.raises(SandboxLostError):
            await client(keeper).answer("open", {"snapshot": "1" * 64, "task": TASK})
        assert not keeper.transfers._uploads

    asyncio.run(work())


def test_an_upload_that_begins_anew_is_not_dropped_with_the_one_before(tmp_path: Path) -> None:
    async def work() -> None:
        told, keeper = await file_of_a_start(kept(tmp_path)), kept(tmp_path)
        sender = client(keeper)
        sending = asyncio.ensure_future(sender.answer("upload", told))
        await asyncio.sleep(0)
        once_looked_at(keeper, lambda: sender.bye({}))
        begun: list[asyncio.Task[Any]] = []
        part = told | {"data": "eA=="}
        once_looked_at(keeper, lambda: begun.append(asyncio.ensure_future(client(keeper).answer("upload", part))))
        with pytest.raises(SandboxLostError):
            await sending
        assert await begun[0] == {"have": 1, "done": False}
        assert len(keeper.transfers._uploads) == 1
        keeper.stop()

    asyncio.run(work())


def test_as_many_snapshots_are_kept_as_may_be_however_many_wait_for_one_base(tmp_path: Path) -> None:
    async def work() -> None:
        keeper = kept(tmp_path, snapshots=2)
        tasks = [{"task": f"notes/train/find_number/{number}"} for number in range(6)]
        asked = (client(keeper).answer("prepare", task) for task in tasks)
        answers = await asyncio.gather(*asked, return_exceptions=True)
        assert [type(answer) for answer in answers].count(SandboxBusyError) == 4
        assert keeper.counts()["snapshots"] == 2

    asyncio.run(work())


def test_an_upload_goes_on_however_many_worlds_others_look_at(tmp_path: Path) -> None:
    async def work() -> None:
        keeper = kept(tmp_path, uploads=1)
        assert (await client(keeper).answer("upload", PART | {"offset": 0}))["have"] == 1
        for seed in range(1, ROOMS + 1):
            keeper.room("notes", WorldSpec(seed=seed))
        assert (await client(keeper).answer("upload", PART | {"offset": 1}))["have"] == 2
        keeper.stop()

    asyncio.run(work())


def test_who_waits_for_a_base_finds_the_start_however_many_worlds_others_look_at(tmp_path: Path) -> None:
    async def work() -> None:
        keeper = kept(tmp_path)
        preparing = asyncio.ensure_future(client(keeper).answer("prepare", {"task": TASK}))
        await asyncio.sleep(0)
        for seed in range(1, ROOMS + 1):
            keeper.room("notes", WorldSpec(seed=seed))
        brief = await preparing
        assert keeper.counts()["snapshots"] == 1
        assert (await client(keeper).answer("download", {"snapshot": brief.snapshot}))["size"]

    asyncio.run(work())


class Slow(LocalSandbox):
    """Takes long for a fork, as PostgreSQL does, and has so many."""

    left = 9

    def open(self, snapshot: str, task: str, n: int = 1) -> list[Opened]:
        time.sleep(0.03)
        self.left -= n
        if self.left < 0:
            raise SandboxError("no more databases")
        return super().open(snapshot, task, n)


def test_others_go_on_while_many_forks_are_made_and_all_are_made_or_none(tmp_path: Path) -> None:
    async def work() -> None:
        keeper = kept(tmp_path)
        keeper.room("notes", WorldSpec()).sandbox = Slow(app, cache_dir=tmp_path)
        opening = asyncio.ensure_future(client(keeper).answer("reset", {"task": TASK, "n": 8}))
        turns = 0
        while not opening.done():
            await asyncio.sleep(0)
            turns += 1
        assert len(opening.result()["opened"]) == 8 and turns >= 8
        with pytest.raises(SandboxError, match="no more databases"):
            await client(keeper).answer("reset", {"task": TASK, "n": 8})
        assert keeper.counts()["episodes"] == 8

    asyncio.run(work())


def test_a_base_that_was_lost_is_built_again_in_a_thread(tmp_path: Path) -> None:
    sandbox = Watched(tmp_path)
    room = Room(app, WorldSpec(), sandbox)

    async def work() -> None:
        await room.ready(TASK)
        sandbox._bases.clear()  # As when its database server went away.
        await room.ready(TASK)
        sandbox.prepare(TASK)

    asyncio.run(work())
    assert len(sandbox.threads) == 2 and threading.main_thread() not in sandbox.threads
