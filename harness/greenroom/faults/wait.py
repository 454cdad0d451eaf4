"""A tool to let time pass: offered where faults are, or `retry_after` could not be heeded."""

from datetime import timedelta
from typing import Annotated

from pydantic import Field

from greenroom.tools import Tool
from greenroom.worlds import World

LONGEST_WAIT = 3600
"""In seconds, at a time."""


def wait(world: World, seconds: Annotated[int, Field(ge=1, le=LONGEST_WAIT)]) -> dict[str, int]:
    """Wait, for example until a limit is over.

    Args:
        seconds: How long.
    """
    return {"waited": seconds}


WAIT = Tool("greenroom_wait", wait, timedelta(0), writes=False, feature="greenroom")
