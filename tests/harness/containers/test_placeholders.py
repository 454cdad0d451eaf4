"""What compose.yaml refuses for services that are not ours: the same as the apps do, told by sh."""

import os
import subprocess
from pathlib import Path

import pytest
import yaml

from greenroom.errors import UsageError
from greenroom.wire import tokens
from support.containers import need_images

COMPOSE = Path(__file__).parents[3] / "compose/compose.yaml"
SETTINGS = {"postgres": ("POSTGRES_PASSWORD", "POSTGRES_PASSWORD"), "vllm": ("MODEL_TOKEN", "VLLM_API_KEY")}
MADE = "SLnZTRw2GRzDJejK2xSPGlp46igjtLVAVAjE_tTO2R4"
GOOD = ["kM3v9xQ2pL7rT5wZ8bN4", "-kM3v9xQ2pL7rT5w", "$kM`3v9x'Q2\"pL*7?", "abcde-vwxyz-97531-kM", MADE]
BAD = [
    *(
        "",
        "changeme",
        "CHANGEME1",
        "kM3v9xQ2pL7rT5w",
        "x" * 40,
        "aabbccddeeffgghh",
        "kM3v9xQ2pL7rT5 wZ8",
        "kM3v9xQ2pL7rT5wü",
    ),
    *("kM3v9xQ2pL7abcdef", "kM3v9xQ2pL7AbCdEf", "kM3v9xQ2pL7654321", "kM3v9xQ2pL7rT5wZ\n", "kM3v9xQ2pL7-Change_Me!"),
    *(f"kM3v9-{word.upper()}-Q2pL7rT5" for word in tokens.PLACEHOLDERS),
]


def checking(service: str) -> list[str]:
    """A service's own entry point, as far as it says what is started once the check is passed."""
    entrypoint = yaml.safe_load(COMPOSE.read_text())["services"][service]["entrypoint"]
    assert tuple(entrypoint[3:5]) == SETTINGS[service]
    return [word.replace("$$", "$") for word in entrypoint[:5]]


def started_with(value: str, service: str) -> "subprocess.CompletedProcess[str]":
    environment = {"PATH": os.defpath, SETTINGS[service][1]: value}
    return subprocess.run(
        [*checking(service), "echo", "two words", "*"], env=environment, capture_output=True, text=True, check=False
    )


@pytest.mark.parametrize("service", SETTINGS)
@pytest.mark.parametrize("value", BAD)
def test_a_placeholder_starts_nothing(value: str, service: str) -> None:
    with pytest.raises(UsageError):
        tokens.check(value)
    done = started_with(value, service)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == f"{SETTINGS[service][0]} is a placeholder or short: put a random one into compose/.env\n"


@pytest.mark.parametrize("service", SETTINGS)
@pytest.mark.parametrize("value", GOOD)
def test_what_an_app_takes_starts_what_is_named(value: str, service: str) -> None:
    assert tokens.check(value) == value
    done = started_with(value, service)
    assert (done.returncode, done.stdout, done.stderr) == (0, "two words *\n", "")


@pytest.mark.docker
@pytest.mark.parametrize(("value", "code"), [("CHANGEME1", 1), ("kM3v9xQ2pL7rT5wZ8bN4", 0)])
def test_postgres_s_own_image_can_tell(value: str, code: int) -> None:
    need_images("postgres")
    shell, *rest = checking("postgres")
    held = ["--rm", "--network", "none", "--read-only", "--cap-drop", "ALL", "--env", f"POSTGRES_PASSWORD={value}"]
    command = ["docker", "run", *held, "--entrypoint", shell, "greenroom-postgres", *rest, "true"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, "is a placeholder or short" in done.stderr) == (code, code == 1)
