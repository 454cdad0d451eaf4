import importlib.util
import sys
from pathlib import Path

import pytest
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from greenroom import App, Goal, Size, Split, Task, World
from greenroom import messages as m
from greenroom.check import check_app, folders
from greenroom.plugins import load_app
from greenroom.purity import read_source, watching
from greenroom.rewards import expect
from greenroom.tasks import Evidence, Verdict
from greenroom.users import UserSimulator
from support import notes


def test_a_sound_app_is_proved(person: UserSimulator) -> None:
    report = check_app(notes.app, person, tasks=4)
    assert report.ok, report
    assert {f.family: f.oracle for f in report.families} == {"find_number": 1.0, "replace": 1.0}
    assert all(f.noop == 0 and f.excess < 1 and f.slips == 0 for f in report.families)
    assert all(f.faulty == 1.0 and f.shuffled == 0.0 and f.patience >= f.steps for f in report.families)
    assert report.families[1].tools == ["notes_add", "notes_delete"]


def test_the_oracle_is_proved_under_faults_that_it_really_meets(person: UserSimulator) -> None:
    report = check_app(notes.app, person, tasks=40)
    assert report.ok, report
    assert {f.faulty for f in report.families} == {1.0}
    assert all(set(f.faults) - {"duplicated"} and f.patience > f.steps for f in report.families), report


@pytest.mark.slow
def test_mail_is_proved_in_two_processes(person: UserSimulator) -> None:
    report = check_app(load_app("mail"), person, tasks=3)
    assert report.ok, report


class Base(DeclarativeBase):
    pass


class Thing(Base):
    __tablename__ = "bad_thing"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]


bad = App("bad", models=Base, summary="Everything that check must find.")


@bad.tool
def stamp(world: World) -> dict[str, float]:
    """Read the wall clock."""
    import time

    return {"at": time.time()}


@bad.tool
def wipe(world: World, thing: int) -> None:
    """Change nothing."""


@bad.tool
def find_and_rename(world: World) -> None:
    """Change what it finds."""
    world.session.get_one(Thing, 1).name = str(world.now)


@bad.populate
def populate(world: World, size: Size, split: Split) -> None:
    world.session.add(Thing(id=1, name="x"))


def free_win(evidence: Evidence) -> Verdict:
    return Verdict(score=1.0)


@bad.task_family
def winnable(world: World, split: Split) -> Task:
    """Doing nothing wins."""
    return Task(
        goal=Goal(intent="x", requests=("do it",)),
        tools=("bad_stamp", "bad_wipe", "bad_find_and_rename"),
        solution=(
            m.assistant(None, m.call("bad_stamp")),
            m.assistant(None, m.call("bad_find_and_rename")),
            m.assistant("Done."),
        ),
        slips=((m.assistant("Done."),),),
        excess=m.call("bad_wipe", thing=1),
        verifier=free_win,
    )


@bad.task_family
def unsolvable(world: World, split: Split) -> Task:
    """The oracle fails, and one of its calls is refused."""
    return Task(
        goal=Goal(intent="x", requests=("do it",)),
        tools=("bad_wipe",),
        solution=(m.assistant(None, m.call("bad_wipe")), m.assistant("Done.")),
        excess=m.call("bad_wipe", thing=1),
        verifier=expect(said=["something else"]),
    )


def test_every_fault_of_a_bad_app_is_found(person: UserSimulator) -> None:
    report = check_app(bad, person, tasks=2)
    found = "\n".join(v for f in report.families for v in f.violations)
    assert not report.ok
    for told in (
        "doing nothing scores 1.0",
        "random calls score 1.000",
        "with a destructive act scores 1.0",
        "a slip scores 1.0",
        "the oracle scores 0.0",
        "the oracle of another task scores 1.0",
        "the oracle scores 0.0",
        "under faults (",
        "1 of the oracle's calls were refused",
    ):
        assert told in found
    assert any("time.time" in finding for finding in report.impure), report.impure
    assert any("calls time" in finding for finding in report.impure), report.impure
    assert "bad_find_and_rename changes rows, but counts as reading: declare @app.tool(writes=True)" in report.impure


def test_an_apps_code_is_read_from_its_topmost_folder() -> None:
    (mail,) = folders(load_app("mail"))
    assert mail.name == "mail"
    assert {"app.py", "models.py", "populate.py", "families", "tools"} <= {path.name for path in mail.iterdir()}
    assert folders(notes.app) == [Path(notes.__file__).parent]


def test_a_file_alone_is_all_of_an_app(tmp_path: Path) -> None:
    source = Path(notes.__file__).read_text()
    path = tmp_path / "alone_notes.py"
    path.write_text(source.replace("notes_note", "alone_note").replace('App("notes"', 'App("alone"'))
    spec = importlib.util.spec_from_file_location("alone_notes", path)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules["alone_notes"] = module
    try:
        spec.loader.exec_module(module)
        assert folders(module.app) == [path]
    finally:
        del sys.modules["alone_notes"]


@pytest.mark.parametrize(
    "line",
    [
        "x = datetime.now()",
        "x = uuid.uuid4()",
        "import os; os.urandom(3)",
        "from random import choice",
        "x = hash('a')",
        "random.choice([1])",
        "random.random()",
        "import time as clock; clock.time()",
        "import datetime as dt; dt.datetime.now()",
    ],
)
def test_forbidden_source_is_found_and_quoted(tmp_path: Path, line: str) -> None:
    file = tmp_path / "tools.py"
    file.write_text(f"import random, uuid\n{line}\n")
    assert [f.split(":")[1] for f in read_source([file])] == ["2"]


@pytest.mark.parametrize(
    "line",
    [
        "x = world.random.choice([1])",
        "x = self.world.random.random()",
        "x = world.random.random()",
        "random = world.random; random.random()",
        "from random import Random",
        "x = Random(3).random()",
        "x = world.now",
    ],
)
def test_seeded_source_is_fine(tmp_path: Path, line: str) -> None:
    file = tmp_path / "tools.py"
    file.write_text(line + "\n")
    assert read_source([file]) == []


def test_a_library_called_by_the_app_that_draws_unseeded_is_seen(tmp_path: Path) -> None:
    import random

    with watching(Path(__file__).parent) as watch:
        random.shuffle([1, 2, 3])
        random.Random(3).random()
    assert len(watch.findings) == 1
