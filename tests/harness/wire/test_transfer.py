import asyncio
import base64
from pathlib import Path

import pytest

from greenroom import messages as m
from greenroom.errors import SandboxBusyError, SandboxLostError, SnapshotError, UsageError
from greenroom.sandbox import StepRequest
from greenroom.wire.transfer import PIECE
from support.served import TASK, Served, begin, serving


def test_another_server_starts_from_the_same_world(served: Served, tmp_path: Path) -> None:
    async def work() -> None:
        sandbox = served.sandbox()
        _, (one,) = await begin(sandbox)
        await sandbox.step([StepRequest(episode=one.episode, calls=[m.call("notes_add", title="far travelled")])])
        snapshot, content = await sandbox.snapshot(one.episode), await sandbox.content(one.episode)
        path = tmp_path / "snapshot"
        assert await sandbox.download(snapshot, path) == content
        with serving(tmp_path / "s") as other:
            there = other.sandbox()
            assert await there.upload(path) == snapshot
            assert await there.upload(path) == snapshot
            (again,) = await there.open(snapshot, TASK)
            assert again.state == snapshot and await there.content(again.episode) == content

    asyncio.run(work())


def test_an_unsound_snapshot_is_refused_and_leaves_nothing(served: Served, tmp_path: Path) -> None:
    async def work() -> None:
        sandbox = served.sandbox()
        brief, _ = await begin(sandbox)
        path = tmp_path / "snapshot"
        content = await sandbox.download(brief.snapshot, path)
        line = sandbox._stations[0].line
        data = base64.b64encode(path.read_bytes()).decode()
        told = {"size": path.stat().st_size, "offset": 0, "data": data, "content": content}
        with pytest.raises(SnapshotError, match="as was said"):
            await line.ask("upload", snapshot="0" * 64, **told)
        with pytest.raises(SandboxLostError):
            await line.ask("open", snapshot="0" * 64, task=TASK)
        assert not served.keeper.transfers._uploads

    asyncio.run(work())


def test_pieces_come_in_order_and_within_what_was_said(served: Served) -> None:
    async def work() -> None:
        sandbox = served.sandbox()
        await sandbox.connect()
        ask, data = sandbox._stations[0].line.ask, base64.b64encode(b"x" * 10).decode()
        told = {"snapshot": "1" * 64, "content": "2" * 64}
        assert await ask("upload", **told, size=30, offset=0, data=data) == {"have": 10, "done": False}
        assert await ask("upload", **told, size=30, offset=0, data=data) == {"have": 10, "done": False}
        with pytest.raises(UsageError, match="begins at 10, of 30"):
            await ask("upload", **told, size=30, offset=20, data=data)
        with pytest.raises(UsageError, match="sends that snapshot already, 30 bytes"):
            await ask("upload", **told, size=31, offset=10, data=data)
        with pytest.raises(UsageError, match="goes beyond"):
            await ask("upload", **told, size=30, offset=10, data=base64.b64encode(b"y" * 21).decode())
        with pytest.raises(UsageError, match="1 to 1048576 bytes"):
            await ask("upload", **told, size=30, offset=10, data=base64.b64encode(b"y" * (PIECE + 1)).decode())
        with pytest.raises(UsageError, match="from 1 to"):
            await ask("upload", **told, size=1 << 50, offset=0, data=data)

    asyncio.run(work())


def test_a_piece_that_is_refused_and_a_session_that_ends_hold_no_upload(tmp_path: Path) -> None:
    async def work() -> None:
        with serving(tmp_path / "s", uploads=1) as server:
            sandbox, other = server.sandbox(), server.sandbox()
            await sandbox.connect()
            await other.connect()
            told = {"snapshot": "1" * 64, "content": "2", "size": 30}
            data = base64.b64encode(b"x").decode()
            for bad in ({"offset": 0, "data": "!"}, {"offset": 5, "data": data}, {"offset": 0, "data": data * 20}):
                with pytest.raises(UsageError):
                    await sandbox._stations[0].line.ask("upload", **told, **bad)
            assert not server.keeper.transfers._uploads
            await sandbox._stations[0].line.ask("upload", **told, offset=0, data=data)
            await sandbox.stop()
            ask = other._stations[0].line.ask
            assert await ask("upload", **told, offset=0, data=data) == {"have": 1, "done": False}
            await other.stop()

    asyncio.run(work())


def test_uploads_are_limited_and_forgotten(tmp_path: Path) -> None:
    async def work() -> None:
        with serving(tmp_path / "s", uploads=1, idle_seconds=0.4) as server:
            sandbox = server.sandbox()
            await sandbox.connect()
            ask, data = sandbox._stations[0].line.ask, base64.b64encode(b"x").decode()
            await ask("upload", snapshot="1" * 64, content="2", size=30, offset=0, data=data)
            with pytest.raises(SandboxBusyError, match="1 uploads"):
                await ask("upload", snapshot="3" * 64, content="2", size=30, offset=0, data=data)
            await asyncio.sleep(1)
            assert not server.keeper.transfers._uploads

    asyncio.run(work())
