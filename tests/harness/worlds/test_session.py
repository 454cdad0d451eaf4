"""The session's `get` finds what SQLAlchemy's finds."""

import pytest
from sqlalchemy.exc import InvalidRequestError, NoResultFound

from greenroom.statements import counting
from greenroom.worlds import World
from support.shop import Item, Stock


def test_get_finds_by_one_value_and_by_several(world: World) -> None:
    with world.transaction("agent") as session:
        item, stock = session.get(Item, 7), session.get(Stock, (7, "cellar"))
        assert item is not None and item.name == "item 7"
        assert stock is not None and (stock.item_id, stock.place) == (7, "cellar")


def test_get_finds_nothing_where_there_is_nothing(world: World) -> None:
    with world.transaction("agent") as session:
        assert session.get(Item, 9999) is None
        with pytest.raises(NoResultFound):
            session.get_one(Item, 9999)


def test_get_does_not_ask_for_what_the_session_holds(world: World) -> None:
    with world.transaction("agent") as session:
        first = session.get(Item, 7)
        with counting(world) as statements:
            assert session.get(Item, 7) is first
        assert not statements.sql


def test_get_sees_what_is_not_written_yet(world: World) -> None:
    with world.transaction("agent") as session:
        session.add(Item(id=9999, name="new", price=1, added=world.now))
        found = session.get(Item, 9999)
        assert found is not None and found.name == "new"
        session.delete(found)
        session.flush()
        assert session.get(Item, 9999) is None


def test_get_reads_anew_when_asked_to(world: World) -> None:
    with world.transaction("agent") as session:
        item = session.get_one(Item, 7)
        session.connection().exec_driver_sql("UPDATE shop_item SET price = 5 WHERE id = 7")
        assert session.get_one(Item, 7).price == 70
        assert session.get_one(Item, 7, populate_existing=True).price == 5 == item.price


def test_get_refuses_a_key_of_another_length(world: World) -> None:
    with world.transaction("agent") as session, pytest.raises(InvalidRequestError, match="Incorrect number of values"):
        session.get(Stock, 7)
