import importlib.util
import sys
from pathlib import Path

import pytest
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from greenroom import App, Goal, Size, Split, Task, World
from greenroom import messages as m
from greenroom.check import check_app
from greenroom.errors import UnknownNameError
from greenroom.plugins import load_app
from greenroom.purity import folders, read_source, watching
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
    assert all(sum(f.levels.values()) == f.tasks for f in report.families)
    assert [(f.steps, f.calls) for f in report.families] == [(3.0, 2.0), (3.0, 2.0)]
    assert all(0 < f.scripted <= 1 for f in report.families)


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
    report = check_app(bad, person, tasks=3)
    found = "\n".join(v for f in report.families for v in f.violations)
    assert not report.ok
    for told in (
        "doing nothing scores 1.0",
        "saying no without a reason scores 1.0",
        "saying the user's own words back, and no, scores 1.0",
        "random calls score 1.000",
        "with a destructive act scores 1.0",
        "a slip scores 1.0",
        "the oracle scores 0.0",
        "the oracles of the next 3 tasks score 1.0 and more",
        "the oracle scores 0.0",
        "under faults (",
        '1 of the oracle\'s calls were refused: step 1: {"error": "bad_arguments"',
        "3 tasks have only 1 different solutions",
    ):
        assert told in found
    assert any("time.time" in finding for finding in report.impure), report.impure
    assert any("calls time" in finding for finding in report.impure), report.impure
    assert "bad_find_and_rename changes rows, but counts as reading: declare @app.tool(writes=True)" in report.impure


class MoodyBase(DeclarativeBase):
    pass


class Line(MoodyBase):
    __tablename__ = "moody_line"
    id: Mapped[int] = mapped_column(primary_key=True)


moody = App("moody", models=MoodyBase, summary="Writes more when calls are slow, which its verifier does not see.")


@moody.tool
def note(world: World) -> None:
    """Write a line; two, between the seconds."""
    for _ in range(2 if world.now.microsecond else 1):
        world.session.add(Line(id=world.new_id("line")))


@moody.populate
def nothing(world: World, size: Size, split: Split) -> None:
    pass


@moody.task_family
def word(world: World, split: Split) -> Task:
    """Say the word, and write a line."""
    secret = str(world.random.randrange(10**9))
    done = m.assistant(None, m.call("moody_note"))
    return Task(
        goal=Goal(intent="x", requests=(f"Say {secret}, and note it.",)),
        tools=("moody_note",),
        solution=(done, m.assistant(secret)),
        excess=m.call("moody_note"),
        verifier=lambda e: Verdict(score=float(secret in " ".join(e.said) and len(e.changes) in (1, 2))),
    )


@moody.task_family(needs=("mail",))
def elsewhere(world: World, split: Split) -> Task:
    """Needs another app."""
    raise AssertionError("never made here")


def test_an_effect_that_is_not_had_exactly_once_under_faults_is_found(person: UserSimulator) -> None:
    report = check_app(moody, person, tasks=2, families=["word"])
    assert report.families[0].faulty == 1.0
    found = [v for v in report.violations if "an effect is not had exactly once: moody_line insert" in v]
    assert [v.split(":")[0] for v in found] == ["moody/train/word/0", "moody/train/word/1"]


@moody.task_family
def sometimes(world: World, split: Split) -> Task:
    """Cannot always be made."""
    return word(world, split) if world.random.random() < 0.5 else worse()


def worse() -> Task:
    raise ZeroDivisionError("a bug")


def test_a_task_that_cannot_be_played_is_said_and_the_others_are_proved(person: UserSimulator) -> None:
    (report,) = check_app(moody, person, tasks=12, families=["sometimes"]).families
    broken = [v for v in report.violations if "cannot be played" in v]
    assert 0 < len(broken) < 12
    assert "could not be made: ZeroDivisionError: a bug" in broken[0]
    assert report.oracle == 1.0


def test_what_cannot_be_played_here_is_said(person: UserSimulator) -> None:
    assert check_app(moody, person, tasks=1, families=["word"]).left_out == {"elsewhere": ["mail"]}


def test_a_sweep_goes_in_batches_and_by_family(person: UserSimulator) -> None:
    seen: list[str] = []
    report = check_app(notes.app, person, tasks=2, first=7, families=["replace"], on_task=seen.append)
    assert report.ok, report.violations
    assert seen == ["notes/train/replace/7", "notes/train/replace/8"]
    assert [family.family for family in report.families] == ["replace"]
    with pytest.raises(UnknownNameError, match="did you mean 'replace'"):
        check_app(notes.app, person, families=["replaec"])


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
