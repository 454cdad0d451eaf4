import asyncio
import base64
import hashlib
from pathlib import Path

import apsw
import pytest

from greenroom import messages as m
from greenroom.errors import SandboxBusyError, SandboxLostError, SnapshotError, UsageError
from greenroom.sandbox import StepRequest
from greenroom.sandboxes import LocalSandbox
from greenroom.sandboxes.portable_files import PortableFile
from greenroom.wire.protocol import PIECE
from greenroom.worlds import load_snapshot, paged, portable
from greenroom.worlds.layer import BaseFile, Layer
from support.notes import app
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


def test_a_file_that_is_larger_than_may_be_is_not_taken(served: Served, tmp_path: Path) -> None:
    async def work() -> None:
        sandbox = served.sandbox()
        brief, _ = await begin(sandbox)
        path = tmp_path / "snapshot"
        await sandbox.download(brief.snapshot, path)
        size = path.stat().st_size
        await sandbox.download(brief.snapshot, path, size)
        with pytest.raises(SnapshotError, match=f"has {size} bytes, and {size - 1} are the most"):
            await sandbox.download(brief.snapshot, path, size - 1)
        assert list(tmp_path.iterdir()) == [path] and path.stat().st_size == size

    asyncio.run(work())


def test_a_file_without_a_name_is_filled_and_sent_and_what_went_wrong_is_told(served: Served) -> None:
    async def work() -> None:
        sandbox = served.sandbox()
        brief, _ = await begin(sandbox)
        file = PortableFile()
        await sandbox.download(brief.snapshot, file.path)
        assert await sandbox.upload(file.path) == brief.snapshot
        with pytest.raises(SnapshotError, match="are the most here"):
            await sandbox.download(brief.snapshot, file.path, 100)

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


ENDLESS = "WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c)"
ROWS = f"{ENDLESS} SELECT x AS rowid, x AS id, x AS title, x AS body, x AS reads FROM c"
HUGE = "zeroblob(900000000)"
HOSTILE = {
    "view": [f"CREATE VIEW NOTES_note AS {ROWS}"],
    "view of large values": [f"CREATE VIEW notes_note AS SELECT 1 AS id, {HUGE} AS title, {HUGE} AS body, 1 AS reads"],
    "virtual": [
        f"CREATE VIEW evil AS {ROWS}",
        "CREATE VIRTUAL TABLE notes_note USING fts5(id, title, body, reads, content='evil', content_rowid='rowid')",
    ],
    "computed column": [
        f"CREATE TABLE notes_note(id INTEGER PRIMARY KEY, title AS ({HUGE}), body, reads)",
        "INSERT INTO notes_note(id) VALUES (1), (2), (3)",
    ],
}


@pytest.mark.parametrize("what", HOSTILE)
def test_a_file_whose_rows_are_not_stored_is_refused_at_once(tmp_path: Path, what: str) -> None:
    local = LocalSandbox(app, cache_dir=tmp_path / "bases")
    plain = tmp_path / "plain"
    portable.export(paged(local.start(local.prepare(TASK).snapshot)).layer, plain)
    db = apsw.Connection(str(plain))
    db.execute("DROP TABLE notes_note")
    for statement in HOSTILE[what]:
        db.execute(statement)
    db.close()
    base = BaseFile(plain, hashlib.sha256(plain.read_bytes()).hexdigest(), trusted=False)
    portable.save(Layer.bottom(base), tmp_path / "bad")
    with pytest.raises(SnapshotError, match=f"has a {what.partition(' of')[0]}"):
        load_snapshot(tmp_path / "bad")
