import re

import pytest

from greenroom import Split, names
from greenroom.check import check_app
from greenroom.plugins import load_simulator
from greenroom.sandboxes import LocalSandbox
from greenroom.tasks import Goal
from greenroom_envs.shop import app

FAMILIES = sorted(app.playable)


def test_there_are_at_least_twelve_families() -> None:
    assert len(FAMILIES) >= 12


@pytest.mark.slow
@pytest.mark.parametrize("split", list(Split))
def test_every_family_is_proved(split: Split) -> None:
    report = check_app(app, load_simulator("goal"), tasks=3, split=split)
    assert report.ok, [*report.impure, *(v for f in report.families for v in f.violations)]


def goals(sandbox: LocalSandbox, family: str, split: Split, count: int = 12) -> list[Goal]:
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
