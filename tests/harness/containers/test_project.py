import json
import os
import shutil
import stat
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from greenroom.containers.project import SECRETS, Project
from greenroom.errors import UsageError
from greenroom.wire import tokens

COMPOSE = Path(__file__).parents[3] / "compose"
COMMANDS = (["docker", "compose"], ["docker-compose"])
HOLDER = """
import sys
from pathlib import Path
from greenroom.containers.project import Project

with Project(Path(sys.argv[1])).alone(lambda: print("waiting", flush=True)):
    print("alone", flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def project(tmp_path: Path) -> Project:
    for name in ("compose.yaml", ".env.example"):
        (tmp_path / name).write_text((COMPOSE / name).read_text())
    return Project(tmp_path, {})


def test_settings_are_written_once_with_random_tokens_that_only_their_owner_reads(project: Project) -> None:
    assert project.settle()
    first = project.settings
    assert stat.S_IMODE((project.folder / ".env").stat().st_mode) == 0o600
    assert len({tokens.check(first[name]) for name in SECRETS}) == len(SECRETS) == 3
    assert not project.settle({"BASE_IMAGE": "other"})
    assert project.settings == first


def test_more_settings_go_behind_those_of_the_example(project: Project) -> None:
    assert project.settle({"BASE_IMAGE": "greenroom-base:local"})
    assert project.settings["BASE_IMAGE"] == "greenroom-base:local"


def test_tokens_of_the_example_are_placeholders_that_are_refused() -> None:
    settings = dict(
        line.split("=", 1) for line in (COMPOSE / ".env.example").read_text().splitlines() if line[:1].isalpha()
    )
    for name in SECRETS:
        with pytest.raises(UsageError):
            tokens.check(settings[name])


def test_each_token_goes_to_those_services_only_that_need_it() -> None:
    services = yaml.safe_load((COMPOSE / "compose.yaml").read_text())["services"]
    named = {name: {secret for secret in SECRETS if secret in json.dumps(told)} for name, told in services.items()}
    apps = {name for name, told in services.items() if told.get("network_mode") == "none"}
    assert apps == {"mail", "booking", "shop"}
    assert {name: found for name, found in named.items() if name not in apps} == {
        "gateway": set(),
        "postgres": {"POSTGRES_PASSWORD"},
        "vllm": {"MODEL_TOKEN"},
        "trainer": {"GREENROOM_TOKEN", "POSTGRES_PASSWORD"},
    }
    assert [named[name] for name in apps] == [{"GREENROOM_TOKEN"}] * 3


def test_the_environment_goes_before_the_settings(project: Project) -> None:
    project.settle()
    (project.folder / ".env").write_text('CONTROL_PORT=9000\n# AGENT_PORT=1\nCOMPOSE_PROJECT_NAME="mine"\n')
    assert (project.gateway, project.agents, project.name) == ("http://127.0.0.1:9000", "http://127.0.0.1:8471", "mine")
    changed = Project(project.folder, {"CONTROL_PORT": "9100"})
    assert changed.gateway == "http://127.0.0.1:9100"


def test_settings_are_read_as_compose_reads_them(project: Project) -> None:
    lines = [
        "export CONTROL_PORT=9000 # ours",
        "AGENT_PORT='9001' # theirs",
        " POSTGRES_PORT = 9002",
        "APP_CPUS=",
        "A=b#c",
    ]
    (project.folder / ".env").write_text("\n".join([*lines, "# B=1", "no setting"]))
    read = {"CONTROL_PORT": "9000", "AGENT_PORT": "9001", "POSTGRES_PORT": "9002", "APP_CPUS": "", "A": "b#c"}
    assert project.settings == read


def holder(folder: Path) -> subprocess.Popen[str]:
    """A process that has a project to itself until its input ends."""
    pipe = subprocess.PIPE
    return subprocess.Popen([sys.executable, "-c", HOLDER, str(folder)], stdin=pipe, stdout=pipe, text=True)


def says(process: subprocess.Popen[str]) -> str:
    assert process.stdout
    return process.stdout.readline().strip()


def test_a_project_belongs_to_one_process_at_a_time_and_to_the_next_when_that_is_killed(tmp_path: Path) -> None:
    with holder(tmp_path) as first, holder(tmp_path / ".") as second:
        told = says(first), says(second)
        assert sorted(told) == ["alone", "waiting"]
        has, waits = (first, second) if told[0] == "alone" else (second, first)
        has.kill()
        assert says(waits) == "alone"
        waits.communicate()
    assert (has.returncode, waits.returncode) == (-9, 0)
    assert list(tmp_path.iterdir()) == []


def composes(command: list[str]) -> bool:
    return bool(shutil.which(command[0])) and not subprocess.run([*command, "version"], capture_output=True).returncode


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
@pytest.mark.parametrize("profiles", [(), ("gpu",), ("*",)])
def test_each_compose_takes_the_file_and_starts_services_of_a_profile_only_with_it(
    project: Project, command: list[str], profiles: tuple[str, ...]
) -> None:
    if not composes(command):
        pytest.skip(f"`{' '.join(command)}` is not installed")
    project.settle()
    told = Project(project.folder, os.environ)
    told.command = command
    usual = {"mail", "booking", "shop", "gateway", "postgres"}
    assert set(told.services(profiles)) == (usual | {"vllm", "trainer"} if profiles else usual)


def test_the_repository_s_own_project_is_found_from_anywhere() -> None:
    assert "GREENROOM_COMPOSE" not in os.environ
    found = Project.find()
    assert found is not None and found.folder == COMPOSE
