"""The contract of codecs: between chat messages and token ids.

Token ids in, token ids out: what was sampled is what is trained on. A codec therefore never re-encodes a
turn that the model has sampled; it only renders what came since, and reads a turn's ids as a message.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import takewhile
from typing import Any, Protocol

from greenroom.messages import Message, text_of

Tools = Sequence[Mapping[str, Any]]
"""OpenAI tool schemas: `{"type": "function", "function": {"name", "parameters", ...}}`."""


class Codec(Protocol):
    """Renders messages to token ids and reads sampled ids as a message."""

    @property
    def pad_id(self) -> int:
        """The id that fills up batches; never read."""
        ...

    @property
    def end_ids(self) -> frozenset[int]:
        """Ids that end an assistant turn when sampled."""
        ...

    def render(self, new: Sequence[Message], tools: Tools, *, first: bool) -> list[int]:
        """The ids of messages that came since the last turn, up to where the model's next turn begins.

        Args:
            new: Messages without assistant turns.
            tools: The tools offered.
            first: Whether the conversation begins with these messages.
        """
        ...

    def write(self, turn: Message, tools: Tools) -> list[int]:
        """The ids of an assistant turn somebody else wrote, its end included: for supervised training."""
        ...

    def parse(self, ids: Sequence[int], tools: Tools) -> Message:
        """The assistant message that sampled ids mean.

        Never raises: what cannot be read becomes plain text, or a call that the app refuses.
        """
        ...


@dataclass(frozen=True)
class Example:
    """A conversation to learn from.

    Attributes:
        ids: All token ids, shape (T,).
        mask: 1 where an assistant wrote the token, else 0, shape (T,).
    """

    ids: list[int]
    mask: list[int]


def example(codec: Codec, messages: Sequence[Message], tools: Tools) -> Example:
    """A recorded conversation as ids and mask; what follows the last assistant turn is left out.

    A turn whose call was refused is context, not a lesson: it is given, so that what came after it can be learned.
    """
    ids: list[int] = []
    mask: list[int] = []
    new: list[Message] = []
    for k, message in enumerate(messages):
        if message["role"] != "assistant":
            new.append(message)
            continue
        given = codec.render(new, tools, first=not ids)
        turn = codec.write(message, tools)
        ids += given + turn
        mask += [0] * len(given) + [int(not _refused(messages[k + 1 :]))] * len(turn)
        new = []
    return Example(ids, mask)


def _refused(after: Sequence[Message]) -> bool:
    """Whether one of the results that come first is a refusal."""
    results = takewhile(lambda message: message["role"] == "tool", after)
    return any(text_of(result).startswith('{"error":') for result in results)
