"""Scripted policies: the oracle, a careless colleague, a random one, and one that does nothing."""

import random
from collections.abc import Sequence

from greenroom.errors import UsageError
from greenroom.faults import Retrying
from greenroom.messages import Message, assistant
from greenroom.policy import EpisodeStart, PolicySession, TokenRecord
from greenroom.rollouts.fumbles import Fumbler

DONE = assistant("Done.")


class _Script:
    """Plays messages in order, whatever comes back; then repeats the last."""

    def __init__(self, messages: Sequence[Message]) -> None:
        self._messages = messages or (DONE,)
        self._next = 0

    async def act(self, new: Sequence[Message]) -> Message:
        """The next message."""
        message = self._messages[min(self._next, len(self._messages) - 1)]
        self._next += 1
        return message

    def tokens(self) -> TokenRecord | None:
        """A script has none."""
        return None

    def close(self) -> None:
        """Nothing is held."""


class OraclePolicy:
    """Plays the task's own solution."""

    name = "oracle"

    def session(self, start: EpisodeStart) -> PolicySession:
        """Begin an episode."""
        return _Script(start.solution)


class RetryingPolicy:
    """Plays the task's own solution as a careful client does: keys, waiting, repeating what failed on its way."""

    name = "retrying"

    def session(self, start: EpisodeStart) -> PolicySession:
        """Begin an episode."""
        return _Careful(start)


class _Careful(_Script):
    """A script played by `Retrying`; when it is over, its last message is repeated."""

    def __init__(self, start: EpisodeStart) -> None:
        super().__init__(start.solution[-1:])
        self._client = Retrying(start.solution, start.tools)

    async def act(self, new: Sequence[Message]) -> Message:
        """The next message."""
        return self._client.next(new) or await super().act(new)


class SloppyPolicy:
    """Plays one of the task's plausible mistakes with some probability, else its solution.

    Args:
        rate: The probability of a mistake, 0 to 1; `sloppy:0.25` on the command line.
        fumbles: The probability that a call is mistyped, refused, and made again.

    Raises:
        UsageError: The rate is no probability.
    """

    def __init__(self, rate: float | str = 0.4, fumbles: float = 0.0) -> None:
        self._rate, self._fumbles = _probability(rate), _probability(fumbles)
        self.name = f"sloppy:{self._rate:g}"

    def session(self, start: EpisodeStart) -> PolicySession:
        """Begin an episode; whether it goes wrong, and how, is drawn from the episode's seed."""
        draw = random.Random(start.seed)
        script = start.solution or (DONE,)
        if start.slips and draw.random() < self._rate:
            script = draw.choice(start.slips)
        return _Fumbling(script, draw) if draw.random() < self._fumbles else _Script(script)


class _Fumbling(_Script):
    """A script played with a mistyped call in it."""

    def __init__(self, messages: Sequence[Message], draw: random.Random) -> None:
        super().__init__(messages)
        self._fumbler = Fumbler(messages, draw)

    async def act(self, new: Sequence[Message]) -> Message:
        """The next message."""
        return self._fumbler.act(new)


class NoopPolicy:
    """Does nothing and says "Done."."""

    name = "noop"

    def session(self, start: EpisodeStart) -> PolicySession:
        """Begin an episode."""
        return _Script((DONE,))


class RandomPolicy:
    """Calls random tools with random arguments that fit their schemas; now and then it says something."""

    name = "random"

    def session(self, start: EpisodeStart) -> PolicySession:
        """Begin an episode."""
        return _RandomSession(start)


class _RandomSession:
    """Samples the space of messages."""

    def __init__(self, start: EpisodeStart) -> None:
        from greenroom.spaces import MessageSpace

        self._space = MessageSpace(start.tools, seed=start.seed)

    async def act(self, new: Sequence[Message]) -> Message:
        """A random message."""
        return self._space.sample()

    def tokens(self) -> TokenRecord | None:
        """It has none."""
        return None

    def close(self) -> None:
        """Nothing is held."""


def _probability(rate: float | str) -> float:
    try:
        value = float(rate)
    except ValueError:
        value = -1.0
    if not 0.0 <= value <= 1.0:
        raise UsageError(f"'{rate}' is no probability: write a number from 0 to 1, such as sloppy:0.4")
    return value
