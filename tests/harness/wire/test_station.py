import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from greenroom import messages as m
from greenroom.errors import UsageError
from greenroom.wire.client import RemoteSandbox
from support.served import ADD, SEARCH, Served, begin, serving, step


def test_a_message_that_is_too_large_is_refused_at_once_and_its_neighbours_go_on(tmp_path: Path) -> None:
    async def work(sandbox: RemoteSandbox) -> None:
        _, opened = await begin(sandbox, 5)
        titles = ["small", "x" * 30_000, "y" * 80_000, "é" * 30_000, "z" * 30_000]
        steps = [step(one.episode, m.call("notes_add", title=t)) for one, t in zip(opened, titles, strict=True)]
        small, one, large, *more = await asyncio.gather(*(sandbox.step([one]) for one in steps), return_exceptions=True)
        assert isinstance(large, UsageError) and "takes messages of 65536 bytes at most" in str(large)
        for result in (small, one, *more):
            assert isinstance(result, list) and result[0].messages
        with pytest.raises(UsageError, match="a 'verify' of"):
            await sandbox.verify(opened[0].episode, [m.assistant("x" * 80_000)])
        assert (await sandbox.step([step(opened[2].episode, SEARCH)]))[0].refused == 0

    with serving(tmp_path / "s", message_bytes=1 << 16) as server:
        asyncio.run(asyncio.wait_for(work(server.sandbox()), 10))
        first = server.sandbox()
        with pytest.raises(UsageError, match="at most"):  # The limit is not known before the greeting.
            asyncio.run(asyncio.wait_for(first._first.line.ask("prepare", task="x" * 80_000), 10))


def test_steps_of_one_episode_run_in_the_order_in_which_they_were_asked(served: Served) -> None:
    async def work() -> None:
        sandbox = served.sandbox()
        _, (one, other) = await begin(sandbox, 2)
        titles = [f"t{n}" for n in range(150)]

        async def later() -> list[Any]:
            await asyncio.sleep(0)
            return await sandbox.step([step(one.episode, m.call("notes_add", title="last"))])

        steps = [step(one.episode, m.call("notes_add", title=title)) for title in titles]
        steps.insert(100, step(other.episode, ADD))
        results, _ = await asyncio.gather(sandbox.step(steps), later())
        added = [json.loads(str(result.messages[0]["content"])) for result in results]
        assert [note["title"] for note in added if note["title"] != "one more"] == titles
        numbers = [note["id"] for note in added if note["title"] != "one more"]
        (found,) = await sandbox.step([step(one.episode, m.call("notes_add", title="after"))])
        after = json.loads(str(found.messages[0]["content"]))["id"]
        assert numbers == sorted(numbers) and after == numbers[-1] + 2

    asyncio.run(work())


def test_steps_of_one_moment_share_a_message(fresh: Served) -> None:
    async def work() -> tuple[int, int]:
        sandbox = fresh.sandbox()
        _, opened = await begin(sandbox, 40)
        before = _latest(fresh)
        results = await asyncio.gather(*(sandbox.step([step(one.episode, ADD)]) for one in opened))
        assert len({result[0].messages[0]["content"] for result in results}) == 1
        return before, _latest(fresh)

    before, after = asyncio.run(work())
    assert after == before + 1


def _latest(served: Served) -> int:
    (session,) = served.keeper._sessions.values()
    return session.replay._latest
