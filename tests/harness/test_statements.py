from collections.abc import Iterator

import pytest
from sqlalchemy import select

from greenroom import Split
from greenroom import messages as m
from greenroom.plugins import load_app
from greenroom.sandboxes import LocalSandbox
from greenroom.statements import counting
from greenroom.worlds import World
from support.notes import Note, app


@pytest.fixture
def world(sandbox: LocalSandbox) -> Iterator[World]:
    world = sandbox.base(Split.TRAIN).open()
    yield world
    world.close()


def test_the_apps_own_statements_of_a_call_are_counted(world: World) -> None:
    with counting(world) as statements:
        app.call(world, m.call("notes_search", word="a"))
    assert len(statements.sql) == 1
    assert "FROM notes_note" in statements.sql[0]
    assert "WHERE" in statements.sql[0]


@pytest.mark.parametrize("limit", [1, 10])
def test_a_query_for_each_row_is_seen(world: World, limit: int) -> None:
    with counting(world) as statements, world.transaction("world") as session:
        for note in session.scalars(select(Note.id).limit(limit)).all():
            session.scalars(select(Note.title).where(Note.id == note)).all()
    assert statements.repeated == limit
    assert len(statements.sql) == limit + 1


def test_nothing_is_counted_afterwards(world: World) -> None:
    with counting(world) as statements:
        pass
    app.call(world, m.call("notes_search", word="a"))
    assert (statements.sql, statements.repeated) == ([], 0)


@pytest.mark.parametrize(
    ("tool", "arguments"), [("mail_list_folder", {"folder": "inbox"}), ("mail_search", {"query": "in:inbox"})]
)
def test_a_longer_page_of_mail_takes_no_more_statements(tool: str, arguments: dict[str, str]) -> None:
    mail, counted = load_app("mail"), list[int]()
    with LocalSandbox(mail).base(Split.TRAIN).open() as world:
        for limit in (2, 20):
            with counting(world) as statements:
                result = mail.call(world, m.call(tool, limit=limit, **arguments))
            assert result.text.count('"id"') == limit
            counted.append(len(statements.sql))
    assert counted[0] == counted[1]
