"""What every backend of worlds does. Pages, and what only one database can do, have files of their own."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from greenroom.errors import UnknownNameError, WorldError
from greenroom.worlds import Schema, Snapshot, World, diff, populated
from support.shop import Base, Item, Stock, shop_recipe
from support.worlds import run, short


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.slow)])
def shop(request: pytest.FixtureRequest, shop_cache: Path) -> Snapshot:
    address = request.getfixturevalue("postgres") if request.param == "postgres" else None
    return populated(replace(shop_recipe(), backend=request.param), shop_cache, address)


@pytest.fixture
def world(shop: Snapshot) -> Iterator[World]:
    with shop.open() as world:
        yield world


def test_a_fork_is_written_and_its_snapshot_is_not(shop: Snapshot, world: World) -> None:
    before = shop.page_id
    with world.transaction("agent") as session:
        session.execute(sa.text("UPDATE shop_item SET price = 1 WHERE id = 7"))
    assert world.freeze().page_id != before
    assert shop.open().freeze().page_id == before
    with shop.open() as other, other.transaction("agent") as session:
        assert session.scalar(sa.text("SELECT price FROM shop_item WHERE id = 7")) == 70


def test_events_fall_due_in_order_of_time_then_of_number(world: World) -> None:
    with world.transaction("world"):
        for kind, seconds in (("late", 9), ("first", 3), ("second", 3), ("never", 99)):
            world.schedule(kind, {"in": seconds}, after=timedelta(seconds=seconds))
    events = world.advance(timedelta(seconds=10))
    assert [event.kind for event in events] == ["first", "second", "late"]
    assert events[0].payload == {"in": 3}
    assert world.now - events[2].due == timedelta(seconds=1)
    assert world.advance(timedelta(seconds=10)) == []


def test_time_can_be_moved_from_one_event_to_the_next(world: World) -> None:
    start = world.now
    with world.transaction("world"):
        for kind, seconds in (("late", 9), ("first", 3), ("second", 3), ("never", 99)):
            world.schedule(kind, {"in": seconds}, after=timedelta(seconds=seconds))
    until, seen = start + timedelta(seconds=10), list[tuple[str, int]]()
    while event := world.advance_to(until):
        seen.append((event.kind, (world.now - start).seconds))
    assert seen == [("first", 3), ("second", 3), ("late", 9)]
    assert world.now == until
    with pytest.raises(WorldError, match="time cannot go back"):
        world.advance_to(start)


@pytest.mark.parametrize("use", ["session", "random"])
def test_what_needs_a_transaction_says_so(world: World, use: str) -> None:
    with pytest.raises(Exception, match=r"open one with world\.transaction"):
        getattr(world, use)


def test_the_clock_starts_where_the_recipe_says_and_only_advance_moves_it(world: World) -> None:
    assert world.now.isoformat() == "2026-03-02T09:00:00+00:00"
    world.advance(timedelta(minutes=1, microseconds=7))
    assert world.now.isoformat() == "2026-03-02T09:01:00.000007+00:00"
    assert world.freeze().open().now == world.now
    with pytest.raises(WorldError, match="time cannot go back"):
        world.advance(timedelta(seconds=-1))


def test_a_rolled_back_transaction_takes_back_counters_events_and_randomness(world: World) -> None:
    before = world.freeze()
    drawn: list[float] = []
    for _ in range(2):
        with pytest.raises(ZeroDivisionError), world.transaction("agent"):
            drawn.append(world.random.random())
            assert world.new_id("note") == 1
            world.schedule("ring", {}, after=timedelta(seconds=1))
            raise ZeroDivisionError
    assert drawn[0] == drawn[1]
    assert world.freeze().page_id == before.page_id
    assert world.advance(timedelta(days=1)) == []


def added(world: World, number: int | None = None) -> int:
    with world.transaction("agent") as session:
        item = Item(id=number, name=f"thing {number}", price=1, added=world.now)
        session.add(item)
        session.flush()
        session.execute(sa.text(f"UPDATE shop_item SET name = 'thing {item.id}' WHERE id = {item.id}"))
        return item.id


def test_a_new_row_has_the_number_after_the_greatest_whoever_gave_that(world: World) -> None:
    assert [added(world), added(world), added(world, 400), added(world)] == [301, 302, 400, 401]
    with world.transaction("agent") as session:
        session.execute(sa.text("UPDATE shop_item SET id = 500 WHERE id = 401"))
    assert added(world) == 501
    with world.transaction("agent") as session:
        session.execute(sa.text("DELETE FROM shop_item WHERE id > 302"))
    assert added(world.freeze().open()) == added(world) == 303


def test_a_new_row_that_is_rolled_back_leaves_no_gap(world: World) -> None:
    before = world.freeze().page_id
    with pytest.raises(ZeroDivisionError), world.transaction("agent") as session:
        session.add(Item(name="thing", price=1, added=world.now))
        session.flush()
        raise ZeroDivisionError
    assert world.freeze().page_id == before
    assert added(world) == 301


def test_counters_count_each_kind_by_itself(world: World) -> None:
    with world.transaction("agent"):
        assert [world.new_id(kind) for kind in ("a", "a", "b", "a")] == [1, 2, 1, 3]
    with world.freeze().open() as fork, fork.transaction("user"):
        assert fork.new_id("a") == 4


def draw(world: World) -> list[int]:
    with world.transaction("agent"):
        return [world.random.randint(0, 1 << 40) for _ in range(3)]


def test_forks_draw_the_same_and_transactions_differ(shop: Snapshot) -> None:
    with shop.open() as one, shop.open() as other:
        first, second = draw(one), draw(one)
        assert first != second
        assert [draw(other), draw(other)] == [first, second]
        assert draw(one.freeze().open()) == draw(one)
        one.reseed("task/1")
        other.reseed("task/1")
        assert first != draw(one) == draw(other)


def test_a_transaction_has_a_known_actor_and_is_alone(world: World) -> None:
    with pytest.raises(UnknownNameError, match="no actor 'robot'; there is: agent, user, world"):
        world.transaction("robot").__enter__()
    with pytest.raises(UnknownNameError, match="did you mean 'agent'"):
        world.changes(by="agents")
    with world.transaction("agent"):
        for act in (
            lambda: world.transaction("agent").__enter__(),
            lambda: world.advance(timedelta(1)),
            lambda: world.freeze(),
        ):
            with pytest.raises(WorldError, match="a transaction is running"):
                act()
    world.freeze()


@pytest.mark.parametrize("end", ["commit", "rollback"])
def test_apps_cannot_end_the_transaction(world: World, end: str) -> None:
    with pytest.raises(WorldError, match=r"session\.commit|begin_nested"), world.transaction("agent") as session:
        getattr(session, end)()


@pytest.mark.parametrize("end", ["COMMIT", "ROLLBACK"])
def test_ending_the_transaction_by_sql_undoes_it(world: World, end: str) -> None:
    before = world.freeze()
    with pytest.raises(WorldError, match="ended its transaction by SQL"), world.transaction("agent") as session:
        session.get_one(Item, 1).price = 0
        session.flush()
        session.execute(sa.text(end))
    assert (world.freeze().page_id, world.changes()) == (before.page_id, [])
    with world.transaction("agent") as session:
        assert session.get_one(Item, 1).price == 10


def test_foreign_keys_hold(world: World) -> None:
    with pytest.raises(sa.exc.IntegrityError), world.transaction("agent") as session:
        session.execute(sa.text("DELETE FROM shop_item WHERE id = 1"))


def test_rows_can_be_read_after_their_transaction(world: World) -> None:
    with world.transaction("agent") as session:
        item = session.get_one(Item, 3)
        item.price = 31
    assert (item.name, item.price) == ("item 3", 31)


def test_all_worlds_of_a_set_of_apps_share_an_engine(shop: Snapshot) -> None:
    assert shop.schema and Schema.of(Base.metadata, backend=shop.schema.backend) is shop.schema
    with shop.open() as one, shop.open() as other, one.transaction("agent") as a, other.transaction("agent") as b:
        assert a.connection().engine is b.connection().engine


def test_closing_twice_is_fine(shop: Snapshot) -> None:
    world = shop.open()
    world.close()
    world.close()


def test_diff_tells_rows_by_table_and_key(shop: Snapshot, world: World) -> None:
    with world.transaction("agent") as session:
        session.get_one(Item, 9).price = 91
        session.execute(sa.text("DELETE FROM shop_stock WHERE item_id = 4 AND place = 'attic'"))
    found = diff(shop, world.freeze())
    assert [(c.op, c.table, c.key) for c in found] == [
        ("update", "shop_item", (9,)),
        ("delete", "shop_stock", (4, "attic")),
    ]
    assert found[0].before and found[0].after and found[0].before["price"] == 90 and found[0].after["price"] == 91
    assert diff(shop, shop) == []


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


def test_deleting_all_rows_is_seen_row_by_row(shop: Snapshot, world: World) -> None:
    run(world, "DELETE FROM shop_stock")
    assert len(world.changes()) == 600
    assert len(diff(shop, world.freeze())) == 600
