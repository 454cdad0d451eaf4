import subprocess
import sys
import time
from pathlib import Path

import pytest

from greenroom.errors import PluginError, UnknownNameError
from greenroom.plugins import ENVS, Plugins, load_app


def test_the_built_in_app_comes_through_the_entry_point() -> None:
    assert "mail" in ENVS.names()
    assert load_app("mail").name == "mail"
    assert ENVS.distribution("mail").startswith("greenroom ")


def test_an_unknown_plugin_lists_what_is_installed() -> None:
    with pytest.raises(UnknownNameError, match=r"no environment 'mial'; did you mean 'mail'\? there is: .*mail"):
        load_app("mial")


def test_a_broken_plugin_says_why_and_leaves_the_rest_alone(tmp_path: Path) -> None:
    info = tmp_path / "broken-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: broken\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[greenroom.envs]\nbroken = broken_module:app\n")
    (tmp_path / "broken_module.py").write_text("1 / 0\n")
    code = (
        "from greenroom.plugins import ENVS, load_app\n"
        "from greenroom.errors import PluginError\n"
        "assert ENVS.distribution('broken') == 'broken 1.0'\n"
        "load_app('mail')\n"
        "try: load_app('broken')\n"
        "except PluginError as error: print(error)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env={"PYTHONPATH": str(tmp_path)}, check=True
    )
    assert "environment 'broken' (broken_module:app) does not load: ZeroDivisionError" in done.stdout


def test_what_is_no_app_is_refused() -> None:
    assert issubclass(PluginError, Exception)
    simulators = Plugins("greenroom.simulators", "user simulator")
    assert {"goal", "people"} <= set(simulators.names())


def test_importing_greenroom_loads_neither_torch_nor_sqlalchemy() -> None:
    code = "import sys, greenroom; print([m for m in ('torch', 'sqlalchemy', 'apsw', 'openai') if m in sys.modules])"
    started = time.monotonic()
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
    assert time.monotonic() - started < 60
