import re
from typing import Any

import pytest

from greenroom import Split, World, names
from greenroom.messages import calls_of
from greenroom.sandboxes import LocalSandbox
from greenroom.tasks import Goal, TaskId
from greenroom_envs.shop import app
from support.counter import Counter

FAMILIES = sorted(app.playable)


SAYING_NO = 11
# A password is never in a request, and who one is by name and postcode only where the e-mail is not known.
NEVER_SAID_AT_ONCE = {"password", "name", "postcode"}


def test_there_are_many_families_on_both_sides_of_the_counter_and_some_want_a_no() -> None:
    assert len([name for name in FAMILIES if name.startswith("desk_")]) >= 12
    assert len([name for name in FAMILIES if not name.startswith("desk_")]) >= 12


@pytest.mark.parametrize("family", FAMILIES)
def test_a_family_has_three_levels_that_differ_and_hides_nothing_at_the_first(
    sandbox: LocalSandbox, family: str
) -> None:
    levels: dict[int, set[object]] = {}
    for index in range(24):
        with sandbox.base(Split.TRAIN).open() as world:
            task = app.make_task(world, TaskId("shop", Split.TRAIN, family, index))
            hidden = frozenset(fact.key for fact in task.goal.facts if not fact.at_once)
            levels.setdefault(task.level, set()).add((hidden, len(task.solution), planted(world)))
        assert task.level > 1 or hidden <= NEVER_SAID_AT_ONCE
    assert sorted(levels) == [1, 2, 3]
    assert levels[1].isdisjoint(levels[2] | levels[3]) or levels[3].isdisjoint(levels[1] | levels[2])


def planted(world: World) -> tuple[Any, ...]:
    """How many products of one brand a task has planted, and how many orders and late parcels there are."""
    alike = "SELECT count(*) FROM shop_product WHERE id >= 1000000 GROUP BY brand ORDER BY 1 DESC LIMIT 1"
    late = "SELECT count(*) FROM shop_parcel WHERE expected_on > promised_on"
    counter = Counter(world)
    return tuple(counter.sql(text)[0][0] for text in (alike, "SELECT count(*) FROM shop_order", late))


def test_where_the_answer_is_no_nothing_is_to_be_changed(sandbox: LocalSandbox) -> None:
    saying_no: set[str] = set()
    for family in FAMILIES:
        brief = sandbox.prepare(f"shop/train/{family}/0")
        calls = [one["function"]["name"] for message in brief.solution for one in calls_of(message)]
        if not any(app.tools[name].writes for name in calls) and Goal.from_json(brief.goal).needs == "text":
            saying_no.add(family)
        sandbox.release(brief.snapshot)
    assert len(saying_no) >= SAYING_NO


def goals(sandbox: LocalSandbox, family: str, split: Split, count: int = 5) -> list[Goal]:
    found: list[Goal] = []
    for index in range(count):
        brief = sandbox.prepare(f"shop/{split}/{family}/{index}")
        found.append(Goal.from_json(brief.goal))
        sandbox.release(brief.snapshot)
    return found


@pytest.mark.parametrize("family", FAMILIES)
def test_the_brands_of_a_split_are_of_that_split_alone(sandbox: LocalSandbox, family: str) -> None:
    for split in (Split.TRAIN, Split.TEST):
        for goal in goals(sandbox, family, split, 4):
            brand = goal.slots.get("item", "").split(" ")[0]
            assert not brand or names.split_of(brand) == split


def test_requests_of_test_never_occur_in_train_when_values_are_masked(sandbox: LocalSandbox) -> None:
    seen = {split: set[str]() for split in (Split.TRAIN, Split.TEST)}
    for split, masked in seen.items():
        for family in FAMILIES:
            for goal in goals(sandbox, family, split):
                masked |= {mask(text, goal) for text in goal.requests}
    assert len(seen[Split.TEST]) > 100
    assert not seen[Split.TRAIN] & seen[Split.TEST]


def mask(text: str, goal: Goal) -> str:
    for value in sorted(goal.slots.values(), key=len, reverse=True):
        text = re.sub(rf"(?<!\w){re.escape(value)}(?!\w)", "_", text, flags=re.IGNORECASE)
    return text


@pytest.mark.parametrize("family", FAMILIES)
def test_a_question_of_the_solution_is_answered_from_what_the_user_knows(sandbox: LocalSandbox, family: str) -> None:
    for index in range(4):
        brief = sandbox.prepare(f"shop/train/{family}/{index}")
        hidden = [fact for fact in Goal.from_json(brief.goal).facts if not fact.at_once]
        asked = [m["content"] or "" for m in brief.solution if (m["content"] or "").endswith("?")]
        for question in asked:
            assert any(cue in question.lower() for fact in hidden for cue in fact.cues), question
        sandbox.release(brief.snapshot)


DRAWN = {
    "buy_gift": ("number", "options", "place"),
    "too_many": ("number", "options"),
    "change_rhythm": ("weeks",),
    "desk_credit": ("amount",),
    "review_item": ("text",),
    "default_address": ("place",),
    "cancel_order": ("reason",),
    "return_item": ("reason",),
    "desk_exchange": ("reason", "options"),
    "price_of": ("options",),
    "use_code": ("code",),
    "desk_address": ("address",),
    "desk_payment": ("card",),
}


@pytest.mark.parametrize("family", sorted(DRAWN))
def test_what_a_task_draws_is_never_drawn_in_another_split(sandbox: LocalSandbox, family: str) -> None:
    found = {split: goals(sandbox, family, split, 10) for split in Split}
    for slot in DRAWN[family]:
        values = [{goal.slots[slot] for goal in found[split]} for split in Split]
        drawn = [value for some in values for value in some]
        assert len(drawn) == len(set(drawn)), (slot, values)
