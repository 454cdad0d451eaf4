"""How tests are spread over processes, what these begin with, and the database server that all share."""

import signal
from collections.abc import Iterator

import pytest

from support.postgres import cluster


def pytest_configure() -> None:
    """Let tests be interrupted, and what they start: a shell has what it starts in the background ignore that."""
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Tests of a file stay together; those that need the engine take turns, for they look at all of its containers."""
    for item in items:
        file = item.nodeid.partition("::")[0]
        item.add_marker(pytest.mark.xdist_group("engine" if item.get_closest_marker("docker") else file))


def pytest_collection_finish(session: pytest.Session) -> None:
    """Stops where groups are asked for and not made: pytest 9.2 took away what xdist 3.8 writes them to."""
    if getattr(session.config.option, "loadgroup", False):
        ungrouped = [item.nodeid for item in session.items if not item.nodeid.rpartition("::")[2].count("@")]
        if ungrouped:
            raise pytest.UsageError(f"xdist left {len(ungrouped)} tests without a group, as {ungrouped[0]}")


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """The address of a PostgreSQL server of the tests' own."""
    with cluster() as address:
        yield address
