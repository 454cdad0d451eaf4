import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from greenroom.cli.play import arguments
from greenroom.errors import UsageError
from greenroom.messages import Message, calls_of, text_of
from greenroom.sandbox import Brief
from greenroom.sandboxes import LocalSandbox
from support.notes import app

Greenroom = Callable[..., subprocess.CompletedProcess[str]]
TASK = "notes/train/find_number/3"


@pytest.fixture
def brief(tmp_path: Path) -> Brief:
    return LocalSandbox(app, cache_dir=tmp_path).prepare(TASK)


def line(message: Message) -> str:
    calls = [c["function"] for c in calls_of(message)]
    return f"{calls[0]['name']} {calls[0]['arguments']}" if calls else text_of(message)


def test_a_script_plays_the_agent_to_the_end(greenroom: Greenroom, brief: Brief) -> None:
    done = greenroom("play", "notes", "--task", TASK, typed="\n".join(map(line, brief.solution)))
    assert done.returncode == 0, done.stderr
    assert "score 1: solved" in done.stdout
    assert "You keep notes." in done.stdout
    assert str(brief.goal["requests"][0]) in done.stdout


def test_tools_have_short_names_and_what_is_no_call_is_said(greenroom: Greenroom) -> None:
    typed = "search word=key limit=2\nread 1\nnotes_serach x\nserach x\nread note_id=1 x\nI have no idea\n"
    done = greenroom("play", "notes", "--task", TASK, typed=typed)
    assert done.returncode == 1
    assert done.stdout.count("agent> ") == 6
    assert '{"id": 1, "title"' in done.stdout
    assert "did you mean 'notes_search'" in done.stdout
    assert "no tool 'serach'; did you mean 'search'? To say it to the user, begin with a space" in done.stdout
    assert "'x': write name=value; notes_read takes note_id" in done.stdout
    assert "score 0: not solved" in done.stdout
    assert "- not said: " in done.stdout


def test_commands_tell_what_there_is_without_a_step(greenroom: Greenroom, brief: Brief) -> None:
    done = greenroom(
        "play", "notes", "--task", TASK, typed=":help\n:tools\n:tool read\n:tool raed\n:step\n:task\n:quit\nx"
    )
    for told in ("name=value", "notes_read: Read a note.", '"note_id"', "no tool 'raed'", "step 0 of 6", "find_fact"):
        assert told in done.stdout
    assert text_of(brief.solution[-1]) in done.stdout
    assert done.stdout.count("agent> ") == 7


def test_who_runs_out_of_steps_is_told(greenroom: Greenroom) -> None:
    done = greenroom("play", "notes", "--task", TASK, typed="read 1\n" * 7)
    assert "All 6 steps of this task are used up." in done.stdout
    assert done.stdout.count("agent> ") == 6


def test_all_tools_are_there_for_who_looks_around(greenroom: Greenroom) -> None:
    done = greenroom("play", "notes", "--task", TASK, "--all-tools", typed="remind title=tea minutes=1\n:quit")
    assert '{"ok": true}' in done.stdout


def test_faults_are_told_only_when_it_is_over(greenroom: Greenroom) -> None:
    done = greenroom("play", "notes", "--task", TASK, "--faults", "hostile", typed="read 1\nread 2\ndone")
    assert "greenroom_wait" in done.stdout
    assert done.stdout.index("notes_read, latency (seconds: ") > done.stdout.index("agent> done")


def test_a_script_plays_the_user(greenroom: Greenroom) -> None:
    typed = "which number is it?\nthank you\n\n"
    done = greenroom("play", "notes", "--as", "user", "--task", TASK, typed=typed)
    assert done.returncode == 0, done.stderr
    assert "you want" in done.stdout
    assert "→ notes_read(" in done.stdout
    assert "score 1: solved" in done.stdout


def test_the_seed_walks_through_the_families(greenroom: Greenroom) -> None:
    found = [greenroom("play", "notes", "--seed", seed, typed=":task\n:quit").stdout for seed in ("0", "1", "2")]
    tasks = ["notes/train/find_number/0", "notes/train/replace/0", "notes/train/find_number/1"]
    assert all(task in out for task, out in zip(tasks, found, strict=True))


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (("--as", "agnet"), "did you mean 'agent'"),
        (("--family", "replaec"), "did you mean 'replace'"),
        (("--faults", "hostlie"), "did you mean 'hostile'"),
        (("--task", "notes/x"), "no task id"),
        (("--as", "user", "--policy", "oralce"), "did you mean 'oracle'"),
    ],
)
def test_bad_input_ends_at_once(greenroom: Greenroom, options: tuple[str, ...], told: str) -> None:
    done = greenroom("play", "notes", *options)
    assert done.returncode == 2
    assert told in done.stderr


FUNCTION = {
    "name": "x_do",
    "parameters": {
        "properties": {
            "name": {"type": "string"},
            "count": {"type": "integer"},
            "tags": {"type": "array"},
            "note": {"anyOf": [{"type": "string"}, {"type": "null"}]},
        },
        "required": ["name"],
    },
}


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("", {}),
        ("name=7 count=7", {"name": "7", "count": 7}),
        ("name='two words' note=3", {"name": "two words", "note": "3"}),
        ("two words", {"name": "two words"}),
        ("name=x tags=a,b", {"name": "x", "tags": ["a", "b"]}),
        ("name=x tags='[\"a\"]'", {"name": "x", "tags": ["a"]}),
        ('name="b c" tags=["Ana Ost", "d"] count=2', {"name": "b c", "tags": ["Ana Ost", "d"], "count": 2}),
        ("name='say tags=[\"a\"]'", {"name": 'say tags=["a"]'}),
        ("name=x tags=[a", {"name": "x", "tags": ["[a"]}),
        ('{"name": "x", "count": 2}', {"name": "x", "count": 2}),
        ("count=many", {"count": "many"}),
    ],
)
def test_arguments_are_read_as_their_schema_wants_them(typed: str, meant: dict[str, Any]) -> None:
    assert arguments(typed, FUNCTION) == meant
    assert arguments(json.dumps(meant), FUNCTION) == meant


@pytest.mark.parametrize(
    ("typed", "told"), [("{", "no JSON"), ("name='x", "No closing quotation"), ("name=x y", "'y'")]
)
def test_what_cannot_be_read_is_told(typed: str, told: str) -> None:
    with pytest.raises(UsageError, match=told):
        arguments(typed, FUNCTION)
