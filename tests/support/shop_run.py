"""Builds the shop's base, does much to a fork of it, prints the ids: run it in any process and compare."""

import sys
from multiprocessing.synchronize import Event as Signal
from pathlib import Path

import sqlalchemy as sa

from greenroom.worlds import Fork, PageDatabase, PageSnapshot, World, build_base
from support.shop import populate, shop_recipe


def work(start: PageSnapshot, cache_kib: int = 256) -> str:
    """Updates, deletes, a rolled back transaction and a VACUUM on a fork; returns its ids."""
    assert start.schema
    world = World(PageDatabase(Fork(start.layer, cache_kib=cache_kib), start.schema))
    for step in range(6):
        with world.transaction("agent") as session:
            session.execute(
                sa.text("UPDATE shop_item SET name = name || hex(zeroblob(300)) WHERE id % 7 = :s"), {"s": step}
            )
            session.execute(sa.text("DELETE FROM shop_stock WHERE item_id % 11 = :s"), {"s": step})
            many = [{"id": world.new_id("item") + 1000, "name": str(world.random.getrandbits(60))} for _ in range(50)]
            session.execute(sa.text("INSERT INTO shop_item VALUES (:id, :name, 1, '2026-01-01')"), many)
        try:
            with world.transaction("user") as session:
                session.execute(sa.text("DELETE FROM shop_stock"))
                raise ZeroDivisionError
        except ZeroDivisionError:
            pass
        if step == 3:
            world.clear_changes()
            world.connection.execute("VACUUM")
    with world.transaction("agent") as session:
        session.execute(sa.text("DELETE FROM shop_stock WHERE count > 3"))
    frozen = world.freeze()
    world.close()
    return f"{start.page_id} {frozen.page_id} {frozen.content_id}"


def build_slowly(folder: Path, begun: Signal, go_on: Signal) -> None:
    """Build the base, but stop half way until told to go on."""

    def slow(world: World) -> None:
        populate(world)
        world.session.flush()
        begun.set()
        go_on.wait(60)

    build_base(shop_recipe(populate=slow), folder)


if __name__ == "__main__":
    print(work(build_base(shop_recipe(), Path(sys.argv[1])).snapshot()))
