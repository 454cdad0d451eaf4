import os
import subprocess
import sys
from pathlib import Path

import pytest

from greenroom.errors import UnknownNameError, UsageError
from greenroom_envs.tau2 import domain_app
from greenroom_envs.tau2.checkout import Checkout

CHECKOUT = Path(__file__).parent / "checkout"


def test_nothing_that_says_where_it_is_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("GREENROOM_TAU2", raising=False)
    with pytest.raises(UsageError, match="where is tau2-bench\\? Set GREENROOM_TAU2"):
        Checkout.find()


def test_a_folder_that_is_no_checkout_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="is no checkout of tau2-bench: it has no src/tau2/domains"):
        Checkout.find(tmp_path)


def test_an_unknown_domain_lists_those_there_are() -> None:
    with pytest.raises(
        UnknownNameError, match=r"no tau2 domain 'libary'; did you mean 'library'\? there is: kiosk, library"
    ):
        domain_app("libary", CHECKOUT)


def test_a_second_checkout_in_one_process_is_refused(tmp_path: Path) -> None:
    domain_app("library", CHECKOUT)
    other = tmp_path / "src" / "tau2" / "domains" / "library"
    other.mkdir(parents=True)
    (other / "environment.py").write_text("")
    with pytest.raises(UsageError, match="another tau2 is loaded in this process"):
        domain_app("library", tmp_path)


def test_a_package_that_tau2_needs_is_named(tmp_path: Path) -> None:
    domain = tmp_path / "src" / "tau2" / "domains" / "needy"
    domain.mkdir(parents=True)
    (domain / "environment.py").write_text("import no_such_package\n")
    code = f"from greenroom_envs.tau2 import domain_app; domain_app('needy', {str(tmp_path)!r})"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert "tau2-bench needs the package 'no_such_package': pip install -e " in done.stderr


@pytest.mark.slow
def test_the_command_line_plays_a_domain_of_a_checkout(tmp_path: Path) -> None:
    variables = {"GREENROOM_TAU2": str(CHECKOUT), "GREENROOM_TAU2_DOMAIN": "kiosk", "XDG_CACHE_HOME": str(tmp_path)}
    command = [sys.executable, "-m", "greenroom.cli.main", "rollout", "tau2", "--policy", "oracle", "--groups", "2"]
    done = subprocess.run(
        [*command, "--size", "3", "--split", "train"],
        env={**os.environ, **variables},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "1.000" in done.stdout


def test_without_a_checkout_the_domains_are_listed_with_what_to_do(tmp_path: Path) -> None:
    kept = {k: v for k, v in os.environ.items() if not k.startswith("GREENROOM")}
    command = [sys.executable, "-m", "greenroom.cli.main", "envs"]
    done = subprocess.run(command, env={**kept, "COLUMNS": "200"}, capture_output=True, text=True, check=True)
    assert "- tau2, tau2_airline, tau2_retail, tau2_telecom (greenroom" in done.stdout
    assert done.stdout.count("where is tau2-bench? Set GREENROOM_TAU2") == 1
    assert "mail" in done.stdout
