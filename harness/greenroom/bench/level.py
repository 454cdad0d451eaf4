"""What is measured of one way to an app, with so many sessions."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from statistics import median

from greenroom.bench.report import Row
from greenroom.bench.served import Served
from greenroom.bench.timing import quantile
from greenroom.errors import GreenroomError

WARM = 200
"""Steps that go before, of all sessions together: what slept while another way was measured has cold caches."""
Act = Callable[[int, int], Awaitable[None]]
"""One step: of the session of this number, its k-th."""


@dataclass(frozen=True, kw_only=True)
class Level:
    """What was measured of one way with so many sessions.

    Attributes:
        way: Which way.
        sessions: How many.
        steps: How many steps were taken.
        seconds: Wall-clock time of all.
        cpu: Seconds of the server's CPU.
        times: Seconds of each step.
        refused: Steps that were not served.
        megabytes: The server's memory at the end; None where it is this process.
    """

    way: str
    sessions: int
    steps: int
    seconds: float
    cpu: float
    times: Sequence[float]
    refused: int
    megabytes: float | None

    @classmethod
    def of(cls, rounds: "Sequence[Level]") -> "Level":
        """Several rounds of the same as one: with the CPU of the middle one, so that a disturbed one does not count."""
        steps = sum(one.steps for one in rounds)
        return cls(
            way=rounds[0].way,
            sessions=rounds[0].sessions,
            steps=steps,
            seconds=sum(one.seconds for one in rounds),
            cpu=median(one.milliseconds for one in rounds) / 1e3 * steps,
            times=[t for one in rounds for t in one.times],
            refused=sum(one.refused for one in rounds),
            megabytes=rounds[0].megabytes,
        )

    @property
    def milliseconds(self) -> float:
        """The server's CPU per step."""
        return self.cpu / self.steps * 1e3

    def row(self) -> Row:
        """As a row of the report."""
        return {
            "way": self.way,
            "sessions": self.sessions,
            "steps/s": self.steps / self.seconds,
            "p50 ms": quantile(self.times, 0.5) * 1e3,
            "p99 ms": quantile(self.times, 0.99) * 1e3,
            "server CPU ms/step": self.milliseconds,
            "steps": self.steps,
            "refused": self.refused,
            "server MB": self.megabytes,
        }


async def timed(
    way: str, sessions: int, each: int, act: Act, cpu: Callable[[], float], served: Served | None = None
) -> Level:
    """Let each session take its steps, one after the other, all sessions at once; some steps of each go before.

    Args:
        way: Which way.
        sessions: How many sessions.
        each: Steps of each.
        act: One step.
        cpu: Seconds of CPU that were used so far.
        served: The server whose memory is told.
    """
    times: list[float] = []
    refused = 0

    async def session(number: int, steps: int) -> None:
        nonlocal refused
        for step in range(steps):
            begun = time.perf_counter()
            try:
                await act(number, step)
            except GreenroomError:
                refused += 1
            times.append(time.perf_counter() - begun)

    await asyncio.gather(*(session(number, max(1, WARM // sessions)) for number in range(sessions)))
    times.clear()
    used, begun = cpu(), time.perf_counter()
    await asyncio.gather(*(session(number, each) for number in range(sessions)))
    seconds, used = time.perf_counter() - begun, cpu() - used
    memory = served.megabytes if served else None
    return Level(
        way=way,
        sessions=sessions,
        steps=sessions * each,
        seconds=seconds,
        cpu=used,
        times=times,
        refused=refused,
        megabytes=memory,
    )
