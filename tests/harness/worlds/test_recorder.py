import pytest
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from greenroom.worlds import PageSnapshot, World, diff, net
from support.worlds import run, short


@pytest.mark.parametrize("kept", [False, True])
def test_a_failed_statement_leaves_what_sqlite_leaves(world: World, kept: bool) -> None:
    how = "INSERT OR FAIL INTO" if kept else "INSERT INTO"
    with world.transaction("agent") as session:
        with pytest.raises(IntegrityError):
            session.execute(
                sa.text(f"{how} shop_item VALUES (1001, 'new', 1, '2026-01-01'), (1, 'x', 1, '2026-01-01')")
            )
        assert session.scalars(sa.text("SELECT count(*) FROM shop_item WHERE id > 1000")).one() == kept
    assert short(world.changes()) == [("agent", "insert", (1001,))] * kept


def test_a_failed_set_of_many_keeps_those_before_it(world: World) -> None:
    grow = sa.text("UPDATE shop_item SET name = :name WHERE id >= :first AND id < :first + 2")
    with world.transaction("agent") as session, pytest.raises(IntegrityError):
        session.execute(grow, [{"first": 300, "name": "last"}, {"first": 10, "name": "both"}])
    assert [change.key for change in world.changes()] == [(300,)]


def test_a_replaced_row_and_a_moved_row_are_told_by_key(shop: PageSnapshot, world: World) -> None:
    run(world, "DELETE FROM shop_stock WHERE item_id IN (2, 5)")
    world.clear_changes()
    run(world, "UPDATE OR REPLACE shop_item SET name = 'item 5' WHERE id = 2")
    assert short(net(world.changes())) == [("agent", "delete", (5,)), ("agent", "update", (2,))]
    run(world, "UPDATE shop_item SET id = 1005 WHERE id = 2")
    assert sorted(short(net(world.changes()))) == [
        ("agent", "delete", (2,)),
        ("agent", "delete", (5,)),
        ("agent", "insert", (1005,)),
    ]


def test_full_text_tables_are_never_recorded(shop: PageSnapshot, world: World) -> None:
    run(world, "INSERT INTO shop_item VALUES (1001, 'zebra', 1, '2026-01-01')")
    with world.transaction("agent") as session:
        assert session.scalars(sa.text("SELECT rowid FROM shop_search WHERE shop_search MATCH 'zebra'")).all() == [1001]
    assert [change.table for change in world.changes()] == ["shop_item"]
    assert [change.table for change in diff(shop, world.freeze())] == ["shop_item"]
