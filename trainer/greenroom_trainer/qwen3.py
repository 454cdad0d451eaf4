"""A fast forward pass of Qwen3 over the weights of the Hugging Face module.

At 100,000 weights nearly all time is overhead: the module's own forward spends more on masks, caches and
dispatch than on arithmetic. This one computes the same (the tests hold it against `transformers`), with the
projections fused for sampling and a key-value cache that lives from turn to turn.
"""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, cast

import torch
from torch import Tensor, nn
from torch.nn import functional

from greenroom_trainer.network import Choose, Context, Turn

Attend = Callable[[Tensor, Tensor, Tensor], Tensor]


class _Fused(NamedTuple):
    qkv: Tensor
    out: Tensor
    gate_up: Tensor
    down: Tensor


class Qwen3Network:
    """Scores and samples with a `Qwen3ForCausalLM`, LoRA included (adapters are merged for sampling)."""

    def __init__(self, module: nn.Module) -> None:
        """Wrap `module`: a Qwen3ForCausalLM, or a peft model around one."""
        self.module = module
        base = cast(Any, module.get_base_model() if hasattr(module, "get_base_model") else module)
        self._base, config = base, base.config
        self._eps = cast(float, config.rms_norm_eps)
        self._heads, self._kv_heads = config.num_attention_heads, config.num_key_value_heads
        self._width = cast(int, config.head_dim)
        self._theta = float(config.rope_parameters["rope_theta"])
        self._cos, self._sin = self._rotations(512)
        self._fused: list[_Fused] = []
        self._embedding = self._head = cast(Tensor, base.model.embed_tokens.weight)

    # -- scoring ---------------------------------------------------------------------------------------

    def logits(self, ids: Tensor, select: Tensor) -> Tensor:
        """See `Network.logits`."""
        hidden = self._base.model.embed_tokens(ids)
        cos, sin = self._rotation(torch.arange(ids.shape[1], device=ids.device))

        def attend(q: Tensor, k: Tensor, v: Tensor) -> Tensor:
            return functional.scaled_dot_product_attention(q, k, v, is_causal=True, enable_gqa=self._grouped)

        for layer in self._base.model.layers:
            hidden = self._layer(layer, hidden, cos, sin, attend)
        hidden = self._norm(hidden[select], self._base.model.norm)
        return self._base.lm_head(hidden)

    @property
    def _grouped(self) -> bool:
        return self._heads != self._kv_heads

    def _norm(self, x: Tensor, norm: Any) -> Tensor:
        return functional.rms_norm(x, (x.shape[-1],), norm.weight, self._eps)

    def _layer(
        self, layer: Any, hidden: Tensor, cos: Tensor, sin: Tensor, attend: Attend, fused: _Fused | None = None
    ) -> Tensor:
        """One transformer block; (B, T, E) in and out."""
        attention, batch, length = layer.self_attn, hidden.shape[0], hidden.shape[1]
        x = self._norm(hidden, layer.input_layernorm)
        if fused is None:
            q, k, v = attention.q_proj(x), attention.k_proj(x), attention.v_proj(x)
        else:
            kv = self._kv_heads * self._width
            q, k, v = functional.linear(x, fused.qkv).split([self._heads * self._width, kv, kv], -1)
        q = self._turned(self._norm(q.view(batch, length, self._heads, -1), attention.q_norm), cos, sin)
        k = self._turned(self._norm(k.view(batch, length, self._kv_heads, -1), attention.k_norm), cos, sin)
        v = v.view(batch, length, self._kv_heads, -1)
        mixed = attend(q.transpose(1, 2), k.transpose(1, 2), v.transpose(1, 2))
        mixed = mixed.transpose(1, 2).reshape(batch, length, -1)
        hidden = hidden + (attention.o_proj(mixed) if fused is None else functional.linear(mixed, fused.out))
        x = self._norm(hidden, layer.post_attention_layernorm)
        if fused is None:
            return hidden + layer.mlp.down_proj(functional.silu(layer.mlp.gate_proj(x)) * layer.mlp.up_proj(x))
        gate, up = functional.linear(x, fused.gate_up).chunk(2, -1)
        return hidden + functional.linear(functional.silu(gate) * up, fused.down)

    # -- positions -------------------------------------------------------------------------------------

    def _rotations(self, length: int) -> tuple[Tensor, Tensor]:
        """Cosines and sines of rotary embeddings (length, width); Su et al. 2021, arXiv 2104.09864."""
        device = self._base.model.embed_tokens.weight.device
        exponent = torch.arange(0, self._width, 2, device=device).float() / self._width
        angles = torch.outer(torch.arange(length, device=device).float(), 1.0 / self._theta**exponent)
        angles = torch.cat([angles, angles], -1)
        return angles.cos(), angles.sin()

    def _rotation(self, positions: Tensor) -> tuple[Tensor, Tensor]:
        """Rotations of positions (…, T), with a dimension for heads: (…, T, 1, width)."""
        needed = int(positions.max()) + 1
        if needed > len(self._cos):
            self._cos, self._sin = self._rotations(2 * needed)
        return self._cos[positions].unsqueeze(-2), self._sin[positions].unsqueeze(-2)

    def _turned(self, x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
        a, b = x.chunk(2, -1)
        return x * cos + torch.cat([-b, a], -1) * sin

    # -- sampling --------------------------------------------------------------------------------------

    @torch.no_grad()
    def refresh(self) -> None:
        """See `Network.refresh`."""
        self._fused = []
        for layer in self._base.model.layers:
            a, m = layer.self_attn, layer.mlp
            self._fused.append(
                _Fused(
                    torch.cat([_weight(a.q_proj), _weight(a.k_proj), _weight(a.v_proj)]),
                    _weight(a.o_proj),
                    torch.cat([_weight(m.gate_proj), _weight(m.up_proj)]),
                    _weight(m.down_proj),
                )
            )
        self._embedding = self._base.model.embed_tokens.weight.detach()
        self._head = _weight(self._base.lm_head)

    @torch.no_grad()
    def generate(
        self, contexts: Sequence[Context], choose: Choose, *, end_ids: frozenset[int], limit: int
    ) -> list[Turn]:
        """See `Network.generate`."""
        if not self._fused:
            self.refresh()
        new = [c.ids[c.fed :] for c in contexts]
        speaking = _Speaking(contexts, self._empty_cache(contexts, limit))
        hidden = self._extend(_padded(new), torch.tensor([c.fed for c in contexts]), speaking.cache)
        last = hidden[torch.arange(len(new)), torch.tensor([len(n) for n in new]) - 1]
        turns = [Turn([], []) for _ in contexts]
        for _ in range(limit):
            rows = [speaking.rows[r] for r in speaking.live]
            drawn, logprobs = choose(functional.linear(last[speaking.live], self._head), rows)
            tokens = torch.zeros(len(last), 1, dtype=torch.long)
            tokens[speaking.live, 0] = torch.tensor(drawn)
            # The token that ends a turn is fed as well, so that the next turn finds a complete cache.
            last = self._extend(tokens, speaking.position, speaking.cache)[:, 0]
            for row, token, logprob in zip(rows, drawn, logprobs, strict=True):
                turns[row].ids.append(token)
                turns[row].logprobs.append(logprob)
                contexts[row].ids.append(token)
            last = speaking.advance([token in end_ids for token in drawn], last)
            if not speaking.live:
                return turns
        for row in speaking.live:
            speaking.keep(row)
        return turns

    def _empty_cache(self, contexts: Sequence[Context], limit: int) -> Tensor:
        """Keys and values of a batch (layers, 2, B, heads, S, width), filled with what contexts hold."""
        room = max(c.fed for c in contexts) + max(len(c.ids) - c.fed for c in contexts) + limit
        shape = (len(self._fused), 2, len(contexts), self._kv_heads, room, self._width)
        cache = torch.zeros(shape, dtype=self._head.dtype, device=self._head.device)
        for row, context in enumerate(contexts):
            if context.cache is not None:
                cache[:, :, row, :, : context.fed] = context.cache
        return cache

    def _extend(self, ids: Tensor, start: Tensor, cache: Tensor) -> Tensor:
        """Feed ids (B, T), padded on the right, at positions start (B,); returns hidden states (B, T, E)."""
        batch, length = ids.shape
        position = start[:, None] + torch.arange(length)[None]
        reach = int(position[:, 0].max()) + length
        mask = (torch.arange(reach) <= position[:, :, None])[:, None]
        rows = torch.arange(batch)[:, None]
        cos, sin = self._rotation(position)
        hidden = functional.embedding(ids, self._embedding)
        for index, layer in enumerate(self._base.model.layers):
            keys, values = cache[index]

            def attend(q: Tensor, k: Tensor, v: Tensor, keys: Tensor = keys, values: Tensor = values) -> Tensor:
                keys[rows, :, position] = k.transpose(1, 2)
                values[rows, :, position] = v.transpose(1, 2)
                return functional.scaled_dot_product_attention(
                    q, keys[:, :, :reach], values[:, :, :reach], attn_mask=mask, enable_gqa=self._grouped
                )

            hidden = self._layer(layer, hidden, cos, sin, attend, self._fused[index])
        return self._norm(hidden, self._base.model.norm)


class _Speaking:
    """The rows of a batch that is being sampled; those that have ended leave when they are a quarter."""

    def __init__(self, contexts: Sequence[Context], cache: Tensor) -> None:
        self.contexts = contexts
        self.cache = cache
        self.rows = list(range(len(contexts)))  # tensor row -> context
        self.live = list(range(len(contexts)))  # tensor rows still speaking
        self.position = torch.tensor([len(c.ids) for c in contexts])

    def advance(self, ended: Sequence[bool], last: Tensor) -> Tensor:
        """After one token of each live row: keep caches of those that ended; returns `last`, thinned alike."""
        self.position[self.live] += 1
        for row, over in zip(self.live, ended, strict=True):
            if over:
                self.keep(row)
                self.position[row] = 0  # what a row writes after its end goes where nobody reads
        self.live = [r for r, over in zip(self.live, ended, strict=True) if not over]
        if self.live and len(self.live) <= len(self.rows) * 3 // 4:
            self.cache, self.position = self.cache[:, :, self.live], self.position[self.live]
            last, self.rows = last[self.live], [self.rows[r] for r in self.live]
            self.live = list(range(len(self.live)))
        return last

    def keep(self, row: int) -> None:
        """Give a context the cache of its row."""
        context, length = self.contexts[self.rows[row]], int(self.position[row])
        context.cache = self.cache[:, :, row, :, :length].clone()
        context.fed = length


def _weight(projection: Any) -> Tensor:
    """The weight of a linear layer, with its LoRA update when peft has wrapped it."""
    weight = cast(Tensor, projection.weight).detach()
    if hasattr(projection, "get_delta_weight"):
        for adapter in projection.active_adapters:
            weight = weight + projection.get_delta_weight(adapter).detach()
    return weight


def _padded(rows: Sequence[Sequence[int]]) -> Tensor:
    length = max(map(len, rows))
    return torch.tensor([[*row, *([0] * (length - len(row)))] for row in rows])
