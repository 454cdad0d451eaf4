import hashlib
import json
import re
from collections.abc import Callable
from pathlib import Path

import apsw
import pytest

from greenroom import messages as m
from greenroom.errors import SnapshotError
from greenroom.plugins import load_app
from greenroom.sandbox import StepRequest
from greenroom.sandboxes import LocalSandbox
from greenroom.worlds import PageSnapshot, load_snapshot
from greenroom.worlds.arrival import LATEST
from greenroom.worlds.layer import BaseFile, Layer
from greenroom.worlds.portable import Image
from support.notes import app

TASK = "notes/train/find_number/3"


def start(tmp_path: Path) -> tuple[LocalSandbox, PageSnapshot]:
    sandbox = LocalSandbox(app, cache_dir=tmp_path)
    return sandbox, sandbox.start(sandbox.prepare(TASK).snapshot)


def packed(snapshot: PageSnapshot, path: Path) -> Path:
    """A snapshot whose file is honest about what it holds, whatever that is."""
    snapshot.save(path)
    return path


def rewritten(snapshot: PageSnapshot, tmp_path: Path, statements: str) -> PageSnapshot:
    """The same world as a plain database, after some statements of somebody who is no app."""
    plain = tmp_path / "plain.sqlite"
    plain.unlink(missing_ok=True)
    snapshot.export(plain)
    db = apsw.Connection(str(plain))
    db.execute(statements)
    db.close()
    return PageSnapshot(Layer.bottom(BaseFile(plain, hashlib.sha256(plain.read_bytes()).hexdigest())))


def test_an_image_is_the_file_that_is_saved(tmp_path: Path) -> None:
    sandbox, snapshot = start(tmp_path)
    (one,) = sandbox.open(snapshot.page_id, TASK)
    sandbox.step([StepRequest(episode=one.episode, calls=[m.call("notes_add", title="t" * 9000)])])
    changed = sandbox.start(sandbox.snapshot(one.episode))
    whole = packed(changed, tmp_path / "a").read_bytes()
    image = Image(changed.layer)
    assert image.size == len(whole)
    for size in (1 << 20, 4096, 1000, 7777):
        assert b"".join(image.read(at, size) for at in range(0, image.size, size)) == whole
    assert image.read(image.size, 10) == b""


@pytest.mark.parametrize("name", ["notes", "mail", "shop", "booking"])
def test_a_snapshot_of_an_app_is_admitted_by_another_sandbox_of_it(name: str, tmp_path: Path) -> None:
    chosen = app if name == "notes" else load_app(name)
    sandbox, other = LocalSandbox(chosen), LocalSandbox(chosen, faults="hostile")
    task = f"{name}/train/{sandbox.families()[0]}/0"
    brief = sandbox.prepare(task)
    (one,) = sandbox.open(brief.snapshot, task)
    for message in brief.solution:
        if calls := m.calls_of(message):
            sandbox.step([StepRequest(episode=one.episode, calls=calls)])
    snapshot = sandbox.start(sandbox.snapshot(one.episode))
    path = packed(snapshot, tmp_path / "snapshot")
    kept = other.keep(other.admit(path, snapshot.page_id, snapshot.content_id))
    path.unlink()
    (again,) = other.open(kept, task)
    assert again.state == snapshot.page_id and other.content(again.episode) == sandbox.content(one.episode)


def test_a_snapshot_with_tables_that_faults_and_limits_make_is_admitted(tmp_path: Path) -> None:
    sandbox = LocalSandbox(app, cache_dir=tmp_path, faults="hostile")
    brief = sandbox.prepare(TASK)
    (one,) = sandbox.open(brief.snapshot, TASK)
    sandbox.step([StepRequest(episode=one.episode, calls=[m.call("notes_search", word="x")])])
    snapshot = sandbox.start(sandbox.snapshot(one.episode))
    assert sandbox.admit(packed(snapshot, tmp_path / "s"), snapshot.page_id, snapshot.content_id)


@pytest.mark.parametrize(
    ("statements", "why"),
    [
        ("CREATE TRIGGER evil AFTER INSERT ON notes_note BEGIN DELETE FROM notes_note; END", "trigger 'evil'"),
        ("CREATE VIEW evil AS SELECT * FROM notes_note", "view 'evil'"),
        ("CREATE TABLE evil(x)", "table 'evil'"),
        ("CREATE INDEX evil ON notes_note(body)", "index 'evil'"),
        ("CREATE VIRTUAL TABLE evil USING fts5(x)", "table 'evil"),
        ("DROP TABLE greenroom_event", "greenroom_event"),
        ("DROP TABLE notes_note; CREATE VIEW notes_note AS SELECT 1 AS id", "view 'notes_note'"),
        ("ALTER TABLE notes_note ADD COLUMN more", "table 'notes_note'"),
        ("DROP TABLE greenroom_limit; CREATE TABLE greenroom_limit(x)", "greenroom_limit"),
        ("DELETE FROM greenroom_state", "no clock"),
        ("UPDATE greenroom_table SET columns = '[\"id\"]'", "is not that of the schema"),
        ("UPDATE greenroom_table SET columns = 'nonsense'", "not a sound world"),
        ("UPDATE greenroom_table SET name = 'greenroom_state'", "is not that of the schema"),
        (
            "PRAGMA writable_schema=ON; UPDATE sqlite_master SET sql = 'CREATE TABLE notes_note(nonsense'"
            " WHERE name = 'notes_note'",
            "not a sound world",
        ),
        ("PRAGMA writable_schema=ON; UPDATE sqlite_master SET rootpage = 3 WHERE name = 'notes_note'", "not|damaged"),
        ("PRAGMA writable_schema=ON; DELETE FROM sqlite_master WHERE name LIKE 'greenroom_c%'", "greenroom_c|damaged"),
    ],
)
def test_what_the_app_does_not_make_is_refused(tmp_path: Path, statements: str, why: str) -> None:
    sandbox, snapshot = start(tmp_path)
    statements = statements if "greenroom_limit" not in statements else statements.partition("; ")[2]
    evil = rewritten(snapshot, tmp_path, statements)
    path = packed(evil, tmp_path / "evil")
    with pytest.raises(SnapshotError, match=why):
        sandbox.admit(path, evil.page_id, snapshot.content_id)


def test_another_snapshot_than_was_said_is_refused(tmp_path: Path) -> None:
    sandbox, snapshot = start(tmp_path)
    path = packed(snapshot, tmp_path / "s")
    with pytest.raises(SnapshotError, match="as was said"):
        sandbox.admit(path, "0" * 64, snapshot.content_id)
    with pytest.raises(SnapshotError, match="holds content"):
        sandbox.admit(path, snapshot.page_id, "0" * 64)
    mail = LocalSandbox(load_app("mail"))
    with pytest.raises(SnapshotError, match="does not make"):
        mail.admit(path, snapshot.page_id, snapshot.content_id)


def test_damaged_pages_are_refused_even_where_their_hashes_are_right(tmp_path: Path) -> None:
    sandbox, snapshot = start(tmp_path)
    plain = tmp_path / "plain.sqlite"
    snapshot.export(plain)
    data = bytearray(plain.read_bytes())
    for page in range(1, len(data) // 4096):
        broken = bytearray(data)
        broken[page * 4096 : page * 4096 + 40] = b"\xff" * 40
        plain.write_bytes(broken)
        evil = PageSnapshot(Layer.bottom(BaseFile(plain, hashlib.sha256(broken).hexdigest(), trusted=False)))
        with pytest.raises(SnapshotError):
            sandbox.admit(packed(evil, tmp_path / "evil"), evil.page_id, snapshot.content_id)


def header(change: Callable[[dict[str, object]], None]) -> Callable[[bytes], bytes]:
    """A file whose header says something else, and whose seal fits that."""

    def changed(data: bytes) -> bytes:
        told = json.loads(data[:4096])
        change(told)
        page = json.dumps(told).encode().ljust(4095) + b"\n"
        return page + data[4096:-32] + hashlib.sha256(page).digest()

    return changed


@pytest.mark.parametrize(
    "change",
    [
        header(lambda told: told.update(size=1 << 60)),
        header(lambda told: told.update(size=10**30)),
        header(lambda told: told.update(size=4095)),
        header(lambda told: told.update(pages=10**12)),
        header(lambda told: told.update(base_size=-4096)),
        header(lambda told: told.update(base_size=10**18)),
        header(lambda told: told.update(page_id="x")),
        header(lambda told: told.update(size=True)),
        lambda data: b"[" * 4096 + data[4096:],
        lambda data: data[:-1],
        lambda data: data + b"x",
        lambda data: b"",
        lambda data: data[:5000] + bytes([data[5000] ^ 255]) + data[5001:],
    ],
)
def test_files_that_lie_are_refused_at_once(tmp_path: Path, change: Callable[[bytes], bytes]) -> None:
    sandbox, snapshot = start(tmp_path)
    path = packed(snapshot, tmp_path / "s")
    path.write_bytes(change(path.read_bytes()))
    with pytest.raises(SnapshotError):
        load_snapshot(path)
    with pytest.raises(SnapshotError):
        sandbox.admit(path, snapshot.page_id, snapshot.content_id)


def test_an_image_says_what_it_is(tmp_path: Path) -> None:
    _, snapshot = start(tmp_path)
    assert re.match(r'\{"magic": "greenroom snapshot"', Image(snapshot.layer).read(0, 100).decode())


EVENT = "INSERT INTO greenroom_event(id, due, kind, payload) VALUES (999, {}, 'reminder', '{{}}')"


@pytest.mark.parametrize(
    ("statements", "sound"),
    [
        ("UPDATE greenroom_state SET now = 0", True),
        (f"UPDATE greenroom_state SET now = {LATEST}", True),
        (f"UPDATE greenroom_state SET now = {LATEST + 1}", False),
        ("UPDATE greenroom_state SET now = -1", False),
        ("UPDATE greenroom_state SET now = 'soon'", False),
        ("UPDATE greenroom_state SET now = 1e300", False),
        (f"UPDATE greenroom_state SET draws = {1 << 53}", True),
        (f"UPDATE greenroom_state SET draws = {(1 << 53) + 1}", False),
        ("UPDATE greenroom_state SET draws = -1", False),
        ("DELETE FROM greenroom_state", False),
        (EVENT.format(LATEST), True),
        (EVENT.format(LATEST + 1), False),
        (EVENT.format(-1), False),
        (EVENT.format("'soon'"), False),
        ("UPDATE greenroom_counter SET value = 1 << 54", False),
        ("UPDATE greenroom_counter SET value = -1", False),
        ("UPDATE greenroom_counter SET value = 'many'", False),
    ],
)
def test_times_and_counts_that_no_calendar_has_are_refused(tmp_path: Path, statements: str, sound: bool) -> None:
    sandbox, snapshot = start(tmp_path)
    odd = rewritten(snapshot, tmp_path, statements)
    path = packed(odd, tmp_path / "file")
    odd.adopt(app.recipe("small", "train", 0).schema)
    if sound:
        sandbox.keep(sandbox.admit(path, odd.page_id, odd.content_id))
        (one,) = sandbox.open(odd.page_id, TASK)
        (result,) = sandbox.step([StepRequest(episode=one.episode, calls=[m.call("notes_search", word="a")])])
        assert result.refused == 0
    else:
        with pytest.raises(SnapshotError, match=r"that is none|no clock of greenroom|damaged|not a sound world"):
            sandbox.admit(path, odd.page_id, "0" * 64)
