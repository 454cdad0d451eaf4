"""Training against containers, of which one is killed."""

import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from greenroom.containers.engine import Engine
from greenroom.containers.orphans import Found, found
from support.containers import need_images, plugins_image, until
from support.plugins import with_plugins

STEPS = 8


def parity(out: Path, sandbox: str, **variables: str) -> "subprocess.Popen[str]":
    environment = with_plugins(out.parent / f"{out.name}-home", OMP_NUM_THREADS="1", **variables)
    script = Path(__file__).parents[1] / "support/parity.py"
    command = [sys.executable, str(script), str(out), str(STEPS), sandbox]
    return subprocess.Popen(command, env=environment, text=True, stdout=-1, stderr=-1)


def of(engine: Engine, process: "subprocess.Popen[str]") -> list[Found]:
    """The containers that a trainer has started and that run."""
    mine = [one for one in found(engine) if one.owner is not None and one.owner.pid == process.pid]
    return [one for one in mine if one.status == "running"]


def finish(process: "subprocess.Popen[str]") -> None:
    _, err = process.communicate(timeout=280)
    assert process.returncode == 0, err


def checkpoints(run: Path) -> list[bytes]:
    return [(run / f"checkpoints/step-{n:06d}/model.safetensors").read_bytes() for n in range(1, STEPS + 1)]


@pytest.mark.docker
@pytest.mark.slow
def test_a_run_against_four_containers_is_the_same_when_one_is_killed_in_mid_step(tmp_path: Path) -> None:
    engine = need_images("mail")
    whole, killed = tmp_path / "whole", tmp_path / "killed"
    finish(parity(whole, "local"))
    process = parity(killed, "docker:4", GREENROOM_IMAGE=plugins_image())
    until(lambda: len(of(engine, process)) == 4 or process.poll() is not None, 120)
    while not (killed / "checkpoints/step-000002").exists():
        assert process.poll() is None, process.communicate()[1]
        time.sleep(0.01)
    victims = of(engine, process)
    assert len(victims) == 4
    victims[0].handle.kill(signal.SIGKILL)
    finish(process)
    assert checkpoints(killed) == checkpoints(whole)
    assert len(set(checkpoints(whole))) == STEPS
    assert {one.name for one in victims} & {one.name for one in found(engine)} == set()
