"""The answers of a session that are kept, so that a repeated request runs nothing twice."""

from dataclasses import dataclass

from greenroom.errors import SandboxLostError, UsageError
from greenroom.wire.protocol import Limits


@dataclass(slots=True)
class _Kept:
    """A request that was taken on: what it said, in short, and its answer once there is one."""

    digest: int
    answer: bytes | None = None


class Replay:
    """The latest answers of one session that its client has not read, as far as is known.

    Args:
        limits: How many are kept.
    """

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._kept: dict[int, _Kept] = {}
        self._bytes = 0
        self._latest = 0

    def take(self, number: int, request: str) -> tuple[bool, bytes | None]:
        """Whether a request is new; if it is not, its first answer, or None while that is being worked on.

        Raises:
            UsageError: The id was used for another request.
            SandboxLostError: It was answered so long ago that the answer is gone.
        """
        digest = hash(request)
        kept = self._kept.get(number)
        if kept is not None:
            if kept.digest != digest:
                raise UsageError(f"request id {number} was used before, for another request: take a higher one")
            return False, kept.answer
        if number <= self._latest:
            raise SandboxLostError(
                f"request {number} comes after {self._latest}, and its answer is not (any longer) kept: ids grow"
            )
        self._latest = number
        self._kept[number] = _Kept(digest)
        return True, None

    def read(self, number: int) -> None:
        """Forget the requests up to this one: their client has what it wanted, and sends none of them again."""
        while self._kept and (oldest := next(iter(self._kept))) <= number:
            self._forget(oldest)

    def keep(self, number: int, answer: bytes) -> None:
        """Keep the answer of a request that was taken; the oldest answers go when there are too many."""
        kept = self._kept.get(number)
        if kept is None:
            return
        kept.answer = answer
        self._bytes += len(answer)
        while len(self._kept) > self._limits.replays or self._bytes > self._limits.replay_bytes:
            oldest = next((n for n, k in self._kept.items() if k.answer is not None), number)
            if oldest == number:
                break
            self._forget(oldest)

    def _forget(self, number: int) -> None:
        self._bytes -= len(self._kept.pop(number).answer or b"")
