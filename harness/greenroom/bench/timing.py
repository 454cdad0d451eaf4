"""Timing things side by side."""

import gc
import statistics
import time
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import contextmanager


def side_by_side(acts: Mapping[str, Callable[[], object]], rounds: int) -> dict[str, float]:
    """Median seconds of each act.

    The acts take turns, so that what else the machine does hits all of them alike; one round goes before, unmeasured.
    """
    taken: dict[str, list[float]] = {name: [] for name in acts}
    for act in acts.values():
        act()
    with _without_collector():
        for _ in range(rounds):
            for name, act in acts.items():
                begun = time.perf_counter()
                act()
                taken[name].append(time.perf_counter() - begun)
    return {name: statistics.median(times) for name, times in taken.items()}


def quantile(values: Sequence[float], share: float) -> float:
    """The value that so large a share of the values does not exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


@contextmanager
def _without_collector() -> Generator[None]:
    gc.collect()
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
