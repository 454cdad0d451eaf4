"""Answers that are large, that are left for later, that were read, or that nobody reads."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest
from websockets.asyncio.server import ServerConnection, unix_serve

from greenroom import messages as m
from greenroom.errors import (
    SandboxError,
    WireError,
)
from greenroom.wire.client import RemoteSandbox
from greenroom.wire.protocol import ANSWER_BYTES, encode
from support.served import ADD, SEARCH, SHORT, TOKEN, Served, begin, serving, step


def test_an_answer_that_no_client_takes_is_an_error_and_the_connection_goes_on(tmp_path: Path) -> None:
    async def work(sandbox: RemoteSandbox) -> None:
        _, opened = await begin(sandbox, 1)
        body = "x" * 65_000
        (added,) = await sandbox.step([step(opened[0].episode, m.call("notes_add", title="big", body=body))])
        note = json.loads(str(added.messages[0]["content"]))["id"]
        line = sandbox._stations[0].line
        connected = line._socket
        reads = [m.call("notes_read", f"c{n}", note_id=note) for n in range(300)]
        with pytest.raises(SandboxError, match=f"done, but its answer has 1.* bytes, and {ANSWER_BYTES} are the most"):
            await sandbox.step([step(opened[0].episode, *reads)])
        (read,) = await sandbox.step([step(opened[0].episode, reads[0])])
        assert body in str(read.messages[0]["content"]) and line._socket is connected
        await sandbox.stop()

    with serving(tmp_path / "s", calls=300) as server:
        asyncio.run(work(server.sandbox()))


def test_steps_whose_answers_are_too_much_for_one_message_are_each_run_once(fresh: Served) -> None:
    async def work() -> None:
        sandbox = fresh.sandbox()
        _, opened = await begin(sandbox, 18)
        big = m.call("notes_add", title="big", body="x" * 65_000)
        added = await sandbox.step([step(one.episode, big) for one in opened])
        note = json.loads(str(added[0].messages[0]["content"]))["id"]
        reads = [m.call("notes_read", f"c{n}", note_id=note) for n in range(60)]
        results = await sandbox.step([step(one.episode, ADD, *reads) for one in opened])  # 70 MB.
        assert all(len(str(result.messages[-1]["content"])) > 65_000 for result in results)
        found = await sandbox.step([step(one.episode, SEARCH) for one in opened])
        for result in found:
            assert len(json.loads(str(result.messages[0]["content"]))) == 1
        await sandbox.stop()

    asyncio.run(work())


async def with_note(sandbox: RemoteSandbox, n: int, body: str) -> tuple[list[str], int]:
    """Episodes that each have a note of that body, and its number."""
    _, opened = await begin(sandbox, n)
    added = await sandbox.step([step(one.episode, m.call("notes_add", title="big", body=body)) for one in opened])
    return [one.episode for one in opened], json.loads(str(added[0].messages[0]["content"]))["id"]


async def count(sandbox: RemoteSandbox, episodes: list[str]) -> list[int]:
    """How often each has run ADD."""
    found = await sandbox.step([step(episode, SEARCH) for episode in episodes])
    return [str(result.messages[0]["content"]).count('"id"') for result in found]


def test_steps_whose_answers_have_too_many_brackets_for_one_message_are_each_run_once(fresh: Served) -> None:
    async def work() -> None:
        sandbox = fresh.sandbox()
        episodes, note = await with_note(sandbox, 18, "[" * 60_000)
        read = m.call("notes_read", "read", note_id=note)
        assert len(await sandbox.step([step(episode, ADD, read) for episode in episodes])) == 18
        assert await count(sandbox, episodes) == [1] * 18
        await sandbox.stop()

    asyncio.run(work())


@pytest.mark.parametrize("letter", ["\u4e2d", "["])
@pytest.mark.parametrize("place", range(3))
def test_an_answer_that_no_client_takes_costs_its_neighbours_nothing(tmp_path: Path, place: int, letter: str) -> None:
    async def work(sandbox: RemoteSandbox) -> None:
        episodes, note = await with_note(sandbox, 3, letter * 65_000)
        steps = [step(episode, ADD) for episode in episodes]
        steps[place] = step(episodes[place], ADD, *(m.call("notes_read", f"c{n}", note_id=note) for n in range(99)))
        results = await asyncio.gather(*(sandbox.step([one]) for one in steps), return_exceptions=True)
        lost = results.pop(place)
        assert type(lost) is SandboxError and "done, but its answer has" in str(lost)
        assert all(isinstance(result, list) for result in results), results
        assert await count(sandbox, episodes) == [1] * 3
        await sandbox.stop()

    with serving(tmp_path / "s", calls=100) as server:
        asyncio.run(work(server.sandbox()))


def test_a_lone_surrogate_makes_no_message_too_large(fresh: Served) -> None:
    async def work() -> None:
        sandbox = fresh.sandbox()
        episodes, note = await with_note(sandbox, 3, "\u00e9" * 65_000)
        odd = m.call("notes_add", "\ud800", title="one more")
        first, last = ([m.call("notes_read", f"c{n}", note_id=note) for n in range(many)] for many in (30, 40))
        steps = [step(episode, *calls) for episode, calls in zip(episodes, (first, [odd], last), strict=True)]
        assert [len(result.messages) for result in await sandbox.step(steps)] == [30, 1, 40]
        await sandbox.stop()

    asyncio.run(work())


def test_a_step_that_was_left_for_later_and_then_given_up_is_not_asked_for_again(fresh: Served) -> None:
    async def work() -> None:
        sandbox = fresh.sandbox()
        episodes, note = await with_note(sandbox, 6, "x" * 65_000)
        reads = [m.call("notes_read", f"c{n}", note_id=note) for n in range(63)]
        asked = [asyncio.ensure_future(sandbox.step([step(episode, ADD, *reads)])) for episode in episodes]
        await asked[0]
        asked[-1].cancel()
        await asyncio.wait(asked)
        assert await count(sandbox, episodes) == [1] * 5 + [0]
        await sandbox.stop()

    asyncio.run(work())


def test_a_server_that_leaves_all_for_later_is_not_asked_for_ever(tmp_path: Path) -> None:
    async def answer(connection: ServerConnection) -> None:
        async for text in connection:
            asked = json.loads(text)
            ok: Any = [{"later": True}]
            if asked["op"] == "hello":
                ok = {"server": "s", "workers": [], "limits": {}, "resumed": True}
            await connection.send(encode({"id": asked.get("id", 0), "ok": ok}))

    async def work() -> None:
        async with unix_serve(answer, str(tmp_path / "control.sock")):
            sandbox = RemoteSandbox(f"unix:{tmp_path}", "notes", token=TOKEN, patience=SHORT)
            await sandbox.connect()
            station = sandbox._stations[0]
            with pytest.raises(WireError, match="the first step of a message is not left for later"):
                await asyncio.wait_for(station.step(step("e", ADD)), 20)
            await sandbox.stop()

    asyncio.run(work())


def test_a_server_keeps_no_answer_that_a_client_has_read(fresh: Served) -> None:
    async def work() -> None:
        sandbox = fresh.sandbox()
        _, opened = await begin(sandbox, 8)
        for _ in range(5):
            await asyncio.gather(*(sandbox.step([step(one.episode, SEARCH)]) for one in opened))
        line = sandbox._stations[0].line
        await asyncio.gather(*(line.ask("content", episode=one.episode) for one in opened))
        await line.ask("ping")
        (session,) = fresh.keeper._sessions.values()
        assert len(session.replay._kept) == 1
        await sandbox.stop()

    asyncio.run(work())


def test_who_asks_and_reads_nothing_is_hung_up_at_and_finds_the_answer_when_it_is_back(tmp_path: Path) -> None:
    async def work() -> None:
        sandbox = server.sandbox()
        _, opened = await begin(sandbox, 1)
        (added,) = await sandbox.step([step(opened[0].episode, m.call("notes_add", title="big", body="x" * 65_000))])
        note = json.loads(str(added.messages[0]["content"]))["id"]
        line = sandbox._stations[0].line
        transport = line._socket.transport  # pyright: ignore[reportOptionalMemberAccess]
        transport.pause_reading()
        asyncio.get_running_loop().call_later(2, transport.resume_reading)
        reads = [m.call("notes_read", f"c{n}", note_id=note) for n in range(60)]
        asked = asyncio.ensure_future(sandbox.step([step(opened[0].episode, ADD, *reads)]))
        (result,) = await asyncio.wait_for(asked, 20)
        assert len(result.messages) == 61 and line._socket.transport is not transport  # pyright: ignore[reportOptionalMemberAccess]
        (found,) = await sandbox.step([step(opened[0].episode, SEARCH)])
        assert len(json.loads(str(found.messages[0]["content"]))) == 1
        await sandbox.stop()

    with serving(tmp_path / "s", head_seconds=0.5) as server:
        asyncio.run(work())
