"""The steps to measure: the reading calls of an oracle, in turn."""

from collections.abc import Generator, Sequence
from contextlib import contextmanager

from greenroom.errors import GreenroomError
from greenroom.messages import ToolCall, calls_of
from greenroom.plugins import load_app
from greenroom.sandbox import Brief, Opened, StepRequest, StepResult
from greenroom.sandboxes.local import LocalSandbox


class Steps:
    """Steps of an app, and the app in this very process to take them in.

    Args:
        app: The environment.
        world: How much data its worlds hold.

    Attributes:
        brief: The task: the first whose oracle reads.
        calls: What it reads by.
    """

    def __init__(self, app: str, world: str) -> None:
        self._local = LocalSandbox(load_app(app), world)
        self.brief, self.calls = _reading(self._local, app)

    def call(self, step: int) -> ToolCall:
        """The call of a step."""
        return self.calls[step % len(self.calls)]

    def request(self, episode: str, step: int) -> StepRequest:
        """A step of an episode."""
        return StepRequest(episode=episode, calls=[self.call(step)])

    @contextmanager
    def opened(self, sessions: int) -> Generator[Sequence[Opened]]:
        """Forks of the task's start, for so many sessions."""
        opened = self._local.open(self.brief.snapshot, self.brief.task, sessions)
        try:
            yield opened
        finally:
            for one in opened:
                self._local.close(one.episode)

    def run(self, opened: Opened, step: int) -> str:
        """Take a step; returns what the tool answers.

        Raises:
            GreenroomError: The app refused it.
        """
        (result,) = self._local.step([self.request(opened.episode, step)])
        return content_of(result)


def content_of(result: StepResult) -> str:
    """What the tool answers.

    Raises:
        GreenroomError: The app refused it: a refusal is cheap, and no step to measure.
    """
    content = str(result.messages[0]["content"])
    if result.refused:
        raise GreenroomError(f"a step was refused: {content}")
    return content


def _reading(sandbox: LocalSandbox, app: str) -> tuple[Brief, list[ToolCall]]:
    """The first task whose oracle reads twice what is there before it writes, and its reading calls."""
    tools = load_app(app).tools
    for family in sandbox.families():
        brief = sandbox.prepare(f"{app}/test/{family}/0")
        made = [call for message in brief.solution for call in calls_of(message)]
        reading = [call for call in made if not tools[call["function"]["name"]].writes]
        if len(reading) > 1 and _is_served(sandbox, brief, reading):
            return brief, reading
    raise GreenroomError(f"no oracle of '{app}' reads twice before it writes: measure another app")


def _is_served(sandbox: LocalSandbox, brief: Brief, calls: Sequence[ToolCall]) -> bool:
    """Whether an app refuses none of the calls, made in turn and again; what is refused is cheap."""
    (opened,) = sandbox.open(brief.snapshot, brief.task)
    (result,) = sandbox.step([StepRequest(episode=opened.episode, calls=[*calls, *calls])])
    sandbox.close(opened.episode)
    return not result.refused
