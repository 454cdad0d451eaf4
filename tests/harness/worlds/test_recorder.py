import pytest
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from greenroom.worlds import Change, PageSnapshot, World, diff, net
from support.shop import Item, Stock


def run(world: World, *statements: str, actor: str = "agent") -> None:
    with world.transaction(actor) as session:
        for statement in statements:
            session.execute(sa.text(statement))


def short(changes: list[Change]) -> list[tuple[str, str, tuple[object, ...]]]:
    return [(change.actor, change.op, change.key) for change in changes]


def test_each_change_has_its_actor_rows_and_key(world: World) -> None:
    with world.transaction("agent") as session:
        session.get_one(Item, 7).price = 71
        session.delete(session.get_one(Stock, (8, "attic")))
    with world.transaction("user") as session:
        session.add(Stock(item_id=7, place="shed", count=1, label=b"\0\xff"))
    updated, deleted, inserted = world.changes()
    assert updated.before and updated.after and inserted.after
    assert (updated.actor, updated.op, updated.table, updated.key) == ("agent", "update", "shop_item", (7,))
    assert (updated.before["price"], updated.after["price"]) == (70, 71)
    assert updated.after["added"] == world.now.replace(tzinfo=None)
    assert (deleted.op, deleted.key, deleted.after) == ("delete", (8, "attic"), None)
    assert inserted.after == {"item_id": 7, "place": "shed", "count": 1, "label": b"\0\xff"}
    assert short(world.changes(by="user")) == [("user", "insert", (7, "shed"))]


def test_changes_survive_freeze_and_fork_until_they_are_cleared(world: World) -> None:
    run(world, "DELETE FROM shop_stock WHERE item_id = 1")
    with world.freeze().open() as fork:
        assert fork.changes() == world.changes() != []
        fork.clear_changes()
        assert fork.changes() == []
        with fork.freeze().open() as again:
            assert again.changes() == []
    assert len(world.changes()) == 2


def test_a_rolled_back_transaction_leaves_no_changes(world: World) -> None:
    with pytest.raises(ZeroDivisionError), world.transaction("agent") as session:
        session.execute(sa.text("DELETE FROM shop_stock"))
        assert len(world.changes()) == 600
        raise ZeroDivisionError
    assert world.changes() == []
    run(world, "UPDATE shop_item SET price = 0 WHERE id = 1")
    assert short(world.changes()) == [("agent", "update", (1,))]


def test_a_rolled_back_savepoint_takes_its_changes_along(world: World) -> None:
    with world.transaction("agent") as session:
        session.execute(sa.text("UPDATE shop_item SET price = 0 WHERE id = 1"))
        with pytest.raises(ZeroDivisionError), session.begin_nested():
            session.execute(sa.text("UPDATE shop_item SET price = 0 WHERE id = 2"))
            with session.begin_nested():
                session.execute(sa.text("UPDATE shop_item SET price = 0 WHERE id = 3"))
            raise ZeroDivisionError
        with session.begin_nested():
            session.execute(sa.text("UPDATE shop_item SET price = 0 WHERE id = 4"))
    assert [change.key for change in world.changes()] == [(1,), (4,)]


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


def test_deleting_all_rows_is_seen_row_by_row(shop: PageSnapshot, world: World) -> None:
    run(world, "DELETE FROM shop_stock")
    assert len(world.changes()) == 600
    assert len(diff(shop, world.freeze())) == 600


def test_full_text_tables_are_never_recorded(shop: PageSnapshot, world: World) -> None:
    run(world, "INSERT INTO shop_item VALUES (1001, 'zebra', 1, '2026-01-01')")
    with world.transaction("agent") as session:
        assert session.scalars(sa.text("SELECT rowid FROM shop_search WHERE shop_search MATCH 'zebra'")).all() == [1001]
    assert [change.table for change in world.changes()] == ["shop_item"]
    assert [change.table for change in diff(shop, world.freeze())] == ["shop_item"]
