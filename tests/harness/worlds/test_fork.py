from collections.abc import Callable
from datetime import timedelta

import apsw
import pytest
import sqlalchemy as sa

from greenroom.errors import WorldError
from greenroom.worlds import Fork, PageDatabase, PageSnapshot, World
from greenroom.worlds.layer import PAGE, ZERO


def price(world: World, item: int = 7) -> int:
    with world.transaction("world") as session:
        return session.scalars(sa.text("SELECT price FROM shop_item WHERE id = :item"), {"item": item}).one()


def set_price(world: World, price: int, item: int = 7) -> None:
    with world.transaction("agent") as session:
        session.execute(sa.text("UPDATE shop_item SET price = :p WHERE id = :item"), {"p": price, "item": item})


def test_siblings_never_see_each_others_writes(shop: PageSnapshot) -> None:
    worlds = [shop.open() for _ in range(5)]
    for number, world in enumerate(worlds):
        set_price(world, number)
    assert [price(world) for world in worlds] == [0, 1, 2, 3, 4]
    assert price(shop.open()) == 70
    for world in worlds:
        world.close()


def test_three_levels_of_forks_stay_apart(shop: PageSnapshot) -> None:
    with shop.open() as parent:
        set_price(parent, 1)
        with parent.freeze().open() as child:
            set_price(child, 2)
            set_price(parent, 10)
            with child.freeze().open() as grandchild:
                set_price(grandchild, 3)
                set_price(child, 20)
                assert [price(w) for w in (parent, child, grandchild)] == [10, 20, 3]
                assert price(grandchild.freeze().open()) == 3
                assert price(shop.open()) == 70


def test_a_database_that_shrank_and_grew_again_shows_no_old_page(shop: PageSnapshot) -> None:
    fork = shop.fork()
    full = fork.size
    fork.truncate(5 * PAGE)
    fork.write(b"x" * PAGE, 9 * PAGE)
    assert fork.read(PAGE, 7 * PAGE) == ZERO
    assert fork.read(PAGE, 9 * PAGE) == b"x" * PAGE
    assert fork.read(PAGE, full) == b""
    layer = fork.freeze()
    assert set(layer.delta) == {n for n in range(5, 9) if shop.layer.page(n) != ZERO} | {9}
    again = Fork(layer)
    assert [bytes(again.read(PAGE, n * PAGE)) for n in range(10)] == [
        bytes(fork.read(PAGE, n * PAGE)) for n in range(10)
    ]


def test_vacuum_shortens_a_fork_and_leaves_the_rows(world: World) -> None:
    with world.transaction("agent") as session:
        session.execute(sa.text("DELETE FROM shop_stock"))
    world.clear_changes()
    before, content = world.freeze(), world.content_id
    world.connection.execute("VACUUM")
    after = world.freeze()
    assert after.layer.size < before.layer.size
    assert (after.content_id, after.page_id == before.page_id) == (content, False)


def test_pages_written_back_as_they_were_do_not_count(shop: PageSnapshot) -> None:
    fork = shop.fork()
    fork.write(bytes(fork.read(PAGE, 3 * PAGE)), 3 * PAGE)
    assert fork.pages
    assert fork.freeze().delta == {}
    assert fork.freeze().page_id == shop.page_id


def test_a_fork_has_one_connection(shop: PageSnapshot) -> None:
    fork = shop.fork()
    db = fork.connect()
    with pytest.raises(WorldError, match="open already"):
        fork.connect()
    db.close()
    fork.connect().close()


def test_a_world_reaches_no_other_file(world: World) -> None:
    with pytest.raises(apsw.CantOpenError, match="nothing beside it"):
        world.connection.execute("ATTACH '/etc/hostname' AS other")


def test_a_fork_that_has_too_many_pages_of_its_own_refuses_and_stays_as_it_was(shop: PageSnapshot) -> None:
    assert shop.schema
    with World(PageDatabase(Fork(shop.layer, most=40), shop.schema)) as world:
        set_price(world, 1)
        before = world.freeze().page_id
        with pytest.raises(Exception, match="40 pages of its own"):
            by_orm(world)
        assert world.freeze().page_id == before
        set_price(world, 2)
        assert price(world) == 2


# -- a failing disk


class Disk:
    """Fails the k-th page write, and all after it if it stays broken."""

    def __init__(self) -> None:
        self.left: int | None = None
        self.stays_broken = False
        self.failed = 0

    def __call__(self, page: int) -> None:
        if self.left is None:
            return
        self.left -= 1
        if self.left == 0 or (self.left < 0 and self.stays_broken):
            self.failed += 1
            raise apsw.FullError("disk full")


def by_orm(world: World) -> None:
    with world.transaction("agent") as session:
        session.execute(sa.text("DELETE FROM shop_stock WHERE item_id % 3 = 0"))
        session.execute(sa.text("UPDATE shop_item SET name = name || hex(zeroblob(500)) WHERE id % 2"))
        world.schedule("ring", {}, after=timedelta(1))


def by_clock(world: World) -> None:
    world.advance(timedelta(days=2))


def by_counters(world: World) -> None:
    with world.transaction("agent"):
        world.new_id("thing")
        world.reseed("other")


@pytest.mark.parametrize("stays_broken", [False, True], ids=["fails once", "stays broken"])
@pytest.mark.parametrize("act", [by_orm, by_clock, by_counters])
def test_failing_any_page_write_of_a_transaction_leaves_the_world_as_before(
    shop: PageSnapshot, act: Callable[[World], None], stays_broken: bool
) -> None:
    assert shop.schema
    disk = Disk()
    disk.stays_broken = stays_broken
    world = World(PageDatabase(shop.fork(disk), shop.schema))
    set_price(world, 5)
    before, changes, now = world.freeze(), world.changes(), world.now
    for write in range(1, 1000):
        disk.left = write
        disk.failed = 0
        try:
            act(world)
        except Exception:
            assert disk.failed
        else:
            break
        disk.left = None
        assert (world.freeze().page_id, world.changes(), world.now) == (before.page_id, changes, now)
        assert price(world) == 5
    assert write > 2
    assert not disk.failed
    disk.left = None
    with before.open() as other:
        act(other)
        assert other.freeze().page_id == world.freeze().page_id
    world.close()


def test_a_fork_that_was_written_to_has_an_id_of_its_own(shop: PageSnapshot) -> None:
    with shop.open() as world:
        assert world.page_id == shop.page_id
        with world.transaction("agent"):
            world.new_id("thing")
        assert world.page_id != shop.page_id
        assert world.freeze().page_id == world.page_id
