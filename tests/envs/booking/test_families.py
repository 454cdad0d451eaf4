from pathlib import Path

import pytest

from greenroom import Split, names
from greenroom.appset import AppSet
from greenroom.check import check_app
from greenroom.sandboxes import LocalSandbox
from greenroom.tasks import Goal
from greenroom_envs.booking import app
from greenroom_envs.mail import app as mail
from greenroom_simulators.goal import GoalUser

FAMILIES = sorted(app.playable)
OWN = ("city", "origin", "destination", "place", "one", "person")


def test_there_are_at_least_twelve_families_and_one_over_two_apps() -> None:
    assert len(FAMILIES) >= 12
    assert "booking.mail_itinerary" in AppSet([app, mail]).playable


@pytest.mark.slow
def test_every_family_is_proved_by_check() -> None:
    report = check_app(app, GoalUser(), tasks=3)
    assert report.ok, (report.impure, [violation for f in report.families for violation in f.violations])


@pytest.mark.parametrize("family", FAMILIES)
def test_requests_hold_all_values_and_differ_between_splits(sandbox: LocalSandbox, family: str) -> None:
    for split in (Split.TRAIN, Split.TEST):
        for index in range(4):
            brief = sandbox.prepare(f"booking/{split}/{family}/{index}")
            goal = Goal.from_json(brief.goal)
            assert len(goal.requests) >= 2
            for request in goal.requests:
                for fact in goal.facts:
                    assert (fact.value.lower() in request.lower()) == fact.at_once or len(fact.value) < 3, (request, fact)
            words = {goal.slots[slot].split()[0] for slot in OWN if slot in goal.slots}
            assert {names.split_of(word) for word in words} <= {split}
            sandbox.release(brief.snapshot)


@pytest.mark.parametrize("family", FAMILIES)
def test_no_wording_is_in_two_splits(sandbox: LocalSandbox, family: str) -> None:
    seen: dict[Split, set[str]] = {}
    for split in (Split.TRAIN, Split.TEST):
        masked: set[str] = set()
        for index in range(15):
            brief = sandbox.prepare(f"booking/{split}/{family}/{index}")
            goal = Goal.from_json(brief.goal)
            for request in goal.requests:
                for value in sorted(goal.slots.values(), key=len, reverse=True):
                    request = request.replace(value, "_")
                masked.add(request)
            sandbox.release(brief.snapshot)
        seen[split] = masked
    assert not seen[Split.TRAIN] & seen[Split.TEST]


def test_the_same_id_is_the_same_task(sandbox: LocalSandbox, bases: Path) -> None:
    first = sandbox.prepare("booking/test/book_cheapest/3")
    assert LocalSandbox(app, cache_dir=bases).prepare(first.task) == first
    assert sandbox.prepare("booking/test/book_cheapest/4").snapshot != first.snapshot
