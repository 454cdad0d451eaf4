"""The compose file's vLLM, as far as it goes without one: what starts it, and what is closed in front of it."""

import asyncio
import subprocess
import sys
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import Any

import pytest
import yaml

COMPOSE = Path(__file__).parents[3] / "compose"


def started_with(key: str) -> "subprocess.CompletedProcess[str]":
    """The service's own entry point, where Python has no vLLM."""
    service = yaml.safe_load((COMPOSE / "compose.yaml").read_text())["services"]["vllm"]
    command = [word.replace("$$", "$") for word in (*service["entrypoint"], *service["command"])]
    environment = {"PATH": f"{Path(sys.executable).parent}:/usr/bin:/bin", "VLLM_API_KEY": key}
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("key", ["", "changeme", "my-secret-of-today", "password-for-model", "short", "12345678"])
def test_a_placeholder_does_not_start_it(key: str) -> None:
    done = started_with(key)
    assert (done.returncode, done.stdout) == (1, "")
    assert "MODEL_TOKEN is a placeholder or short" in done.stderr


def test_a_random_key_does() -> None:
    assert "No module named 'vllm'" in started_with("If6XShOxv_XQuzP9fuRUVJzc7PizeLH5").stderr


def behind_closed(kind: str, path: str = "") -> tuple[list[str], list[dict[str, Any]]]:
    """What reached the server behind the middleware, and what was sent without it."""
    spec = spec_from_file_location("closed", COMPOSE / "vllm/closed.py")
    assert spec is not None and spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    reached: list[str] = []
    sent: list[dict[str, Any]] = []

    async def server(scope: dict[str, Any], receive: Any, send: Any) -> None:
        reached.append(scope.get("path", scope["type"]))

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    scope = {"type": kind, "path": path} if path else {"type": kind}
    asyncio.run(module.Closed(server)(scope, None, send))
    return reached, sent


@pytest.mark.parametrize("path", ["/health", "/v1/models", "/v1/chat/completions", "/v1/load_lora_adapter"])
def test_what_its_key_guards_answers_and_whether_it_is_well(path: str) -> None:
    assert behind_closed("http", path) == ([path], [])


@pytest.mark.parametrize("path", ["/", "/v1", "/invocations", "/adapters", "/metrics", "/health/", "//v1/models"])
def test_what_its_key_does_not_guard_is_unknown(path: str) -> None:
    reached, sent = behind_closed("http", path)
    assert not reached
    assert [message.get("status") for message in sent] == [404, None]


def test_a_socket_elsewhere_is_closed() -> None:
    assert behind_closed("websocket", "/invocations") == ([], [{"type": "websocket.close", "code": 1008}])


def test_the_server_s_own_start_goes_through() -> None:
    assert behind_closed("lifespan") == (["lifespan"], [])
