"""`greenroom check` over all apps that ship: a sample for CI, the whole sweep by night."""

import pytest

from greenroom.check import check_app
from greenroom.plugins import load_app, load_simulator
from greenroom.tasks import Split

APPS = ("booking", "mail", "shop")
SETS = ("booking+mail", "mail+shop")


def over_apps(name: str) -> list[str]:
    """The families of a set that play in more than one app."""
    app = load_app(name)
    return [family for family in app.playable if app.needs[family]]


EVERY = [*((n, f) for n in APPS for f in load_app(n).playable), *((n, f) for n in SETS for f in over_apps(n))]


def prove(name: str, families: list[str], tasks: int, split: Split) -> None:
    report = check_app(load_app(name), load_simulator("goal"), tasks=tasks, families=families, split=split)
    assert report.ok, "\n".join(report.violations)


@pytest.mark.slow
@pytest.mark.parametrize("name", APPS)
def test_a_sample_of_every_family_is_proved(name: str) -> None:
    prove(name, [], 2, Split.TEST)


@pytest.mark.slow
@pytest.mark.parametrize("name", SETS)
def test_a_sample_of_the_families_over_apps_is_proved(name: str) -> None:
    assert over_apps(name)
    prove(name, over_apps(name), 3, Split.TEST)


def test_every_app_has_a_dozen_families_and_two_play_over_apps() -> None:
    assert all(len(load_app(name).families) >= 12 for name in APPS)
    assert len({family for name in SETS for family in over_apps(name)}) >= 2


@pytest.mark.nightly
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("split", list(Split))
@pytest.mark.parametrize(("name", "family"), EVERY)
def test_two_hundred_tasks_of_every_family_are_proved(name: str, family: str, split: Split) -> None:
    prove(name, [family], 200, split)
