"""A careful client: repeats what failed on its way, waits when told to, and never does a thing twice."""

import json
from collections.abc import Generator, Iterable, Sequence
from typing import Any, cast

from greenroom.faults.keys import ARGUMENT
from greenroom.faults.wait import LONGEST_WAIT, WAIT
from greenroom.messages import Message, ToolCall, assistant, call, calls_of, text_of

RETRYABLE = frozenset({"server_error", "rate_limited", "timed_out", "unavailable"})
TRIES = 50


class Retrying:
    """Plays a script as somebody careful would: one call at a time, with keys, until each has an answer.

    Args:
        messages: The script: assistant messages.
        tools: The schemas offered; they say which tools take an idempotency key.
    """

    def __init__(self, messages: Iterable[Message], tools: Sequence[dict[str, Any]]) -> None:
        functions = [tool["function"] for tool in tools]
        self._keyed = {f["name"] for f in functions if ARGUMENT in f["parameters"].get("properties", {})}
        self._play = self._messages(messages)
        self._begun = False

    def next(self, new: Sequence[Message]) -> Message | None:
        """The next message, given those that came since the last; None when the script is over."""
        try:
            if self._begun:
                return self._play.send(new)
            self._begun = True
            return next(self._play)
        except StopIteration:
            return None

    def _messages(self, messages: Iterable[Message]) -> Generator[Message, Sequence[Message], None]:
        for number, message in enumerate(messages):
            calls = calls_of(message)
            if not calls:
                yield message
            for position, one in enumerate(calls):
                yield from self._until_answered(self._with_key(one, f"key-{number}-{position}"))

    def _with_key(self, one: ToolCall, key: str) -> ToolCall:
        function = one["function"]
        if function["name"] not in self._keyed:
            return one
        arguments = {**json.loads(function["arguments"] or "{}"), ARGUMENT: key}
        return call(function["name"], one["id"], **arguments)

    def _until_answered(self, one: ToolCall) -> Generator[Message, Sequence[Message], None]:
        for _ in range(TRIES):
            answer = _error_of((yield assistant(None, one)))
            if answer is None:
                return
            yield from _wait(answer.get("retry_after", 0))


def _wait(seconds: int) -> Generator[Message, Sequence[Message], None]:
    """Let so much time pass, in pieces that the tool takes."""
    for begun in range(0, seconds, LONGEST_WAIT):
        yield assistant(None, call(WAIT.name, seconds=min(seconds - begun, LONGEST_WAIT)))


def _error_of(messages: Sequence[Message]) -> dict[str, Any] | None:
    """What went wrong on the way, None when the app itself has answered.

    A limit that does not say when it ends is such an answer: asking again would be refused again.
    """
    answer: Any = json.loads(text_of(messages[0])) if messages and messages[0]["role"] == "tool" else None
    if not isinstance(answer, dict):
        return None
    error = cast(dict[str, Any], answer)
    for_good = error.get("error") == "rate_limited" and "retry_after" not in error
    return error if error.get("error") in RETRYABLE and not for_good else None
