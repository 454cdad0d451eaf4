import re
from collections import Counter
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select

from greenroom import Split, names
from greenroom.appset import AppSet
from greenroom.check import check_app
from greenroom.sandbox import Brief
from greenroom.sandboxes import LocalSandbox
from greenroom.tasks import Goal
from greenroom_envs.booking import app
from greenroom_envs.booking.families.days import day_split, spoken
from greenroom_envs.booking.flights import FlightDate
from greenroom_envs.booking.models import PaymentMethod, Reservation, Voucher
from greenroom_envs.booking.stays import Listing
from greenroom_envs.mail import app as mail
from greenroom_simulators.goal import GoalUser

FAMILIES = sorted(app.playable)
OWN = ("city", "origin", "destination", "place", "one", "person")
SPLITTING = ("quality", "pet", "trouble", "thing", "kind", "seat", "number")
"""Slots whose whole values belong to one split."""
TODAY = date(2026, 3, 2)
AHEAD = tuple(TODAY + timedelta(days=n) for n in range(1, 300))
BEHIND = tuple(TODAY - timedelta(days=n) for n in range(1, 120))
PLANTED = (Listing, FlightDate, Reservation, PaymentMethod, Voucher)
PAST = ("complain", "review_stay")


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
                    assert (fact.value.lower() in request.lower()) == fact.at_once or len(fact.value) < 3, (
                        request,
                        fact,
                    )
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


def briefs(sandbox: LocalSandbox, family: str, split: Split = Split.TRAIN, count: int = 10) -> Iterator[Brief]:
    for index in range(count):
        brief = sandbox.prepare(f"booking/{split}/{family}/{index}")
        yield brief
        sandbox.release(brief.snapshot)


@pytest.mark.parametrize("family", FAMILIES)
def test_tasks_come_in_three_levels_and_the_first_hides_nothing(sandbox: LocalSandbox, family: str) -> None:
    levels = Counter[int]()
    for brief in briefs(sandbox, family, count=30):
        levels[brief.level] += 1
        assert brief.level > 1 or all(fact.at_once for fact in Goal.from_json(brief.goal).facts)
    assert set(levels) == {1, 2, 3}
    assert levels[3] < levels[1] + levels[2]


@pytest.mark.parametrize("family", FAMILIES)
def test_levels_differ_in_what_is_said_or_in_what_there_is(sandbox: LocalSandbox, family: str) -> None:
    shapes: dict[int, set[tuple[object, ...]]] = {1: set(), 2: set(), 3: set()}
    for brief in briefs(sandbox, family, count=30):
        goal = Goal.from_json(brief.goal)
        with sandbox.start(brief.snapshot).open() as world, world.transaction("world") as session:
            planted = [session.scalar(select(func.count()).select_from(model)) for model in PLANTED]
        hidden = tuple(sorted(fact.key for fact in goal.facts if not fact.at_once))
        by_number = goal.slots.get("which", "").startswith("reservation")
        shapes[brief.level].add((hidden, by_number, tuple(sorted(goal.slots)), tuple(planted)))
    assert not shapes[1] & shapes[2] or not shapes[1] & shapes[3]


@pytest.mark.parametrize("family", FAMILIES)
def test_days_numbers_and_reasons_of_one_split_are_not_those_of_another(sandbox: LocalSandbox, family: str) -> None:
    for split in Split:
        for brief in briefs(sandbox, family, split, count=6):
            goal = Goal.from_json(brief.goal)
            values = [goal.slots[slot] for slot in SPLITTING if slot in goal.slots]
            values += [goal.slots["other"]] if family == "choose_seat" else []
            values += re.findall(r"reservation (\d+)", goal.slots.get("which", ""))
            assert {names.split_of(value) for value in values} <= {split}, values
            told = " ".join(goal.slots.values())
            days = [
                day
                for day in (BEHIND if family in PAST else AHEAD)
                if re.search(rf"\b{re.escape(spoken(day))}\b", told)
            ]
            assert {day_split(day) for day in days} <= {split}, told


@pytest.mark.parametrize("family", FAMILIES)
def test_what_the_solution_asks_for_is_told_by_the_user(sandbox: LocalSandbox, family: str) -> None:
    user = GoalUser()
    for brief in briefs(sandbox, family, count=8):
        goal = Goal.from_json(brief.goal)
        hidden = {fact.key: fact.value for fact in goal.facts if not fact.at_once}
        asked = [message for message in brief.solution if (message["content"] or "").endswith("?")]
        told = [user.reply(user.open(goal, 1).state, [message]).text for message in asked]
        assert all(any(value.lower() in text.lower() for value in hidden.values()) for text in told), (asked, told)
        assert len(asked) <= len(hidden)
