import hashlib
import json
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest
import sqlalchemy as sa

from greenroom.errors import SnapshotError, WorldError
from greenroom.worlds import PageSnapshot, Schema, load_snapshot
from greenroom.worlds.layer import PAGE, BaseFile, Layer
from support.shop import Base, Item


@pytest.fixture
def changed(shop: PageSnapshot) -> PageSnapshot:
    with shop.open() as world:
        with world.transaction("agent") as session:
            session.get_one(Item, 7).name = "changed " * 1000
        return world.freeze()


@pytest.fixture
def saved(changed: PageSnapshot, tmp_path: Path) -> Path:
    path = tmp_path / "shop.snapshot"
    changed.save(path)
    return path


def test_a_saved_snapshot_is_the_same_when_loaded(changed: PageSnapshot, saved: Path) -> None:
    loaded = load_snapshot(saved, Schema.of(Base.metadata))
    assert (loaded.page_id, loaded.content_id) == (changed.page_id, changed.content_id)
    with loaded.open() as world, world.transaction("agent") as session:
        assert session.get_one(Item, 7).name.startswith("changed")
        session.get_one(Item, 7).name = "again"
    assert load_snapshot(saved).page_id == changed.page_id


def test_a_loaded_snapshot_can_be_saved_again(saved: Path, tmp_path: Path) -> None:
    again = tmp_path / "again"
    load_snapshot(saved).save(again)
    assert again.read_bytes() == saved.read_bytes()


def test_an_exported_world_opens_in_any_sqlite(changed: PageSnapshot, tmp_path: Path) -> None:
    path = tmp_path / "shop.sqlite"
    changed.export(path)
    db = sqlite3.connect(path)
    assert db.execute("SELECT count(*), max(length(name)) FROM shop_item").fetchone() == (300, 8000)
    assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    db.close()


def test_a_file_truncated_anywhere_is_refused(saved: Path) -> None:
    whole = saved.read_bytes()
    for length in (0, 1, 100, PAGE - 1, PAGE, PAGE + 1, len(whole) // 2, len(whole) - PAGE, len(whole) - 1):
        saved.write_bytes(whole[:length])
        with pytest.raises(SnapshotError, match=r"truncated|no snapshot"):
            load_snapshot(saved)


def test_a_file_altered_anywhere_is_refused(saved: Path) -> None:
    whole = saved.read_bytes()
    for place in [5, 60, 200, PAGE - 2, *range(PAGE, len(whole), 1777), len(whole) - 1]:
        altered = bytearray(whole)
        altered[place] ^= 1
        saved.write_bytes(altered)
        with pytest.raises(SnapshotError):
            load_snapshot(saved)


def test_a_longer_file_is_refused(saved: Path) -> None:
    saved.write_bytes(saved.read_bytes() + b"x")
    with pytest.raises(SnapshotError, match="altered"):
        load_snapshot(saved)


def _sealed(path: Path, change: Callable[[dict[str, object]], object]) -> None:
    """Alter the header and seal it anew, as somebody would who means harm."""
    whole = path.read_bytes()
    header = json.loads(whole[:PAGE])
    change(header)
    text = json.dumps(header).encode().ljust(PAGE - 1) + b"\n"
    path.write_bytes(text + whole[PAGE:-32] + hashlib.sha256(text).digest())


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda h: h.update(format=2), r"format 2, but this greenroom reads format 1"),
        (lambda h: h.update(magic="other"), "no snapshot of greenroom"),
        (lambda h: h.update(size="many"), "size = 'many'"),
        (lambda h: h.update(size=-4096), "size = -4096"),
        (lambda h: h.update(size=h["size"] + 4096), "altered"),
        (lambda h: h.update(size=12345), "altered"),
        (lambda h: h.pop("pages"), "pages = None"),
        (lambda h: h.update(base="0" * 64), "altered"),
        (lambda h: h.update(page_id="0" * 64), "altered"),
    ],
)
def test_a_foreign_header_is_refused(saved: Path, change: Callable[[dict[str, object]], object], says: str) -> None:
    _sealed(saved, change)
    with pytest.raises(SnapshotError, match=says):
        load_snapshot(saved)


@pytest.mark.parametrize("content", [b"", b"{}", b"[1]", b"\x00\xff" * 9000, b"SQLite format 3\0" + bytes(8176)])
def test_a_file_of_another_kind_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "other"
    path.write_bytes(content)
    with pytest.raises(SnapshotError, match="no snapshot of greenroom"):
        load_snapshot(path)
    assert path.read_bytes() == content


def test_a_file_without_a_world_in_it_is_refused(tmp_path: Path) -> None:
    plain, path = tmp_path / "plain", tmp_path / "saved"
    db = sqlite3.connect(plain)
    db.execute("CREATE TABLE t(a)")
    db.commit()
    db.close()
    image = plain.read_bytes()
    PageSnapshot(Layer.bottom(BaseFile(plain, hashlib.sha256(image).hexdigest()))).save(path)
    with pytest.raises(SnapshotError, match="holds no world of greenroom: no such table"):
        load_snapshot(path)


def test_a_save_that_fails_leaves_what_was_there(changed: PageSnapshot, tmp_path: Path) -> None:
    with pytest.raises(OSError, match="directory"):
        changed.save(tmp_path / "missing" / "file")
    taken = tmp_path / "taken"
    taken.mkdir()
    with pytest.raises(OSError, match="directory"):
        changed.save(taken)
    assert list(tmp_path.iterdir()) == [taken]


def test_a_loaded_snapshot_asks_for_its_schema(saved: Path) -> None:
    with pytest.raises(WorldError, match=r"pass the schema of its apps"):
        load_snapshot(saved).open()


def test_another_schema_is_refused(saved: Path) -> None:
    other = sa.MetaData()
    sa.Table("shop_item", other, sa.Column("id", sa.Integer, primary_key=True))
    with pytest.raises(WorldError, match=r"table 'shop_item' of the snapshot is not that of the schema"):
        load_snapshot(saved, Schema.of(other))
