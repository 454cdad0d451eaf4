"""The contract of networks: what the losses and the engine need of a causal language model."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from torch import Tensor

Choose = Callable[[Tensor, Sequence[int]], tuple[list[int], list[float]]]
"""Given logits (B, V) and the rows they belong to: the ids chosen and their log-probabilities."""


@dataclass(kw_only=True)
class Context:
    """One conversation as a network remembers it.

    Attributes:
        ids: All ids so far, given and sampled.
        fed: How many of them the cache covers.
        cache: The network's own; None before the first turn.
    """

    ids: list[int] = field(default_factory=list[int])
    fed: int = 0
    cache: Any = None


@dataclass(frozen=True)
class Turn:
    """What was sampled for one conversation: ids (its end included, unless cut off) and log-probabilities."""

    ids: list[int]
    logprobs: list[float]


class Network(Protocol):
    """A causal language model, ready to score and to sample."""

    def logits(self, ids: Tensor, select: Tensor) -> Tensor:
        """Scores of the next token, with gradients.

        Args:
            ids: Token ids (B, T), padded on the right.
            select: Booleans (B, T): positions whose next token is wanted.

        Returns:
            Logits (N, V) of the N selected positions, row by row.
        """
        ...

    def refresh(self) -> None:
        """Take over the weights as they are now: publishes an update to the sampling side."""
        ...

    def generate(
        self, contexts: Sequence[Context], choose: Choose, *, end_ids: frozenset[int], limit: int
    ) -> list[Turn]:
        """Sample one turn for every context; its ids are appended to the context.

        Args:
            contexts: At least one id each that is not in the cache yet.
            choose: Draws the next token of each row.
            end_ids: A turn ends when one of these is drawn.
            limit: A turn is cut off after so many tokens.
        """
        ...
