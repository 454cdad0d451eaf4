"""Holds: who needs which snapshot of a sandbox; what nobody needs any more is released."""

import threading
from collections import Counter, OrderedDict
from weakref import WeakKeyDictionary

from greenroom.sandbox import AsyncSandbox, Sandbox
from greenroom.sandboxes.inline import HasAsyncFace

SPARE = 16
"""So many that nobody needs are kept all the same: the next who begins there finds them made."""


class Holds:
    """Counts who needs the snapshots of one sandbox."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._needed: Counter[str] = Counter()
        self._spare: OrderedDict[str, None] = OrderedDict()

    def take(self, snapshot: str) -> None:
        """One more needs a snapshot."""
        with self._lock:
            self._needed[snapshot] += 1
            self._spare.pop(snapshot, None)

    def let_go(self, snapshot: str) -> list[str]:
        """One who took a snapshot needs it no more; returns what the sandbox is to release: the longest spare."""
        released: list[str] = []
        with self._lock:
            if self._last(snapshot):
                self._spare[snapshot] = None
            while len(self._spare) > SPARE:
                released.append(self._spare.popitem(last=False)[0])
        return released

    def leave(self, snapshot: str) -> bool:
        """One who took a snapshot needs it no more; returns whether nobody does, and the sandbox is to release it."""
        with self._lock:
            return self._last(snapshot)

    def _last(self, snapshot: str) -> bool:
        self._needed[snapshot] -= 1
        if self._needed[snapshot] > 0:
            return False
        del self._needed[snapshot]
        return True


_lock = threading.Lock()
_of: "WeakKeyDictionary[Sandbox | AsyncSandbox, Holds]" = WeakKeyDictionary()


def holds_of(sandbox: Sandbox | AsyncSandbox) -> Holds:
    """The holds of a sandbox: all environments and engines on it share them, for their snapshots may be the same.

    A sandbox and its asynchronous face are one.
    """
    one = sandbox.aio if isinstance(sandbox, HasAsyncFace) else sandbox
    with _lock:
        found = _of.get(one)
        if found is None:
            found = _of[one] = Holds()
        return found
