"""What the two planes say of themselves, held against what they do, by schemathesis."""

from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import response_schema_conformance, status_code_conformance

from support.served import TASK, TOKEN, Served, free_port, serving

CHECKS = [not_a_server_error, status_code_conformance, response_schema_conformance]
NEGATIVE = GenerationMode.NEGATIVE
FUZZ = settings(
    max_examples=25,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.filter_too_much],
)


@pytest.fixture(scope="module")
def tcp(tmp_path_factory: pytest.TempPathFactory) -> Generator[tuple[Served, int]]:
    port = free_port()
    with serving(tmp_path_factory.mktemp("s"), port=port, episodes=64) as server:
        yield server, port


@pytest.fixture(scope="module")
def episode(tcp: tuple[Served, int]) -> dict[str, Any]:
    return tcp[0].ask("POST", "/v1/reset", {"task": TASK})[1]["opened"][0]


def hold(schema: Any, token: str, known: dict[str, str]) -> None:
    """Ask for everything that a schema offers, with anything that it allows and much that it does not.

    Args:
        schema: The schema.
        token: The token of its plane.
        known: Values that half of the requests have in their path, so that something is there to be found.
    """
    operations = [result.ok() for result in schema.get_all_operations()]
    assert len(operations) > 2
    for operation in operations:
        _hold_one(operation, token, known)


def _hold_one(operation: Any, token: str, known: dict[str, str]) -> None:
    @FUZZ
    @given(operation.as_strategy() | operation.as_strategy(generation_mode=NEGATIVE), st.booleans())
    def ask(case: Any, real: bool) -> None:
        for name in known.keys() & set(case.path_parameters or {}):
            if real and case.method != "DELETE":
                case.path_parameters[name] = known[name]
        case.call_and_validate(checks=CHECKS, headers={"Authorization": f"Bearer {token}"})

    ask()


def test_the_control_plane_does_what_its_schema_says(tcp: tuple[Served, int], episode: dict[str, Any]) -> None:
    address = f"http://127.0.0.1:{tcp[1]}/openapi.json"
    schema = schemathesis.openapi.from_url(address, headers={"Authorization": f"Bearer {TOKEN}"})
    for path in ("/v1/families", "/v1/upload", "/v1/download", "/v1/session"):
        assert path in schema
    hold(schema, TOKEN, {"episode": episode["episode"]})


def test_the_agent_plane_does_what_its_schema_says(tcp: tuple[Served, int], episode: dict[str, Any]) -> None:
    address = f"http://127.0.0.1:{tcp[1] + 1}/openapi.json"
    schema = schemathesis.openapi.from_url(address, headers={"Authorization": f"Bearer {episode['token']}"})
    hold(schema, episode["token"], {"name": "notes_add"})


def test_both_schemas_are_told_to_who_may_ask(tcp: tuple[Served, int], episode: dict[str, Any], tmp_path: Path) -> None:
    for plane, token, path in (("control", TOKEN, "/v1/step"), ("agent", episode["token"], "/v1/episode/tools/{name}")):
        status, schema, _ = tcp[0].ask("GET", "/openapi.json", plane=plane, token=token)
        assert status == 200 and schema["openapi"].startswith("3.") and path in schema["paths"]
