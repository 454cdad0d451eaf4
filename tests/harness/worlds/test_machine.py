"""Worlds against plain in-memory databases, over any sequence of what can be done to them."""

import tempfile
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import apsw
import pytest
import sqlalchemy as sa
from hypothesis import Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, initialize, rule
from sqlalchemy.exc import IntegrityError

from greenroom.worlds import Change, PageSnapshot, World, build_base, diff, load_snapshot, net
from support.shop import shop_recipe

TABLES = ("shop_item", "shop_stock")

keys = st.integers(1, 400)
texts = st.text(max_size=3000)
statements = st.one_of(
    st.builds(lambda k, p: (f"UPDATE shop_item SET price = {p} WHERE id % 40 = {k % 40}", {}), keys, keys),
    st.builds(lambda k, t: ("UPDATE shop_item SET name = :t WHERE id = :k", {"t": t, "k": k}), keys, texts),
    st.builds(lambda k: ("UPDATE shop_item SET id = id + 1000 WHERE id = :k", {"k": k}), keys),
    st.builds(lambda k: (f"DELETE FROM shop_stock WHERE count > {k % 9}", {}), keys),
    st.builds(
        lambda k: (f"DELETE FROM shop_item WHERE id > {k} AND id NOT IN (SELECT item_id FROM shop_stock)", {}), keys
    ),
    st.builds(lambda k: (f"UPDATE OR REPLACE shop_item SET name = 'item {k}' WHERE id = 3", {}), keys),
    st.builds(
        lambda k, t: (
            "INSERT INTO shop_item VALUES (:k + 1000, :t, 1, '2026-01-01'), (:k, :t || 'x', 2, '2026-01-01')",
            {"k": k, "t": t},
        ),
        keys,
        texts,
    ),
    st.builds(
        lambda k, b: ("INSERT OR REPLACE INTO shop_stock VALUES (:k, 'attic', 5, :b)", {"k": k, "b": b}),
        keys,
        st.binary(max_size=9000),
    ),
    st.just(("DELETE FROM shop_stock", {})),
)
Statement = tuple[str, dict[str, Any]]


@dataclass
class Pair:
    """A world and the plain database that it must equal."""

    world: World
    plain: apsw.Connection


@dataclass
class Frozen:
    """A snapshot and the image that it must equal."""

    snapshot: PageSnapshot
    image: bytes


def plain_from(image: bytes) -> apsw.Connection:
    plain = apsw.Connection(":memory:")
    plain.deserialize("main", image)
    plain.execute("PRAGMA foreign_keys=ON").fetchall()
    return plain


def rows_of(execute: Callable[[str], Any]) -> list[list[Any]]:
    return [[tuple(row) for row in execute(f"SELECT * FROM {table} ORDER BY 1, 2")] for table in TABLES]


def by_place(changes: list[Change]) -> dict[Any, Any]:
    return {(c.table, c.key): (c.op, c.before, c.after) for c in changes}


class AbortError(Exception):
    pass


class Worlds(RuleBasedStateMachine):
    pairs: Bundle[Pair] = Bundle("pairs")
    frozen: Bundle[Frozen] = Bundle("frozen")

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.open: list[Pair] = []

    @initialize(target=frozen)
    def populate(self) -> Frozen:
        self.base = build_base(shop_recipe(), Path(self.folder.name)).snapshot()
        exported = Path(self.folder.name) / "base.sqlite"
        self.base.export(exported)
        return Frozen(self.base, exported.read_bytes())

    @rule(target=pairs, start=frozen)
    def fork(self, start: Frozen) -> Pair:
        pair = Pair(start.snapshot.open(), plain_from(start.image))
        self.open.append(pair)
        return pair

    @rule(pair=pairs, todo=st.lists(statements, min_size=1, max_size=8), keep=st.booleans(), nested=st.booleans())
    def write(self, pair: Pair, todo: list[Statement], keep: bool, nested: bool) -> None:
        pair.plain.execute("BEGIN")
        with suppress(AbortError), pair.world.transaction("agent") as session:
            for sql, values in todo:
                refused = False
                try:
                    if nested:
                        with session.begin_nested():
                            session.execute(sa.text(sql), values)
                    else:
                        session.execute(sa.text(sql), values)
                except IntegrityError:
                    refused = True
                try:
                    pair.plain.execute(sql, values)
                    assert not refused
                except apsw.ConstraintError:
                    assert refused
            if not keep:
                raise AbortError
        pair.plain.execute("COMMIT" if keep else "ROLLBACK")
        self.check(pair)

    @rule(pair=pairs)
    def vacuum_and_grow(self, pair: Pair) -> None:
        pair.world.connection.execute("VACUUM")
        self.check(pair)
        grow = "INSERT OR REPLACE INTO shop_stock SELECT id, 'shed', 1, zeroblob(2000) FROM shop_item WHERE id < 40"
        self.write(pair, [(grow, {})], keep=True, nested=False)

    @rule(target=frozen, pair=pairs)
    def freeze(self, pair: Pair) -> Frozen:
        frozen = Frozen(pair.world.freeze(), pair.plain.serialize("main"))
        assert frozen.snapshot.content_id == pair.world.content_id
        return frozen

    @rule(pair=pairs, to=frozen)
    def reset(self, pair: Pair, to: Frozen) -> None:
        pair.world.close()
        pair.world, pair.plain = to.snapshot.open(), plain_from(to.image)
        self.check(pair)

    @rule(target=frozen, start=frozen)
    def save_and_load(self, start: Frozen) -> Frozen:
        path = Path(self.folder.name) / "saved"
        start.snapshot.save(path)
        loaded = load_snapshot(path, start.snapshot.schema)
        assert (loaded.page_id, loaded.content_id) == (start.snapshot.page_id, start.snapshot.content_id)
        return Frozen(loaded, start.image)

    @rule(pair=consumes(pairs))
    def drop(self, pair: Pair) -> None:
        pair.world.close()
        self.open.remove(pair)

    def check(self, pair: Pair) -> None:
        with pair.world.transaction("world") as session:
            assert rows_of(lambda sql: session.execute(sa.text(sql))) == rows_of(pair.plain.execute)
        changed = diff(self.base, pair.world.freeze())
        assert by_place(changed) == by_place(net(pair.world.changes()))

    def teardown(self) -> None:
        for pair in self.open:
            self.check(pair)
            assert pair.world.connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
            pair.world.close()
        self.folder.cleanup()


TestWorlds = pytest.mark.slow(Worlds.TestCase)
TestWorlds.settings = settings(
    max_examples=40, stateful_step_count=25, deadline=None, phases=(Phase.explicit, Phase.generate)
)
