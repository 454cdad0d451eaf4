"""Policies that sample tokens: one in training, or one loaded from a checkpoint."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from greenroom.messages import Message, assistant
from greenroom.policy import TOO_LONG, EpisodeStart, TokenRecord
from greenroom_trainer.codec import Codec

if TYPE_CHECKING:
    from greenroom_trainer.engine import Engine


class EnginePolicy:
    """Plays episodes through an engine.

    Args:
        engine: What samples.
        codec: Between messages and ids.
        name: How it is recorded.
        max_tokens: A conversation that would grow beyond this gets a fixed, unsampled answer.
    """

    def __init__(self, engine: "Engine", codec: Codec, name: str, max_tokens: int = 1024) -> None:
        self.engine, self.codec, self.name, self.max_tokens = engine, codec, name, max_tokens

    def session(self, start: EpisodeStart) -> "EngineSession":
        """Begin an episode."""
        return EngineSession(self, start)


class EngineSession:
    """One conversation: its ids are exactly those that the network was given and those that it sampled."""

    def __init__(self, policy: EnginePolicy, start: EpisodeStart) -> None:
        """Take a seat in the engine."""
        self._policy, self._tools = policy, start.tools
        self._stream = policy.engine.open(start.seed)
        self._record = TokenRecord()
        self._cut = self._full = False

    async def act(self, new: Sequence[Message]) -> Message:
        """The next assistant message."""
        policy, record = self._policy, self._record
        if self._full:
            return assistant(TOO_LONG)
        given = self._given(new)
        if len(record.ids) + len(given) + policy.engine.turn_tokens > policy.max_tokens:
            # For good: ids that skip what did not fit would no longer be the conversation.
            self._full = True
            return assistant(TOO_LONG)
        turn = await policy.engine.turn(self._stream, given)
        record.ids += given + turn.ids
        record.mask += [0] * len(given) + [1] * len(turn.ids)
        record.logprobs += [0.0] * len(given) + turn.logprobs
        self._cut = not turn.ids or turn.ids[-1] not in policy.codec.end_ids
        return policy.codec.parse(turn.ids, self._tools)

    def tokens(self) -> TokenRecord:
        """The tokens so far."""
        return self._record

    def close(self) -> None:
        """Leave the engine."""
        self._policy.engine.close(self._stream)

    def _given(self, new: Sequence[Message]) -> list[int]:
        """The ids to feed; a turn that was cut off gets its end, earlier assistant turns are written out."""
        codec, ids, pending = self._policy.codec, list[int](), list[Message]()
        begun = bool(self._record.ids)
        if self._cut:
            ids.append(min(codec.end_ids))
        for message in new:
            if message["role"] != "assistant":
                pending.append(message)
                continue
            ids += codec.render(pending, self._tools, first=not begun) + codec.write(message, self._tools)
            begun, pending = True, []
        return ids + codec.render(pending, self._tools, first=not begun)


class CheckpointPolicy(EnginePolicy):
    """The PATH of a checkpoint or of a Hugging Face model; samples at temperature 1 unless told otherwise."""

    def __init__(self, path: str | Path, temperature: float = 1.0) -> None:
        """Load a policy.

        Raises:
            UsageError: There is no model at the path, or its tokenizer does not fit.
            MissingExtraError: The packages of `greenroom[train]` are not installed.
        """
        from greenroom_trainer.engine import Engine
        from greenroom_trainer.model import load_model

        model = load_model(str(path))
        engine = Engine(
            model.network, end_ids=model.codec.end_ids, temperature=temperature, turn_tokens=model.turn_tokens
        )
        super().__init__(engine, model.codec, str(path), model.max_tokens)
