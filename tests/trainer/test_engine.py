import asyncio
import random

import pytest
import torch

from greenroom_trainer.engine import Engine, draw
from greenroom_trainer.model import PolicyModel


def play(tiny: PolicyModel, order: list[int], parallel: bool = True) -> dict[int, list[int]]:
    """Three turns each of four conversations that come in the given order."""
    engine = Engine(tiny.network, end_ids=tiny.codec.end_ids, turn_tokens=6)

    async def one(seed: int) -> tuple[int, list[int]]:
        stream = engine.open(seed)
        for turn in range(3):
            await asyncio.sleep(0.001 * random.random())
            await engine.turn(stream, [10 + seed, 20 + turn])
        engine.close(stream)
        return seed, stream.context.ids

    async def main() -> dict[int, list[int]]:
        if parallel:
            return dict(await asyncio.gather(*(one(s) for s in order)))
        return dict([await one(s) for s in order])

    return asyncio.run(main())


def test_tokens_depend_on_seeds_not_on_the_order_of_things(tiny: PolicyModel) -> None:
    first = play(tiny, [1, 2, 3, 4])
    assert play(tiny, [3, 1, 4, 2]) == first
    assert play(tiny, [4, 3, 2, 1], parallel=False) == first


def test_different_seeds_draw_differently(tiny: PolicyModel) -> None:
    engine = Engine(tiny.network, end_ids=frozenset(), turn_tokens=20)

    async def main() -> list[list[int]]:
        turns = await asyncio.gather(*(engine.turn(engine.open(seed), [7]) for seed in range(4)))
        return [turn.ids for turn in turns]

    assert len({tuple(ids) for ids in asyncio.run(main())}) == 4


def test_a_batch_waits_for_all_but_not_for_ever(tiny: PolicyModel) -> None:
    engine = Engine(tiny.network, end_ids=tiny.codec.end_ids, patience=0.05)

    async def main() -> None:
        engine.open(1)
        await asyncio.wait_for(engine.turn(engine.open(2), [7]), timeout=30)

    asyncio.run(main())


def test_one_that_leaves_is_no_longer_waited_for(tiny: PolicyModel) -> None:
    engine = Engine(tiny.network, end_ids=tiny.codec.end_ids, patience=3600)

    async def main() -> None:
        idle, busy = engine.open(1), engine.open(2)
        turn = asyncio.create_task(engine.turn(busy, [7]))
        await asyncio.sleep(0.01)
        engine.close(idle)
        await asyncio.wait_for(turn, timeout=30)

    asyncio.run(main())


def test_draws_follow_the_distribution() -> None:
    logits = torch.log(torch.tensor([[0.5, 0.2, 0.3]]))
    uniforms = [(k + 0.5) / 1000 for k in range(1000)]
    ids, logprobs = draw(logits.expand(1000, 3), uniforms, 1.0)
    assert [ids.count(k) for k in range(3)] == [500, 200, 300]
    assert sum(torch.tensor(logprobs).exp().tolist()) == pytest.approx(0.38 * 1000, rel=1e-4)


def test_temperature_nought_takes_the_likeliest() -> None:
    assert draw(torch.tensor([[0.0, 3.0, 1.0]]), [0.99], 0)[0] == [1]
