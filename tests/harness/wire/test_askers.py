import asyncio
from collections.abc import Hashable

import pytest

from greenroom.errors import SandboxBusyError
from greenroom.wire.askers import Asked, Askers


def test_what_is_given_back_can_be_taken_again() -> None:
    askers = Askers(10, 6)
    one, again, two = askers.begin("one"), askers.begin("one"), askers.begin("two")
    one.resize(5)
    with pytest.raises(SandboxBusyError, match="6 is the most"):
        again.resize(2)
    two.resize(5)
    with pytest.raises(SandboxBusyError, match="10 is the most"):
        again.resize(1)
    two.resize(1)
    again.resize(1)
    assert askers.under_way == 7
    for asked in (one, again, two):
        asked.end()
    assert askers.under_way == 0
    askers.begin("one").resize(6)


def test_requests_of_one_asker_are_answered_one_after_the_other_and_others_between() -> None:
    answered: list[Hashable] = []

    async def answer(asked: Asked, who: str) -> None:
        async with asked.turn():
            answered.append(who)
        asked.end()

    async def work() -> None:
        askers = Askers(1, requests=8)
        crowd = [(askers.begin("crowd"), "crowd") for _ in range(8)]
        with pytest.raises(SandboxBusyError, match="8 requests are under way"):
            askers.begin("crowd")
        one = (askers.begin("one"), "one")
        await asyncio.gather(*(answer(asked, who) for asked, who in [*crowd, one]))
        askers.begin("crowd").end()

    asyncio.run(work())
    assert answered == ["crowd", "one"] + ["crowd"] * 7
