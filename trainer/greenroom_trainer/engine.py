"""The embedded engine: batches the turns of all live conversations through one network.

A conversation that needs a turn waits until every other live one waits as well; then one batch runs. So a
batch's make-up depends on nothing but the episodes themselves, and each conversation draws from its own seeded
source: the same seeds and weights give the same tokens, whatever the order in which asyncio runs things.
"""

import asyncio
import random
from collections.abc import Sequence
from dataclasses import dataclass, field

import torch
from torch import Tensor

from greenroom_trainer.network import Context, Network, Turn


@dataclass(kw_only=True, eq=False)
class Stream:
    """One conversation in the engine."""

    number: int
    draw: random.Random
    context: Context = field(default_factory=Context)


class Engine:
    """Samples turns for many conversations at once."""

    def __init__(
        self,
        network: Network,
        *,
        end_ids: frozenset[int],
        temperature: float = 1.0,
        turn_tokens: int = 64,
        patience: float = 30.0,
    ) -> None:
        """Make an engine.

        Args:
            network: What computes.
            end_ids: Ids that end a turn.
            temperature: 1 samples as the network says, 0 takes the likeliest token.
            turn_tokens: A turn is cut off after so many.
            patience: After so many seconds a batch runs even though a live conversation has not come.
        """
        self.network = network
        self.end_ids = end_ids
        self.temperature = temperature
        self.turn_tokens = turn_tokens
        self.patience = patience
        self._live: set[Stream] = set()
        self._waiting: dict[Stream, asyncio.Future[Turn]] = {}
        self._timer: asyncio.TimerHandle | None = None
        self._count = 0

    def open(self, seed: int) -> Stream:
        """Begin a conversation; the same seed draws the same tokens."""
        self._count += 1
        stream = Stream(number=self._count, draw=random.Random(seed))
        self._live.add(stream)
        return stream

    async def turn(self, stream: Stream, new: Sequence[int]) -> Turn:
        """Append the ids `new` to a conversation and sample its next turn."""
        stream.context.ids += new
        loop = asyncio.get_running_loop()
        future: asyncio.Future[Turn] = loop.create_future()
        self._waiting[stream] = future
        self._consider()
        return await future

    def close(self, stream: Stream) -> None:
        """End a conversation; closing it twice does nothing."""
        self._live.discard(stream)
        future = self._waiting.pop(stream, None)
        if future is not None:
            future.cancel()
        if self._waiting:
            self._consider()

    def _consider(self) -> None:
        """Run a batch soon if nobody is missing, after `patience` at the latest."""
        loop = asyncio.get_running_loop()
        if len(self._waiting) == len(self._live):
            # Once more around the loop: conversations that are just being opened join this batch.
            loop.call_soon(self._settle, 3)
        elif self._timer is None:
            self._timer = loop.call_later(self.patience, self._run)

    def _settle(self, ticks: int) -> None:
        if not self._waiting or len(self._waiting) < len(self._live):
            return
        if ticks:
            asyncio.get_running_loop().call_soon(self._settle, ticks - 1)
        else:
            self._run()

    def _run(self) -> None:
        """Sample a turn for all that wait and wake them."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        waiting = sorted(self._waiting.items(), key=lambda item: item[0].number)
        self._waiting = {}
        if not waiting:
            return
        streams = [stream for stream, _ in waiting]
        try:
            turns = self._sample(streams)
        except Exception as error:
            for _, future in waiting:
                future.set_exception(error)
            return
        for (_, future), turn in zip(waiting, turns, strict=True):
            if not future.done():
                future.set_result(turn)

    def _sample(self, streams: Sequence[Stream]) -> list[Turn]:
        def choose(logits: Tensor, rows: Sequence[int]) -> tuple[list[int], list[float]]:
            return draw(logits, [streams[r].draw.random() for r in rows], self.temperature)

        return self.network.generate([s.context for s in streams], choose, end_ids=self.end_ids, limit=self.turn_tokens)


def draw(logits: Tensor, uniforms: Sequence[float], temperature: float) -> tuple[list[int], list[float]]:
    """One token per row by inversion of the distribution function.

    Args:
        logits: (B, V).
        uniforms: B numbers in [0, 1).
        temperature: 0 takes the likeliest token.

    Returns:
        Ids and their log-probabilities at temperature 1 (what the loss is computed from) when temperature
        is 0, else at that temperature.
    """
    scores = torch.log_softmax(logits.float() / (temperature or 1.0), -1)
    if temperature == 0:
        ids = scores.argmax(-1)
    else:
        mass = scores.double().exp().cumsum(-1)
        at = torch.tensor(uniforms, dtype=torch.float64, device=logits.device)[:, None] * mass[:, -1:]
        ids = torch.searchsorted(mass, at, right=True)[:, 0].clamp_(max=logits.shape[-1] - 1)
    return ids.tolist(), scores.gather(1, ids[:, None])[:, 0].tolist()
