import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from greenroom import App, World
from greenroom import messages as m
from greenroom.app import source_digest
from greenroom.appset import AppSet
from greenroom.errors import AppError, UnknownNameError, UsageError
from greenroom.tasks import Split, TaskId
from greenroom.worlds import build_base
from support import contacts
from support.notes import Base, Note, app


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    world = build_base(app.recipe("small", "train"), tmp_path).snapshot().open()
    yield world
    world.close()


def test_a_call_runs_and_its_result_is_json(world: World) -> None:
    result = app.call(world, m.call("notes_add", title="milk"))
    assert json.loads(result.text) == {"id": 11, "title": "milk"}
    assert result.refused is None
    assert [(c.op, c.table) for c in world.changes(by="agent")] == [("insert", "notes_note")]


def test_a_refusal_changes_nothing_in_the_apps_tables_but_time_passes(world: World) -> None:
    content, now = world.content_id, world.now
    result = app.call(world, m.call("notes_half_then_fail"))
    assert json.loads(result.text) == {"error": "never", "message": "this tool always refuses"}
    assert world.content_id == content
    assert world.changes(by="agent") == []
    assert world.now == now + timedelta(seconds=5)


@pytest.mark.parametrize(
    ("call", "code", "told"),
    [
        (m.call("notes_ad", title="x"), "unknown_tool", "did you mean 'notes_add'"),
        (m.call("notes_add"), "bad_arguments", "Field required"),
        (m.call("notes_read", note_id=999), "not_found", "no note 999"),
    ],
)
def test_bad_calls_get_a_message_that_a_model_can_act_on(world: World, call: m.ToolCall, code: str, told: str) -> None:
    content = world.content_id
    result = app.call(world, call)
    assert result.refused == code
    assert told in json.loads(result.text)["message"]
    assert world.content_id == content


def test_a_tool_that_the_task_does_not_offer_is_unknown(world: World) -> None:
    result = app.call(world, m.call("notes_delete", note_id=1), offered=["notes_read"])
    assert result.refused == "unknown_tool"


def test_a_bug_in_a_tool_is_an_app_error_and_is_rolled_back(world: World) -> None:
    content = world.content_id
    with pytest.raises(AppError, match=r"notes_crash\(\{\}\) failed: ZeroDivisionError: a bug"):
        app.call(world, m.call("notes_crash"))
    assert world.content_id == content
    assert app.call(world, m.call("notes_add", title="still works")).refused is None


def test_a_scheduled_event_is_handled_by_the_world_when_it_falls_due(world: World) -> None:
    app.call(world, m.call("notes_remind", title="tea", minutes=10))
    app.pass_time(world, timedelta(minutes=9))
    assert world.changes(by="world") == []
    app.pass_time(world, timedelta(minutes=1))
    assert [c.after["title"] for c in world.changes(by="world") if c.after] == ["tea"]


def test_a_bug_in_a_handler_is_an_app_error_and_is_rolled_back(world: World) -> None:
    bell = App("notes", models=Base, summary="")

    @bell.on("ring")
    def ring(world: World, payload: dict[str, Any]) -> None:  # pyright: ignore[reportUnusedFunction]
        world.session.add(Note(title="half done"))
        world.session.flush()
        payload["nope"]

    with world.transaction("world"):
        world.schedule("ring", {"who": "Ana"}, after=timedelta(minutes=10))
    content = world.content_id
    with pytest.raises(
        AppError, match=r"the handler ring of event 'ring' failed on \{'who': 'Ana'\}: KeyError: 'nope'"
    ):
        bell.pass_time(world, timedelta(minutes=35))
    assert world.content_id == content


def test_what_an_event_schedules_happens_within_the_same_wait(world: World) -> None:
    bell, seen = App("notes", models=Base, summary=""), list[int]()

    @bell.on("ring")
    def ring(world: World, payload: dict[str, Any]) -> None:  # pyright: ignore[reportUnusedFunction]
        seen.append(world.now.minute)
        world.schedule("ring", payload, after=timedelta(minutes=10))

    with world.transaction("world"):
        world.schedule("ring", {}, after=timedelta(minutes=10))
    bell.pass_time(world, timedelta(minutes=35))
    assert seen == [10, 20, 30]
    assert world.now.minute == 35


def test_the_same_task_id_is_the_same_start(world: World, tmp_path: Path) -> None:
    twin = build_base(app.recipe("small", "train"), tmp_path).snapshot().open()
    task_id = TaskId("notes", Split.TRAIN, "replace", 7)
    assert app.make_task(world, task_id).goal == app.make_task(twin, task_id).goal
    assert world.freeze().page_id == twin.freeze().page_id
    twin.close()


@pytest.mark.parametrize("number", ["-1", "", "1.5", "+1", "1_0", " 1", "٣", "9" * 5000])
def test_numbers_of_tasks_begin_with_0(number: str) -> None:
    with pytest.raises(
        UsageError, match=r"is no task id; one looks like notes/test/FAMILY/0, and numbers begin with 0"
    ):
        TaskId.at("notes", f"notes/test/replace/{number}")


def test_an_unknown_family_lists_what_exists(world: World) -> None:
    with pytest.raises(UnknownNameError, match=r"no task family 'replac'; did you mean 'replace'"):
        app.make_task(world, TaskId("notes", Split.TRAIN, "replac", 0))


def test_tables_must_carry_the_apps_name() -> None:
    class Base(DeclarativeBase):
        pass

    class Stray(Base):
        __tablename__ = "stray"
        id: Mapped[int] = mapped_column(primary_key=True)

    with pytest.raises(UsageError, match="must be named 'other_stray'"):
        App("other", models=Base, summary="")


@pytest.mark.parametrize(
    ("size", "split", "told"), [("smal", "train", "did you mean 'small'"), ("small", "tset", "'test'")]
)
def test_an_unknown_size_or_split_suggests_the_nearest(size: str, split: str, told: str) -> None:
    with pytest.raises(UnknownNameError, match=told):
        app.recipe(size, split)


def test_editing_anything_in_the_package_changes_the_source_digest(tmp_path: Path) -> None:
    package = tmp_path / "demo_package"
    package.mkdir()
    (package / "__init__.py").write_text("")
    (package / "words.py").write_text("WORDS = 1\n")
    code = compile("def populate(world, size, split): ...", str(package / "populate.py"), "exec")
    (package / "populate.py").write_text("def populate(world, size, split): ...\n")
    scope: dict[str, object] = {}
    exec(code, scope)
    before = source_digest(scope["populate"])  # type: ignore[arg-type]
    (package / "words.py").write_text("WORDS = 2\n")
    assert source_digest(scope["populate"]) != before  # type: ignore[arg-type]


def test_the_recipe_is_keyed_by_size_split_and_seed() -> None:
    keys = {
        app.recipe(size, split, seed).key()
        for size in ("small", "medium")
        for split in ("train", "test")
        for seed in (0, 1)
    }
    assert len(keys) == 8
    assert Note.__tablename__ in app.metadata.tables


def test_apps_of_one_world_live_in_one_database() -> None:
    with pytest.raises(UsageError, match="do not: contacts in postgres, notes in sqlite"):
        AppSet([app, contacts.app])


def test_an_app_introduces_itself_in_a_line() -> None:
    assert repr(app) == f"<App notes: {len(app.tools)} tools, 2 task families>"
