"""What `greenroom down` and a starting replica clear away: what is theirs, and nothing else."""

import json
import os
import secrets
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from greenroom.containers.engine import Engine
from greenroom.containers.owner import LABEL, OWNER, Owner
from greenroom.containers.services import FOLDER, PROJECT, SERVICE, need_own
from greenroom.errors import UsageError
from support.containers import need_images
from support.killed import harness, killed

pytestmark = pytest.mark.docker
Create = Callable[..., str]


@pytest.fixture(scope="module")
def engine() -> Engine:
    return need_images("mail", "gateway")


@pytest.fixture
def create(engine: Engine) -> Iterator[Create]:
    """Makes containers that are never started, with labels; returns their names."""
    made: list[str] = []

    def container(**labels: str) -> str:
        name = f"greenroom-test-{secrets.token_hex(4)}"
        engine.client.containers.create("greenroom-gateway", name=name, labels=labels)
        made.append(name)
        return name

    yield container
    for name in made:
        for left in engine.client.containers.list(all=True, filters={"name": name}, ignore_removed=True):
            left.remove(force=True)


def names(engine: Engine) -> set[str]:
    return {one.name for one in engine.client.containers.list(all=True, ignore_removed=True)}


def test_down_leaves_other_projects_sandboxes_in_use_and_strangers_alone(engine: Engine, create: Create) -> None:
    code = "from greenroom.containers.owner import Owner; print(Owner.this())"
    gone = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip()
    orphan = create(**{LABEL: "1", OWNER: gone})
    others = {
        create(**{LABEL: "1", OWNER: str(Owner.this())}),
        create(**{PROJECT: "theirs", SERVICE: "mail"}),
        create(),
    }
    environment = {**os.environ, "COMPOSE_PROJECT_NAME": f"greenroom-test-{secrets.token_hex(3)}"}
    command = [sys.executable, "-m", "greenroom.cli.main", "down", "--json"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    told = json.loads(done.stdout)
    assert told["stopped"] == [] and orphan in told["removed"] and not others & set(told["removed"])
    assert others <= names(engine) and orphan not in names(engine)


def test_a_replica_that_starts_removes_what_others_left_and_not_what_one_has_that_runs_or_just_starts(
    engine: Engine,
) -> None:
    script = """
        cd /run/greenroom && mkdir empty stopped killed just-made in-use "$HOSTNAME"
        touch stopped/lock killed/lock killed/control.sock in-use/control.sock
        flock in-use/lock sleep 60 &
        sleep 0.5
        touch -d '5 minutes ago' *
        touch just-made
        GREENROOM_TOKEN=changeme /usr/local/lib/greenroom/start >/dev/null 2>&1
        ls
    """
    out = engine.client.containers.run(
        "greenroom-mail",
        ["-c", script],
        entrypoint="sh",
        hostname="me",
        network_mode="none",
        name=f"greenroom-test-{secrets.token_hex(4)}",
        remove=True,
    )
    assert out.decode().split() == ["in-use", "just-made", "me"]


def down(*arguments: str, name: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "greenroom.cli.main", "down", *arguments]
    environment = {**os.environ, "COMPOSE_PROJECT_NAME": name, "COLUMNS": "400"}
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)


def test_down_removes_the_run_folder_of_a_harness_that_was_killed_before_it_had_a_container(engine: Engine) -> None:
    with harness() as (process, folder):
        name = f"greenroom-test-{secrets.token_hex(3)}"
        assert str(folder.path) not in down(name=name).stdout
        assert folder.sockets.is_dir()
        killed(process)
        assert f"removed {folder.path}" in down(name=name).stdout
        assert not folder.path.exists()


def test_a_project_that_was_started_from_another_folder_is_not_taken_down(
    engine: Engine, create: Create, tmp_path: Path
) -> None:
    name = f"theirs-{secrets.token_hex(3)}"
    container = create(**{PROJECT: name, SERVICE: "mail", FOLDER: str(tmp_path)})
    done = down("--volumes", name=name)
    assert done.returncode and f"{container} was started from {tmp_path}" in done.stderr and container in names(engine)
    link = tmp_path.parent / f"{tmp_path.name}-link"
    link.symlink_to(tmp_path)
    need_own(engine, name, link)
    with pytest.raises(UsageError, match="is somebody else's"):
        need_own(engine, name, tmp_path.parent)
    tmp_path.rmdir()
    need_own(engine, name, tmp_path.parent)


def test_volumes_of_a_project_that_only_the_environment_names_are_left_alone(engine: Engine) -> None:
    done = down("--volumes", name=f"theirs-{secrets.token_hex(3)}")
    assert done.returncode and "which nothing shows to be ours" in done.stderr
