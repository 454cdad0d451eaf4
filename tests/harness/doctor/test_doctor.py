import json
import subprocess
import sys
from collections.abc import Iterator

import pytest

from greenroom.containers.engine import Engine
from greenroom.doctor import docker, machine
from greenroom.doctor.finding import Finding, examine
from support.containers import need_engine


def by_name(findings: list[Finding]) -> dict[str, Finding]:
    return {one.name: one for one in findings}


NOWHERE = Engine("unix:///nowhere/docker.sock")


def test_a_machine_without_an_engine_is_told_how_to_get_one() -> None:
    findings = by_name(examine(docker.checks(NOWHERE)))
    assert findings["docker"].status == "missing"
    assert "no Docker engine answers at unix:///nowhere" in findings["docker"].found
    assert any(word in findings["docker"].todo for word in ("install an engine", "does not run", "may not use it"))
    assert set(findings) == {"docker", "compose"}


def test_whatever_is_wrong_or_missing_comes_with_what_to_do() -> None:
    findings = examine([*machine.CHECKS, *docker.checks(NOWHERE)])
    assert {"python", "memory", "disk of bases", "browser", "gpu", "postgres", "greenroom[docker]"} <= set(
        by_name(findings)
    )
    assert all(bool(one.todo) == (one.status != "ok") for one in findings if one.name != "gpu")


def test_images_are_named_shortly_and_those_of_tests_and_foreign_ones_are_counted() -> None:
    tags = ["greenroom-base:local", "greenroom-foreign-x:aa", "greenroom-mail:latest", "greenroom-test-plugins:bb"]
    assert docker.named(tags) == ["base:local", "mail", "and 2 made of foreign images and for tests"]
    assert docker.named(["greenroom-mail:latest"]) == ["mail"]


def test_a_check_that_fails_stops_no_other() -> None:
    def broken_thing() -> Iterator[Finding]:
        raise RuntimeError("no such luck")

    findings = by_name(examine([broken_thing, machine.memory]))
    assert findings["broken thing"].status == "problem" and "no such luck" in findings["broken thing"].found
    assert "memory" in findings


@pytest.mark.docker
def test_an_engine_is_found_with_its_version_limits_and_seccomp() -> None:
    findings = by_name(examine(docker.checks(need_engine())))
    assert findings["docker"].status == "ok" and "API" in findings["docker"].found
    assert findings["docker limits"].status == findings["docker seccomp"].status == "ok"
    assert {"disk of docker", "images", "orphans", "run folders"} <= set(findings)


def test_the_command_reports_as_json() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "greenroom.cli.main", "doctor", "--json"], capture_output=True, text=True, check=True
    )
    rows = json.loads(done.stdout)
    assert {"name", "status", "found", "needed", "todo"} == set(rows[0])
