"""The network of any Hugging Face causal LM, through its own forward pass."""

from collections.abc import Sequence
from typing import Any, cast

import torch
from torch import Tensor, nn

from greenroom_trainer.network import Choose, Context, Turn


class HFNetwork:
    """Scores and samples with whatever `AutoModelForCausalLM` loaded, peft adapters included.

    Each turn reads its conversation anew (a cache lives for one turn only): that works for every
    architecture, whatever its cache looks like.
    """

    def __init__(self, module: nn.Module) -> None:
        """Wrap a causal LM."""
        self.module = module

    @property
    def device(self) -> torch.device:
        """Where the weights are."""
        return next(self.module.parameters()).device

    def logits(self, ids: Tensor, select: Tensor) -> Tensor:
        """See `Network.logits`."""
        device = self.device
        return self.module(input_ids=ids.to(device), use_cache=False).logits[select.to(device)]

    def refresh(self) -> None:
        """See `Network.refresh`: sampling reads the very weights that are trained."""

    @torch.no_grad()
    def generate(
        self, contexts: Sequence[Context], choose: Choose, *, end_ids: frozenset[int], limit: int
    ) -> list[Turn]:
        """See `Network.generate`."""
        was_training = self.module.training
        self.module.eval()
        try:
            return self._generate(contexts, choose, end_ids, limit)
        finally:
            self.module.train(was_training)

    def _generate(self, contexts: Sequence[Context], choose: Choose, end_ids: frozenset[int], limit: int) -> list[Turn]:
        turns = [Turn([], []) for _ in contexts]
        ids, mask = self._padded([c.ids for c in contexts])
        cache: Any = None
        live = list(range(len(contexts)))
        for _ in range(limit):
            position = (mask.cumsum(-1) - 1).clamp(min=0)[:, -ids.shape[1] :]
            out = self.module(
                input_ids=ids, attention_mask=mask, position_ids=position, past_key_values=cache, use_cache=True
            )
            cache = out.past_key_values
            drawn, logprobs = choose(out.logits[live, -1], live)
            ids = torch.zeros(len(contexts), 1, dtype=torch.long, device=mask.device)
            ids[live, 0] = torch.tensor(drawn, device=mask.device)
            mask = torch.cat([mask, torch.ones_like(ids)], -1)
            for row, token, logprob in zip(live, drawn, logprobs, strict=True):
                turns[row].ids.append(token)
                turns[row].logprobs.append(logprob)
                contexts[row].ids.append(token)
            live = [row for row, token in zip(live, drawn, strict=True) if token not in end_ids]
            if not live:
                break
        for context in contexts:
            context.fed = len(context.ids)
        return turns

    def _padded(self, rows: Sequence[Sequence[int]]) -> tuple[Tensor, Tensor]:
        """Ids and attention mask (B, T), padded on the left so that all rows end together."""
        length = max(map(len, rows))
        ids = [[0] * (length - len(row)) + list(row) for row in rows]
        mask = [[0] * (length - len(row)) + [1] * len(row) for row in rows]
        return torch.tensor(ids, device=self.device), torch.tensor(mask, device=self.device)


def base_of(module: nn.Module) -> nn.Module:
    """The model inside a peft wrapper, or the model itself."""
    get = getattr(module, "get_base_model", None)
    return cast(nn.Module, get()) if get else module
