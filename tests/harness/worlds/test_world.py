from datetime import timedelta

import pytest
import sqlalchemy as sa

from greenroom.worlds import Snapshot, World


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


@pytest.mark.parametrize("use", ["session", "random"])
def test_what_needs_a_transaction_says_so(world: World, use: str) -> None:
    with pytest.raises(Exception, match=r"open one with world\.transaction"):
        getattr(world, use)
