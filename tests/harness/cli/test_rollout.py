import json
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil
import pytest

from greenroom.store import Store

Greenroom = Callable[..., subprocess.CompletedProcess[str]]
Result = Callable[..., Any]
NOTES = ("rollout", "notes", "--user", "asker")


def test_rollouts_are_played_stored_listed_shown_replayed_and_exported(
    greenroom: Greenroom, result: Result, folder: Path
) -> None:
    played = result(*NOTES, "--groups", "4", "--size", "3", "--seed", "5", "--first", "7")
    assert (played["run"], played["rollouts"], played["success"]) == (1, 12, 1.0)
    assert played["families"].keys() == {"find_number", "replace"}
    assert played["groups"][3]["task"] == "notes/test/replace/8"

    (run,) = result("runs")
    assert (run["status"], run["app"], run["rollouts"], run["config"]["seed"]) == ("finished", "notes", 12, 5)
    assert result("show", "1")["group_list"][0]["rewards"] == [1.0, 1.0, 1.0]
    assert [r["rollout"] for r in result("show", "1.2")["rollouts"]] == ["1.2.0", "1.2.1", "1.2.2"]
    assert result("show", "1.3.1")["reward"] == 1.0
    shown = greenroom("show", "1.1.0").stdout
    assert "→ notes_delete(" in shown
    assert "What title should it have?" in shown
    assert result("replay", "1.1.2")["same"] is True
    assert result("show") == result("show", "1")
    assert greenroom("export", "--out", "x.jsonl").returncode == 0
    lines = (folder / "x.jsonl").read_text().splitlines()
    assert [json.loads(line)["rollout"] for line in lines][:2] == ["1.0.0", "1.0.1"]


def test_an_app_is_checked(greenroom: Greenroom) -> None:
    checked = greenroom("check", "notes", "--user", "asker", "--tasks", "1", "--json")
    found = json.loads(checked.stdout)
    assert checked.returncode == (0 if found["ok"] else 1)
    assert [(f["family"], f["oracle"], f["noop"]) for f in found["families"]] == [
        ("find_number", 1.0, 0.0),
        ("replace", 1.0, 0.0),
    ]
    shown = greenroom("check", "notes", "--user", "asker", "--tasks", "1", "--tools").stdout
    assert shown.split("\n", 1)[0].split()[:5] == ["family", "len", "tools", "levels", "oracle"]
    assert "levels tasks of level 1/2/3…" in shown
    assert "replace: notes_add, notes_delete" in shown


def test_the_tables_for_people_say_what_to_do_next(greenroom: Greenroom) -> None:
    done = greenroom(*NOTES, "--groups", "2", "--size", "2", "--policy", "noop")
    assert done.returncode == 0, done.stderr
    assert "greenroom show 1.0.0" in done.stdout
    assert "0.000" in done.stdout
    assert "noop" in greenroom("runs").stdout
    assert "notes/test/find_number/0" in greenroom("show", "1").stdout


def test_a_model_that_nobody_serves_leaves_invalid_rollouts_with_the_cause(greenroom: Greenroom) -> None:
    done = greenroom(*NOTES, "--groups", "1", "--size", "2", "--policy", "openai:tiny@http://127.0.0.1:9/v1")
    assert done.returncode == 1
    assert "2 invalid by the policy, such as: PolicyError: model 'tiny' at http://127.0.0.1:9/v1" in done.stdout


def test_a_replay_that_differs_says_where_and_fails(greenroom: Greenroom, folder: Path) -> None:
    greenroom(*NOTES, "--groups", "1", "--size", "1")
    with Store(folder / "runs" / "greenroom.db") as store, store.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE rollouts SET reward = 0.25")
    done = greenroom("replay", "1.0.0")
    assert done.returncode == 1
    assert "1.0.0: differs at step 3 (reward)" in done.stdout


def test_a_run_is_played_replayed_and_resumed_in_any_sandbox(result: Result, greenroom: Greenroom) -> None:
    asked = ("--groups", "2", "--size", "2", "--policy", "sloppy:0.5")
    here = result(*NOTES, *asked)
    there = result(*NOTES, *asked, "--sandbox", "process")
    assert [g["state"] for g in here["groups"]] == [g["state"] for g in there["groups"]]
    assert [g["rewards"] for g in here["groups"]] == [g["rewards"] for g in there["groups"]]
    assert result("replay", "1.1.0", "--sandbox", "process:2")["same"] is True
    assert result("replay", "2.1.0")["same"] is True
    assert result("rollout", "--resume", "1", "--sandbox", "process")["rollouts"] == 4


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (("--sandbox", "proces"), "no sandbox 'proces'; did you mean 'process'"),
        (("--sandbox", "process:x"), "'process:x': after the colon comes how many processes"),
        (("--sandbox", "unix:"), "'unix:' is no address of a server"),
        (("--sandbox", "ws://nowhere"), "'ws://nowhere' is no address of a server"),
        (("--sandbox", "local:1"), "nothing comes after 'local'"),
        (("--sandbox", "process", "--isolation", "container"), "sandbox 'process' has no containers"),
        (("--isolation", "vm"), "no isolation 'vm'"),
    ],
)
def test_a_sandbox_that_there_is_not_is_refused(greenroom: Greenroom, given: tuple[str, ...], said: str) -> None:
    done = greenroom(*NOTES, *given)
    assert done.returncode == 2
    assert said in done.stderr


@pytest.mark.slow
@pytest.mark.parametrize("sandbox", ["local", "process:2"])
@pytest.mark.parametrize("stop", [signal.SIGINT, signal.SIGKILL])
def test_a_run_that_is_interrupted_or_killed_keeps_what_is_finished_and_goes_on_as_if_never_stopped(
    result: Result, environment: dict[str, str], folder: Path, stop: signal.Signals, sandbox: str
) -> None:
    asked = ("--groups", "12", "--size", "4", "--parallel", "4", "--seed", "3")
    whole = result(*NOTES, *asked, "--store", "whole.db")

    path = folder / "cut.db"
    command = [
        sys.executable,
        "-m",
        "greenroom.cli.main",
        *NOTES,
        *asked,
        "--policy",
        "slow:0.05",
        "--sandbox",
        sandbox,
    ]
    process = subprocess.Popen(
        [*command, "--store", str(path)], cwd=folder, env=environment, stderr=subprocess.PIPE, text=True
    )
    wait_for_rollouts(path, 5)
    family = psutil.Process(process.pid).children(recursive=True)
    assert bool(family) == (sandbox != "local")
    process.send_signal(stop)
    _, errors = process.communicate(timeout=60)
    assert psutil.wait_procs(family, timeout=30)[1] == []
    assert "Traceback" not in errors
    if stop == signal.SIGINT:
        assert process.returncode == 130, errors
        assert f"Go on with: greenroom rollout --resume 1 --store {path}" in errors

    with Store(path) as store:
        kept = store.counts(1).rollouts
        assert store.run(1).status == ("stopped" if stop == signal.SIGINT else "running")
        before = {r.name: r.messages for r in store.rollouts(1)}
    assert 5 <= kept < 48
    resumed = result("rollout", "--resume", "1", "--store", str(path))
    assert (resumed["rollouts"], resumed["success"]) == (48, 1.0)
    assert [g["state"] for g in resumed["groups"]] == [g["state"] for g in whole["groups"]]
    with Store(path) as store, Store(folder / "whole.db") as other:
        assert store.run(1).config["sandbox"] == sandbox
        assert [r.content_id for r in store.rollouts(1)] == [r.content_id for r in other.rollouts(1)]
        after = {r.name: r.messages for r in store.rollouts(1)}
        assert after == {r.name: r.messages for r in other.rollouts(1)}
        assert before.items() <= after.items()
        assert store.run(1).status == "finished"


def wait_for_rollouts(path: Path, count: int) -> None:
    for _ in range(600):
        if path.exists():
            with Store(path) as store:
                if store.runs() and store.counts(1).rollouts >= count:
                    return
        time.sleep(0.05)
    raise TimeoutError(f"no {count} rollouts in {path}")


@pytest.mark.slow
def test_a_disk_that_fills_up_stops_the_run_and_keeps_what_was_finished(
    greenroom: Greenroom, environment: dict[str, str], folder: Path
) -> None:
    assert greenroom(*NOTES, "--groups", "1", "--size", "1", "--store", "other.db").returncode == 0
    path = folder / "full.db"
    limit = 600_000
    done = subprocess.run(
        [sys.executable, "-m", "greenroom.cli.main", *NOTES, "--groups", "500", "--store", str(path)],
        cwd=folder,
        env=environment,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit)),
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 1
    assert done.stderr.startswith(f"error: cannot write the store {path}: ")
    assert f"Go on with: greenroom rollout --resume 1 --store {path}" in done.stderr
    with Store(path) as store:
        kept = store.counts(1).rollouts
    assert 1 <= kept < 2000
    assert f"Kept in run 1: {kept} of 2000 rollouts" in done.stderr


@pytest.mark.parametrize("place", ["file/x.db", "folder"])
def test_an_unwritable_store_is_said_before_anything_is_played(greenroom: Greenroom, folder: Path, place: str) -> None:
    (folder / "file").write_text("")
    (folder / "folder").mkdir()
    done = greenroom(*NOTES, "--store", place)
    assert done.returncode == 1
    assert done.stderr.startswith("error: cannot ")
    assert "Traceback" not in done.stderr


def test_an_empty_store_says_what_to_do(greenroom: Greenroom, folder: Path) -> None:
    Store(folder / "empty.db").close()
    done = greenroom("export", "--store", "empty.db")
    assert done.returncode == 2
    assert "has no runs: play some rollouts first" in done.stderr


def test_resuming_another_app_is_refused(greenroom: Greenroom) -> None:
    greenroom(*NOTES, "--groups", "1", "--size", "1")
    done = greenroom("rollout", "mail", "--resume", "1")
    assert done.returncode == 2
    assert "run 1 is of 'notes', not 'mail'" in done.stderr
