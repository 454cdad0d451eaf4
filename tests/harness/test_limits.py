import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from greenroom import App, Rate, Size, Split, World
from greenroom import messages as m
from greenroom.errors import UsageError
from greenroom.faults import REALISTIC, Injector, Retrying
from greenroom.worlds import build_base


class Base(DeclarativeBase):
    pass


class Ring(Base):
    __tablename__ = "bell_ring"
    id: Mapped[int] = mapped_column(primary_key=True)


bell = App("bell", models=Base, summary="A bell that may be rung three times a minute.")


@bell.tool(at_most=Rate(3, timedelta(minutes=1)))
def ring(world: World) -> None:
    """Ring."""
    world.session.add(Ring(id=world.new_id("ring")))


@bell.tool
def listen(world: World) -> None:
    """Listen, as often as you like."""


@bell.populate
def populate(world: World, size: Size, split: Split) -> None:
    pass


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    world = build_base(bell.recipe("small", "train"), tmp_path).snapshot().open()
    yield world
    world.close()


def answers(world: World, count: int, tool: str = "bell_ring") -> list[dict[str, object]]:
    return [json.loads(bell.call(world, m.call(tool)).text) for _ in range(count)]


def test_calls_beyond_the_rate_are_refused_and_told_how_long_to_wait(world: World) -> None:
    *served, refused = answers(world, 4)
    assert served == [{"ok": True}] * 3
    assert refused == {
        "error": "rate_limited",
        "message": "429 Too Many Requests: bell_ring takes 3 calls in 0:01:00; wait 45 s before the next.",
        "retry_after": 45,
    }
    assert len(world.changes(by="agent")) == 3


def test_who_waits_as_told_is_served(world: World) -> None:
    refused = answers(world, 4)[-1]
    bell.pass_time(world, timedelta(seconds=int(str(refused["retry_after"]))) - timedelta(seconds=5))
    assert answers(world, 4)[:3] == [{"ok": True}] * 3


def test_a_tool_without_a_rate_is_served_for_ever_and_its_worlds_have_no_table_for_it(world: World) -> None:
    before = world.freeze()
    assert answers(world, 100, "bell_listen") == [{"ok": True}] * 100
    with before.reading() as db:
        assert not list(db.execute("SELECT 1 FROM sqlite_schema WHERE name = 'greenroom_limit'"))


def test_a_limit_is_in_the_snapshot_and_no_change_of_the_apps(world: World) -> None:
    answers(world, 3)
    content = world.content_id
    with world.freeze().open() as twin:
        assert [a["error"] for a in answers(twin, 1)] == ["rate_limited"]
        assert twin.content_id == content


def test_a_careful_client_gets_through(world: World) -> None:
    client, injector = Retrying([m.assistant(None, m.call("bell_ring"))] * 7, []), Injector(bell, REALISTIC, "s")
    new: list[m.Message] = []
    while (message := client.next(new)) is not None:
        new = [m.tool(c["id"], bell.call(world, c, None, injector).text) for c in m.calls_of(message)]
    assert len(world.changes(by="agent")) >= 7


@pytest.mark.parametrize(("calls", "per"), [(0, timedelta(hours=1)), (3, timedelta(0))])
def test_a_rate_that_is_none_is_refused(calls: int, per: timedelta) -> None:
    with pytest.raises(UsageError, match="a rate is at least one call"):
        Rate(calls, per)
