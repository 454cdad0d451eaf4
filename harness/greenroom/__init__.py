"""greenroom: where AI agents rehearse before they go live.

The names below are loaded when they are first used, so that the command line starts fast.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

import gymnasium

from greenroom.errors import GreenroomError, Refusal
from greenroom.plugins import ENVS

if TYPE_CHECKING:
    from greenroom.app import App
    from greenroom.env import GreenroomEnv, make
    from greenroom.limits import Rate
    from greenroom.tasks import Evidence, Fact, Goal, Size, Split, Task, Verdict
    from greenroom.vector import GroupEnv
    from greenroom.worlds import World

_HOME = {
    "App": "greenroom.app",
    "Evidence": "greenroom.tasks",
    "Fact": "greenroom.tasks",
    "Goal": "greenroom.tasks",
    "GreenroomEnv": "greenroom.env",
    "GroupEnv": "greenroom.vector",
    "Rate": "greenroom.limits",
    "Size": "greenroom.tasks",
    "Split": "greenroom.tasks",
    "Task": "greenroom.tasks",
    "Verdict": "greenroom.tasks",
    "World": "greenroom.worlds",
    "make": "greenroom.env",
}

__all__ = [
    "App",
    "Evidence",
    "Fact",
    "Goal",
    "GreenroomEnv",
    "GreenroomError",
    "GroupEnv",
    "Rate",
    "Refusal",
    "Size",
    "Split",
    "Task",
    "Verdict",
    "World",
    "make",
]


def __getattr__(name: str) -> Any:
    if name in _HOME:
        return getattr(import_module(_HOME[name]), name)
    raise AttributeError(f"module 'greenroom' has no attribute '{name}'")


for _name in ENVS.names():
    gymnasium.register(  # pyright: ignore[reportUnknownMemberType] - its own annotation is partial
        id=f"greenroom/{_name}-v0", entry_point="greenroom.env:GreenroomEnv", kwargs={"app": _name}
    )
