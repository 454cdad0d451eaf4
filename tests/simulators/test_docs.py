"""The code of docs/users.md runs."""

import re
from pathlib import Path
from typing import Any

import greenroom
from greenroom import messages as m
from greenroom_simulators import GoalUser

PAGE = Path(__file__).parents[2] / "docs" / "users.md"


def code() -> dict[str, Any]:
    names: dict[str, Any] = {}
    for block in re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL):
        exec(block, names)
    return names


def test_the_goal_user_of_the_page_is_one():
    assert isinstance(code()["user"], GoalUser)


def test_the_user_of_the_page_plays_an_episode():
    env = greenroom.make("mail", user=code()["CurtUser"]())
    env.reset(seed=3)
    first = env.step(m.assistant("I am on it."))
    last = env.step(m.assistant("Done."))
    assert [first[0][-1]["content"], first[2]] == ["And?", False]
    assert [last[0][-1]["content"], last[2]] == ["Fine.", True]
    env.close()
