import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from greenroom.store import Store
from support.plugins import with_plugins

QUICK = ["--groups", "3", "--size", "4", "--demonstrations", "40", "--imitate", "60", "--dev-every", "0"]


def greenroom(folder: Path, *arguments: str) -> "subprocess.Popen[str]":
    """The command line in a process of its own, as people start it."""
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "GREENROOM_STORE": str(folder / "store.db")}
    command = [sys.executable, "-m", "greenroom.cli.main", *arguments]
    return subprocess.Popen(command, cwd=folder, env=environment, text=True, stdout=-1, stderr=-1)


def finish(process: "subprocess.Popen[str]") -> str:
    out, err = process.communicate(timeout=280)
    assert process.returncode == 0, err
    return out


def weights(folder: Path) -> bytes:
    return (folder / "model.safetensors").read_bytes()


def parity(out: Path, steps: int, *more: str) -> "subprocess.Popen[str]":
    tests = Path(__file__).parents[1]
    environment = with_plugins(out.parent / f"{out.name}-{len(more)}", OMP_NUM_THREADS="1")
    command = [sys.executable, str(tests / "support/parity.py"), str(out), str(steps), *more]
    return subprocess.Popen(command, env=environment, text=True, stdout=-1, stderr=-1)


def wait_for(process: "subprocess.Popen[str]", folder: Path) -> None:
    while not folder.exists():
        assert process.poll() is None, process.communicate()[1]
        time.sleep(0.01)


@pytest.mark.slow
def test_a_run_killed_at_any_moment_goes_on_as_if_it_had_not_been(tmp_path: Path) -> None:
    whole, killed = tmp_path / "whole", tmp_path / "killed"
    finish(parity(whole, 12, "local"))
    process = parity(killed, 12, "local")
    wait_for(process, killed / "checkpoints/step-000003")
    process.send_signal(signal.SIGKILL)
    process.communicate()
    assert not (killed / "checkpoints/step-000012").exists()
    finish(parity(killed, 12, "local", "resume"))
    assert len(set(checkpoints(whole, 12))) == 12
    assert checkpoints(killed, 12) == checkpoints(whole, 12)


def checkpoints(run: Path, steps: int) -> list[bytes]:
    return [weights(run / "checkpoints" / f"step-{step:06d}") for step in range(1, steps + 1)]


@pytest.mark.slow
def test_a_run_in_child_processes_is_the_same_whoever_is_killed(tmp_path: Path) -> None:
    """First workers die, then the trainer itself; the weights are those of a run in one process."""
    whole, killed = tmp_path / "whole", tmp_path / "killed"
    finish(parity(whole, 8, "local"))
    process = parity(killed, 8, "process:2")
    for step in (1, 3):
        wait_for(process, killed / f"checkpoints/step-{step:06d}")
        workers(process)[step % 2].kill()
    wait_for(process, killed / "checkpoints/step-000005")
    family = psutil.Process(process.pid).children(recursive=True)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    assert psutil.wait_procs(family, timeout=30)[1] == []
    finish(parity(killed, 8, "process:2", "resume"))
    assert checkpoints(killed, 8) == checkpoints(whole, 8)


def workers(process: "subprocess.Popen[str]") -> list[psutil.Process]:
    """The processes that an app runs in, below a trainer; waits until both are there."""
    while True:
        found = [p for p in psutil.Process(process.pid).children(recursive=True) if _is_worker(p)]
        if len(found) == 2:
            return found
        time.sleep(0.05)


def _is_worker(process: psutil.Process) -> bool:
    try:
        return "greenroom.wire.worker" in process.cmdline()
    except psutil.NoSuchProcess:
        return False


@pytest.mark.slow
def test_a_stopped_run_goes_on_by_its_folder(tmp_path: Path) -> None:
    finish(greenroom(tmp_path, "train", "mail", "--steps", "1", *QUICK, "--out", "run"))
    found = json.loads(finish(greenroom(tmp_path, "train", "--resume", "run", "--steps", "2", "--json")))
    assert found["step"] == 2


@pytest.mark.slow
def test_the_demo_tells_its_story_and_leaves_its_picture(tmp_path: Path) -> None:
    quick = ["--demonstrations", "40", "--imitate", "3", "--steps", "2", "--tasks", "6"]
    found = json.loads(finish(greenroom(tmp_path, "demo", *quick, "--json")))
    assert {bar["name"] for bar in found["bars"]} == {"demo", "success before, sampled", "success after, sampled"}
    assert 0 < found["teachers"] < 1 and found["tasks"] == 6
    assert (tmp_path / found["picture"]).read_bytes()[:4] == b"\x89PNG"
    with Store(tmp_path / "store.db") as store:
        names = {m.name for m in store.metrics(found["run"])}
        assert {"reward", "dev", "length", "teaching", "seconds_rollouts", "seconds_update"} <= names
        assert store.counts(found["run"]).rollouts == 2 * 16 * 8
        assert found["invalid"]["GRPO"] == [0, 2 * 16 * 8] and found["invalid"]["demonstrations"] == [0, 40]
        configs = {run.kind: run.config for run in store.runs()}
        assert [configs[kind]["world"] for kind in ("demonstrate", "evaluate", "train")] == ["small"] * 3


@pytest.mark.slow
@pytest.mark.parametrize("lora", ["0", "2"])
def test_any_chat_model_is_trained_by_its_path(chat_model: Path, lora: str, tmp_path: Path) -> None:
    quick = ["--groups", "1", "--size", "2", "--steps", "1", "--dev-every", "0"]
    arguments = ["train", "mail", "--model", str(chat_model), "--lora", lora, *quick, "--out", "run", "--json"]
    found = json.loads(finish(greenroom(tmp_path, *arguments)))
    assert found["step"] == 1 and (tmp_path / "run/checkpoints/step-000001/trainer.pt").exists()


@pytest.mark.parametrize(
    "arguments, said",
    [
        (["train", "mial"], "did you mean 'mail'"),
        (["train", "mail", "--model", "./nowhere"], "no model at './nowhere'"),
        (["train", "--resume", "nowhere"], "no run to resume in 'nowhere'"),
        (["train", "mail", "--out", "taken/run"], "'taken/run' cannot be the folder of a run"),
        (["train", "--resume", "torn"], "cannot be read"),
        (["train", "--resume", "nowhere", "--lr", "1"], "leave out --lr"),
        (["train", "mail", "--model", "x", "--imitate", "5"], "--imitate is for the warm start"),
        (["demo", "--people", "nobody.jsonl"], "no file 'nobody.jsonl'"),
    ],
)
def test_bad_input_is_named(arguments: list[str], said: str, tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("a file")
    (tmp_path / "torn").mkdir()
    (tmp_path / "torn" / "run.json").write_text("{")
    process = greenroom(tmp_path, *arguments)
    _, err = process.communicate(timeout=120)
    assert process.returncode == 2
    assert said in err and "Traceback" not in err


@pytest.mark.slow
def test_a_run_is_resumed_in_its_own_store_only(tmp_path: Path) -> None:
    finish(greenroom(tmp_path, "train", "mail", "--steps", "1", *QUICK, "--out", "run"))
    with Store(tmp_path / "other.db") as other:
        other.begin_run("rollout", app="notes", policy="oracle", user="goal", config={})
    process = greenroom(tmp_path, "train", "--resume", "run", "--steps", "2", "--store", "other.db")
    _, err = process.communicate(timeout=120)
    assert process.returncode == 2
    assert "is not the one in 'run'" in err


def test_a_run_stopped_before_its_first_checkpoint_is_begun_again(tmp_path: Path) -> None:
    from greenroom_trainer.run import RunConfig, begin

    with Store(tmp_path / "store.db") as store:
        first = begin(RunConfig(), store, tmp_path / "run")
        with pytest.raises(KeyboardInterrupt), first.noted():
            raise KeyboardInterrupt
        assert store.run(first.number).status == "stopped"
        assert begin(RunConfig(), store, tmp_path / "run").number == first.number + 1
