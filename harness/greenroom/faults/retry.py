"""A careful client: repeats what failed on its way, waits when told to, and never does a thing twice."""

import json
from collections.abc import Generator, Iterable, Sequence
from typing import Any

from greenroom.faults.keys import ARGUMENT
from greenroom.faults.wait import WAIT
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
            if "retry_after" in answer:
                yield assistant(None, call(WAIT.name, seconds=answer["retry_after"]))


def _error_of(messages: Sequence[Message]) -> dict[str, Any] | None:
    """What went wrong on the way, None when the app itself has answered."""
    answer: Any = json.loads(text_of(messages[0])) if messages and messages[0]["role"] == "tool" else None
    return answer if isinstance(answer, dict) and answer.get("error") in RETRYABLE else None  # pyright: ignore[reportUnknownVariableType, reportUnknownMemberType]
