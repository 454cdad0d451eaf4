"""Holds: who needs which snapshot of a sandbox; what nobody needs any more is released."""

import threading
from collections import Counter, OrderedDict
from weakref import WeakKeyDictionary, ref

from greenroom.sandbox import Sandbox

SPARE = 16
"""So many that nobody needs are kept all the same: the next who begins there finds them made."""


class Holds:
    """Counts who needs the snapshots of one sandbox.

    Args:
        sandbox: Where they are.
    """

    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = ref(sandbox)  # What is found by a sandbox must not keep it alive.
        self._lock = threading.Lock()
        self._needed: Counter[str] = Counter()
        self._spare: OrderedDict[str, None] = OrderedDict()

    def take(self, snapshot: str) -> None:
        """One more needs a snapshot."""
        with self._lock:
            self._needed[snapshot] += 1
            self._spare.pop(snapshot, None)

    def let_go(self, snapshot: str) -> None:
        """One who took a snapshot needs it no more; what has been spare longest is released."""
        released: list[str] = []
        with self._lock:
            self._needed[snapshot] -= 1
            if self._needed[snapshot] <= 0:
                del self._needed[snapshot]
                self._spare[snapshot] = None
            while len(self._spare) > SPARE:
                released.append(self._spare.popitem(last=False)[0])
        sandbox = self._sandbox()
        if sandbox is not None:
            for one in released:
                sandbox.release(one)


_lock = threading.Lock()
_of: "WeakKeyDictionary[Sandbox, Holds]" = WeakKeyDictionary()


def holds_of(sandbox: Sandbox) -> Holds:
    """The holds of a sandbox: all environments on it share them, for their snapshots may be the same."""
    with _lock:
        found = _of.get(sandbox)
        if found is None:
            found = _of[sandbox] = Holds(sandbox)
        return found
