"""The same task, played again in another process with another hash seed."""

import json
import os
import subprocess
import sys
from collections.abc import Sequence

from greenroom.app import App
from greenroom.checks.playing import play
from greenroom.plugins import ENVS, load_app, load_simulator
from greenroom.sandboxes.local import LocalSandbox
from greenroom.tasks import Size


def can_be_loaded(app: App) -> bool:
    """Whether another process would find this very app (each of them, of a set) by its name."""
    return all(one.name in ENVS.names() and load_app(one.name) is one for one in app.apps)


def ends_elsewhere(tasks: Sequence[str], size: Size, seed: int, user: str) -> tuple[dict[str, str], str]:
    """The page ids that the oracles of tasks end at in a new process, and what went wrong there, if anything."""
    environment = {**os.environ, "PYTHONHASHSEED": "4242"}
    command = [sys.executable, "-m", __name__, str(size), str(seed), user, *tasks]
    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
    if done.returncode:
        return {}, (done.stderr.strip().splitlines() or ["it printed nothing"])[-1]
    return json.loads(done.stdout.splitlines()[-1]), ""


def _print_ends(size: str, seed: str, user: str, *tasks: str) -> None:
    """The other process's side of `ends_elsewhere`."""
    sandbox = LocalSandbox(load_app(tasks[0].split("/")[0]), size, int(seed))
    simulator = load_simulator(user)
    ends: dict[str, str] = {}
    for task in tasks:
        brief = sandbox.prepare(task)
        ends[task] = play(sandbox, brief, simulator, brief.solution, int(seed)).end
    print(json.dumps(ends))


if __name__ == "__main__":
    _print_ends(*sys.argv[1:])
