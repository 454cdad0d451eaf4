"""What users say, over all families of all apps: nobody is polite twice in one turn."""

import pytest

from greenroom import messages as m
from greenroom.plugins import load_app
from greenroom.sandboxes import LocalSandbox
from greenroom.tasks import Goal, Split
from greenroom.wordings import polite_twice
from greenroom_simulators.behaviour import Behaviour
from greenroom_simulators.goal import GoalUser

COURTEOUS = GoalUser(Behaviour(politeness=1, greeting=1, chattiness=1))


def turns(goal: Goal, seed: int) -> list[str]:
    """An opening, and what is said to an agent that asks for everything and then claims to have done nothing."""
    said = [COURTEOUS.open(goal, seed)]
    for text in ("Sorry?", *(f"{fact.cues[0]}?" for fact in goal.facts if fact.cues), "I did nothing."):
        said.append(COURTEOUS.reply(said[-1].state, [m.assistant(text)]))
    return [turn.text for turn in said]


@pytest.mark.parametrize("name", ["booking", "mail", "shop", "booking+mail", "mail+shop"])
def test_no_user_is_polite_twice_in_one_turn(name: str) -> None:
    app = load_app(name)
    sandbox = LocalSandbox(app)
    for family in app.playable if "+" not in name else [f for f in app.playable if app.needs[f]]:
        for split in (Split.TRAIN, Split.TEST):
            brief = sandbox.prepare(f"{name}/{split}/{family}/0")
            goal = Goal.from_json(brief.goal)
            wordings = [*goal.requests, *(wording for fact in goal.facts for wording in fact.wordings)]
            said = [*wordings, *(text for seed in range(3) for text in turns(goal, seed))]
            assert [text for text in said if polite_twice(text)] == [], brief.task
            sandbox.release(brief.snapshot)
