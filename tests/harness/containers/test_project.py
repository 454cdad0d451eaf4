import json
import os
import re
import shutil
import stat
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from greenroom.containers.project import SECRETS, Project
from greenroom.containers.tokens import variable
from greenroom.errors import SandboxError, UsageError
from greenroom.wire import tokens

COMPOSE = Path(__file__).parents[3] / "compose"


def _runs(command: list[str]) -> bool:
    return bool(shutil.which(command[0])) and not subprocess.run([*command, "version"], capture_output=True).returncode


INSTALLED = [command for command in (["docker", "compose"], ["docker-compose"]) if _runs(command)]
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
    assert len({tokens.check(first[name]) for name in SECRETS}) == len(SECRETS) == 5
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
    secret = re.compile(r"\$\{(\w*(?:TOKEN|PASSWORD)\w*)")
    named = {name: set(secret.findall(json.dumps(told))) for name, told in services.items()}
    apps = {name for name, told in services.items() if told.get("network_mode") == "none"}
    assert apps == {"mail", "booking", "shop"}
    assert {name: found for name, found in named.items() if name not in apps} == {
        "gateway": set(),
        "postgres": {"POSTGRES_PASSWORD"},
        "vllm": {"MODEL_TOKEN"},
        "trainer": {*map(variable, apps), "POSTGRES_PASSWORD"},
    }
    assert {name: named[name] for name in apps} == {name: {variable(name)} for name in apps}


def test_an_older_file_of_settings_gets_the_tokens_it_lacks_and_keeps_what_it_has(project: Project) -> None:
    file = project.folder / ".env"
    file.write_text("GREENROOM_TOKEN=old\nPOSTGRES_PASSWORD=old\nMODEL_TOKEN=old\nGREENROOM_TOKEN_SHOP=mine")
    file.chmod(0o640)
    (project.folder / "compose.override.yaml").write_text(
        'services: { notes: { environment: { GREENROOM_TOKEN: "${GREENROOM_TOKEN_NOTES:?none}" } } }'
    )
    assert project.add_tokens() == [variable(app) for app in ("mail", "booking", "notes")]
    assert stat.S_IMODE(file.stat().st_mode) == 0o640
    settings = project.settings
    assert {name: value for name, value in settings.items() if value in ("old", "mine")} == {
        "GREENROOM_TOKEN": "old",
        "POSTGRES_PASSWORD": "old",
        "MODEL_TOKEN": "old",
        "GREENROOM_TOKEN_SHOP": "mine",
    }
    assert len({tokens.check(settings[variable(app)]) for app in ("mail", "booking", "notes")}) == 3
    assert project.add_tokens() == []


def test_a_token_of_the_environment_goes_before_those_of_the_settings(project: Project) -> None:
    project.settle()
    assert project.token("mail") == project.settings["GREENROOM_TOKEN_MAIL"] != project.token("shop")
    assert project.token("notes") is None
    told = Project(project.folder, {"GREENROOM_TOKEN": "all", "GREENROOM_TOKEN_SHOP": "shop"})
    assert [told.token(app) for app in ("mail", "shop", "notes")] == ["all", "shop", "all"]


def test_nobody_has_a_way_out_but_models_and_the_store_does_not_meet_the_gateway() -> None:
    told = yaml.safe_load((COMPOSE / "compose.yaml").read_text())
    networks = {name: set(service.get("networks", ())) for name, service in told["services"].items()}
    inward = {name for name, network in told["networks"].items() if network}
    assert all(
        told["networks"][name]["driver_opts"] == {"com.docker.network.bridge.enable_ip_masquerade": "false"}
        for name in inward
    )
    assert (networks["gateway"], networks["postgres"], networks["vllm"]) == ({"gate"}, {"store"}, {"edge"})
    assert inward == {"gate", "store"} and networks["trainer"] == {"edge", "gate", "store"}
    # The engine takes the way out of the first by name.
    assert min(networks["trainer"]) == "edge"


def test_a_name_of_the_environment_is_told_from_that_of_the_settings(project: Project) -> None:
    assert not project.is_named_elsewhere
    project.settle()
    assert not Project(project.folder, {"COMPOSE_PROJECT_NAME": "greenroom"}).is_named_elsewhere
    assert Project(project.folder, {"COMPOSE_PROJECT_NAME": "theirs"}).is_named_elsewhere


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


@pytest.mark.parametrize("command", INSTALLED, ids=" ".join)
@pytest.mark.parametrize("profiles", [(), ("gpu",), ("*",)])
def test_each_compose_takes_the_file_and_starts_services_of_a_profile_only_with_it(
    project: Project, command: list[str], profiles: tuple[str, ...]
) -> None:
    project.settle()
    told = Project(project.folder, os.environ)
    told.command = command
    usual = {"mail", "booking", "shop", "gateway", "postgres"}
    assert set(told.services(profiles)) == (usual | {"vllm", "trainer"} if profiles else usual)
    apps = ("mail", "booking", "shop")
    assert told.given_tokens(profiles) == {app: project.settings[variable(app)] for app in apps}


@pytest.mark.parametrize("command", INSTALLED, ids=" ".join)
def test_each_compose_names_a_token_that_is_missing(
    project: Project, command: list[str], capfd: pytest.CaptureFixture[str]
) -> None:
    (project.folder / ".env").write_text("POSTGRES_PASSWORD=old\nGREENROOM_TOKEN=old\n")
    told = Project(project.folder, os.environ)
    told.command = command
    with pytest.raises(SandboxError):
        told.services()
    assert re.search("GREENROOM_TOKEN_(MAIL|BOOKING|SHOP).*run `greenroom up`", capfd.readouterr().err)


def test_a_credential_in_what_a_base_image_keeps_is_warned_of(tmp_path: Path) -> None:
    plain, secret = tmp_path / "plain.conf", tmp_path / "secret.conf"
    plain.write_text("[global]\nindex-url = https://index.example/simple\n")
    secret.write_text("[global]\nindex-url = https://me:mine@index.example/simple\n")
    command = [shutil.which("bash") or "bash", str(COMPOSE / "base-image"), "--pip-conf"]
    # Without any program it goes no further.
    said = [
        subprocess.run([*command, str(file)], env={"PATH": ""}, capture_output=True, text=True).stderr
        for file in (plain, secret)
    ]
    assert ["holds a credential" in text for text in said] == [False, True]
    assert all("'docker' is not installed" in text for text in said)


def test_the_repository_s_own_project_is_found_from_anywhere() -> None:
    assert "GREENROOM_COMPOSE" not in os.environ
    found = Project.find()
    assert found is not None and found.folder == COMPOSE
