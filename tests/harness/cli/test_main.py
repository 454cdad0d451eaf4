import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from greenroom.cli.output import with_targets

Greenroom = Callable[..., subprocess.CompletedProcess[str]]


@pytest.mark.parametrize(
    ("given", "filled"),
    [
        (["runs", "--json"], ["runs", "--json", "-"]),
        (["runs", "--json", "x.json"], ["runs", "--json", "x.json"]),
        (["runs", "--json", "--store", "x.db"], ["runs", "--json", "-", "--store", "x.db"]),
        (["runs", "--json", "-"], ["runs", "--json", "-"]),
        (["show", "--", "--json"], ["show", "--", "--json"]),
    ],
)
def test_json_without_a_file_means_standard_output(given: list[str], filled: list[str]) -> None:
    assert with_targets(given) == filled


def test_help_imports_nothing_heavy_and_lists_plugins_with_their_summaries(environment: dict[str, str]) -> None:
    code = """
import sys
sys.argv = ["greenroom", "--help"]
from greenroom.cli.main import main
try:
    main()
except SystemExit as end:
    assert not end.code
heavy = {"torch", "sqlalchemy", "transformers", "openai", "alembic", "matplotlib", "support"}
assert not heavy & sys.modules.keys(), heavy & sys.modules.keys()
"""
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    for name in ("rollout", "runs", "show", "export", "replay", "check", "envs", "bench", "hollow"):
        assert name in done.stdout
    assert "Greet somebody." in done.stdout
    assert "Several greetings: morning, night." in done.stdout
    assert "At length." not in done.stdout


def test_a_plugin_command_runs_with_its_options(greenroom: Greenroom) -> None:
    assert greenroom("hello", "--name", "you").stdout == "hello you\n"


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["rolout"], 2, "no command 'rolout'; did you mean 'rollout'? there is: bench, check, "),
        (["hollow"], 1, "command 'hollow' (nowhere.at_all:command) does not load: ModuleNotFoundError"),
        (["bench", "tinny"], 2, "no benchmark 'tinny'; did you mean 'tiny'?"),
        (["rollout", "nots"], 2, "no environment 'nots'; did you mean 'notes'?"),
        (["rollout", "hollow"], 1, "environment 'hollow' (nowhere.at_all:app) does not load"),
        (["rollout", "notes", "--sandbox", "unix:nowhere"], 2, "there is no folder 'nowhere': name the one that"),
        (["rollout"], 2, "say which environment to play; there is: "),
        (["rollout", "notes", "--world", "smal"], 2, "no size 'smal'; did you mean 'small'?"),
        (["rollout", "notes", "--split", "tset"], 2, "no split 'tset'; did you mean 'test'?"),
        (["rollout", "notes", "--family", "replac"], 2, "no task family 'replac'; did you mean 'replace'?"),
        (["rollout", "notes", "--policy", "orcle"], 2, "no policy 'orcle'; did you mean 'oracle'?"),
        (["rollout", "notes", "--policy", "./no/step-1"], 2, "no checkpoint at './no/step-1'"),
        (["rollout", "notes", "--user", "askr"], 2, "no user simulator 'askr'; did you mean 'asker'?"),
        (["rollout", "--resume", "1"], 1, "no store at runs/greenroom.db: play some rollouts first"),
        (["rollout", "notes", "--store", "nosql://x"], 2, "needs a driver that is not installed"),
        (["check", "nots"], 2, "no environment 'nots'; did you mean 'notes'?"),
        (["show", "one"], 2, "'one' is no run, group or rollout: write 1, 1.0 or 1.0.0"),
        (["replay", "1"], 1, "no store at runs/greenroom.db"),
        (["serve", "notes", "--tcp", "127.0.0.1:65535"], 2, "1 worker needs the ports 65535 to 65536, two for each"),
        (["serve", "notes", "--tcp", "65500", "--workers", "20"], 2, "65500 to 65539, two for each, and 65535 is the"),
        (["serve", "notes", "--dir", "d" * 95], 2, "107 bytes at most, and 'ddd"),
        (["serve", "notes", "--dir", "d" * 94, "--workers", "2"], 2, "has 109: choose a --dir that is 2 bytes shorter"),
    ],
)
def test_bad_input_gets_one_clear_message(greenroom: Greenroom, arguments: list[str], code: int, message: str) -> None:
    done = greenroom(*arguments)
    assert done.returncode == code
    assert done.stderr.startswith("error: ")
    assert message in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert done.stdout == ""


def test_an_unknown_flag_is_refused_with_the_nearest(greenroom: Greenroom) -> None:
    done = greenroom("rollout", "notes", "--polcy", "oracle")
    assert done.returncode == 2
    assert "No such option: --polcy" in done.stderr
    assert "--policy" in done.stderr


def test_a_benchmark_takes_its_own_options_and_reports(
    greenroom: Greenroom, result: Callable[..., Any], tmp_path: Path
) -> None:
    found = result("bench", "tiny", "--rounds", "2", "--loud")
    assert found["rows"] == [{"round": 0, "loud": True}, {"round": 1, "loud": True}]
    assert found["bars"][0]["holds"] is True
    shown = greenroom("bench", "tiny", "--json", str(tmp_path / "new" / "x.json"))
    assert "Nothing" in shown.stdout
    assert len(json.loads((tmp_path / "new" / "x.json").read_text())["rows"]) == 3
    assert "How often." in greenroom("bench", "tiny", "--help").stdout
