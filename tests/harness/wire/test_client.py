import asyncio
from pathlib import Path
from typing import Any

import pytest
from websockets.asyncio.server import ServerConnection, unix_serve

from greenroom import GreenroomEnv
from greenroom import messages as m
from greenroom.errors import (
    AppError,
    SandboxBusyError,
    SandboxError,
    SandboxLostError,
    UnknownNameError,
    UsageError,
    WireError,
)
from greenroom.messages import Message, calls_of
from greenroom.rollouts import GroupSpec, Rollouts
from greenroom.sandbox import AsyncSandbox, Sandbox, StepRequest
from greenroom.sandboxes import BlockingSandbox, InlineSandbox, LocalSandbox
from greenroom.users import UserSimulator
from greenroom.wire.client import RemoteSandbox
from greenroom.wire.keeper import ROOMS
from greenroom.wire.line import Patience
from greenroom.wire.protocol import WorldSpec, encode
from support.notes import app
from support.rollouts import Asker, Scripted
from support.served import ADD, SEARCH, SHORT, TASK, TOKEN, Served, begin, serving, step


async def play(sandbox: AsyncSandbox, task: str) -> dict[str, Any]:
    """An oracle's episode, and all that can be known of it, but for names."""
    brief = await sandbox.prepare(task)
    opened = (await sandbox.open(brief.snapshot, task, 2))[0]
    messages: list[Message] = []
    results: list[Any] = []
    for message in brief.solution:
        messages.append(message)
        if calls := calls_of(message):
            (result,) = await sandbox.step([StepRequest(episode=opened.episode, calls=calls)])
            messages += result.messages
            results.append(result)
    verdict = await sandbox.verify(opened.episode, messages)
    content, snapshot = await sandbox.content(opened.episode), await sandbox.snapshot(opened.episode)
    again = await sandbox.open(snapshot, task)
    return {
        "brief": brief,
        "state": opened.state,
        "results": results,
        "verdict": verdict,
        "content": content,
        "snapshot": snapshot,
        "again": again[0].state,
        "families": await sandbox.families(),
        "tools": await sandbox.tools(),
    }


@pytest.mark.parametrize("faults", ["none", "hostile"])
@pytest.mark.parametrize("family", ["find_number", "replace"])
def test_an_episode_on_the_wire_is_the_same_as_in_process(
    served: Served, tmp_path: Path, faults: str, family: str
) -> None:
    task = f"notes/test/{family}/5"
    local = LocalSandbox(app, cache_dir=tmp_path / "bases", faults=faults, fault_seed=3)

    async def both() -> tuple[Any, Any]:
        remote = served.sandbox(WorldSpec(faults=faults, fault_seed=3))
        return await play(remote, task), await play(InlineSandbox(local), task)

    there, here = asyncio.run(both())
    assert there == here


def test_what_ends_a_connection_is_not_sent_again_and_silence_is_no_reason_to_spin(tmp_path: Path) -> None:
    limits = {"server": "s", "workers": [], "limits": {}, "resumed": True}
    said: list[int] = []

    async def work(code: int) -> BaseException | str:
        async def hang_up(connection: ServerConnection) -> None:
            await connection.recv()
            await connection.send(encode({"id": 0, "ok": limits}))
            await connection.recv()
            said.append(code)
            await connection.close(code)

        async with unix_serve(hang_up, str(tmp_path / "control.sock")):
            sandbox = RemoteSandbox(f"unix:{tmp_path}", "notes", token=TOKEN, patience=SHORT)
            try:
                await asyncio.wait_for(sandbox.families(), 1)
            except (SandboxError, TimeoutError) as error:
                return error
            return "answered"

    error = asyncio.run(work(1009))
    assert type(error) is SandboxError and "ended the connection" in str(error) and len(said) == 1
    assert isinstance(asyncio.run(work(1011)), TimeoutError)
    assert 3 <= len(said) < 15


def test_errors_are_raised_as_the_same_class_on_this_side(served: Served) -> None:
    async def work() -> None:
        sandbox = served.sandbox()
        with pytest.raises(UsageError, match="is of app 'mail'"):
            await sandbox.prepare("mail/train/ask/0")
        with pytest.raises(UnknownNameError, match="find_number"):
            await sandbox.prepare("notes/train/find_nomber/0")
        crashing = served.sandbox(WorldSpec(all_tools=True))
        _, (one, two) = await begin(crashing, 2)
        with pytest.raises(AppError, match="ZeroDivisionError"):
            await crashing.step([step(one.episode, m.call("notes_crash")), step(two.episode, SEARCH)])
        (fine,) = await crashing.step([step(two.episode, SEARCH)])
        assert fine.refused == 0
        with pytest.raises(UnknownNameError, match="notes"):
            await served.sandbox(app="maul").families()

    asyncio.run(work())


def test_a_connection_that_drops_goes_on_and_nothing_runs_twice(served: Served) -> None:
    async def work() -> None:
        sandbox = served.sandbox()
        _, (one,) = await begin(sandbox)
        for number in range(20):
            asking = asyncio.ensure_future(sandbox.step([step(one.episode, ADD)]))
            await asyncio.sleep(0 if number % 2 else 0.002)
            sandbox._stations[0].line.drop()
            (result,) = await asking
            assert result.refused == 0
        (found,) = await sandbox.step([step(one.episode, m.call("notes_search", word="one more", limit=100))])
        assert str(found.messages[0]["content"]).count('"id"') == 20

    asyncio.run(work())


def test_a_step_that_was_given_up_never_shifts_the_answers(served: Served) -> None:
    async def work() -> None:
        sandbox = served.sandbox()
        _, opened = await begin(sandbox, 30)
        for one in opened[::2]:
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(sandbox.step([step(one.episode, m.call("notes_add", title="lost"))]), 0)
        results = await asyncio.gather(
            *(
                sandbox.step([step(one.episode, m.call("notes_add", f"call_{n}", title=f"title {n}"))])
                for n, one in enumerate(opened)
            )
        )
        for number, (result,) in enumerate(results):
            assert result.messages[0].get("tool_call_id") == f"call_{number}"
            assert f'"title {number}"' in str(result.messages[0]["content"])

    asyncio.run(work())


def test_an_answer_that_never_comes_is_asked_for_again_under_the_same_id(served: Served) -> None:
    async def work() -> None:
        sandbox = served.sandbox(patience=Patience(answer=0.3, tries=5, connect=5))
        _, (one,) = await begin(sandbox)
        line = sandbox._stations[0].line
        deaf = line._heard
        heard: list[int] = []

        def once_deaf(message: dict[str, Any]) -> None:
            heard.append(message["id"])
            if heard.count(message["id"]) > 1:
                deaf(message)

        line._heard = once_deaf
        (result,) = await sandbox.step([step(one.episode, ADD)])
        line._heard = deaf
        assert result.refused == 0 and len(heard) == 2 and len(set(heard)) == 1
        (found,) = await sandbox.step([step(one.episode, SEARCH)])
        assert str(found.messages[0]["content"]).count('"id"') == 1

    asyncio.run(work())


def test_an_episode_that_is_gone_says_so(served: Served) -> None:
    async def work() -> None:
        sandbox = served.sandbox()
        _, (one, two) = await begin(sandbox, 2)
        served.keeper.close(one.episode)
        with pytest.raises(SandboxLostError, match="it was closed"):
            await sandbox.step([step(one.episode, SEARCH)])
        await sandbox.close(two.episode)
        with pytest.raises(SandboxLostError):
            await sandbox.verify(two.episode, [])
        with pytest.raises(SandboxLostError):
            await sandbox.open("0" * 64, TASK)

    asyncio.run(work())


def test_a_server_that_was_started_again_never_answers_for_the_one_before(tmp_path: Path) -> None:
    async def work() -> None:
        with serving(tmp_path / "s") as first:
            sandbox = first.sandbox()
            brief, (one,) = await begin(sandbox)
            await sandbox.step([step(one.episode, ADD)])
        with serving(tmp_path / "s"):
            with pytest.raises(SandboxLostError):
                await sandbox.step([step(one.episode, SEARCH)])
            again, (two,) = await begin(sandbox)
            assert again == brief and two.state == one.state and two.episode != one.episode

    asyncio.run(work())


def test_what_was_under_way_when_a_server_died_is_lost_and_what_is_free_is_asked_again(tmp_path: Path) -> None:
    async def work() -> None:
        with serving(tmp_path / "s") as first:
            sandbox = first.sandbox()
            _, (one,) = await begin(sandbox)
        stepping = asyncio.ensure_future(sandbox.step([step(one.episode, SEARCH)]))
        preparing = asyncio.ensure_future(sandbox.prepare(TASK))
        await asyncio.sleep(0.05)
        with serving(tmp_path / "s"):
            assert (await preparing).task == TASK
            with pytest.raises(SandboxLostError, match="started again"):
                await stepping

    asyncio.run(work())


def test_a_server_that_cannot_be_reached_is_lost_and_a_wrong_token_is_refused_at_once(
    tmp_path: Path, served: Served
) -> None:
    async def work() -> None:
        nobody = RemoteSandbox(f"unix:{tmp_path}", "notes", token=TOKEN, patience=Patience(connect=0.3))
        with pytest.raises(SandboxLostError, match="no server at unix:"):
            await nobody.prepare(TASK)
        wrong = RemoteSandbox(f"unix:{served.folder}", "notes", token="wrong-" + TOKEN, patience=SHORT)
        with pytest.raises(UsageError, match="401"):
            await wrong.prepare(TASK)

    asyncio.run(work())


def test_limits_are_busy_and_say_when_to_try_again(tmp_path: Path) -> None:
    async def work() -> None:
        with serving(tmp_path / "s", episodes=3, snapshots=2) as server:
            sandbox = server.sandbox()
            brief, opened = await begin(sandbox, 3)
            with pytest.raises(SandboxBusyError, match="3 is the most") as busy:
                await sandbox.open(brief.snapshot, TASK)
            assert busy.value.retry_after > 0
            await sandbox.close(opened[0].episode)
            (another,) = await sandbox.open(brief.snapshot, TASK)
            await sandbox.step([step(another.episode, ADD)])
            await sandbox.snapshot(another.episode)
            with pytest.raises(SandboxBusyError, match="snapshots"):
                await sandbox.prepare("notes/train/find_number/4")

    asyncio.run(work())


def test_idle_episodes_are_closed_and_sessions_end(tmp_path: Path) -> None:
    async def work() -> None:
        with serving(tmp_path / "s", idle_seconds=0.4) as server:
            sandbox = server.sandbox()
            _, (one,) = await begin(sandbox)
            await asyncio.sleep(1.0)
            with pytest.raises(SandboxLostError, match=r"nobody named it for 0\.4 s"):
                await sandbox.step([step(one.episode, SEARCH)])
            other = server.sandbox()
            await begin(other)
            other._stations[0].line._runner.cancel()
            await asyncio.sleep(1.5)
            assert server.keeper.counts()["sessions"] == 1

    asyncio.run(work())


def test_stop_ends_the_session_and_leaves_the_server(fresh: Served) -> None:
    async def work() -> None:
        sandbox = fresh.sandbox()
        await begin(sandbox, 5)
        assert fresh.keeper.counts()["episodes"] == 5
        await sandbox.stop()
        await sandbox.stop()
        assert fresh.keeper.counts() == {"episodes": 0, "sessions": 0, "snapshots": 0, "worlds": 1}

    asyncio.run(work())


def test_one_client_serves_one_event_loop_after_another(served: Served) -> None:
    sandbox = served.sandbox()
    _, (one,) = asyncio.run(begin(sandbox))
    asyncio.run(sandbox.step([step(one.episode, ADD)]))
    ((found,), _) = asyncio.run(_twice(sandbox, one.episode))
    assert str(found.messages[0]["content"]).count('"id"') == 1


async def _twice(sandbox: RemoteSandbox, episode: str) -> Any:
    return await sandbox.step([step(episode, SEARCH)]), await sandbox.stop()


def test_one_client_is_not_shared_by_two_event_loops_that_run(fresh: Served) -> None:
    sandbox = fresh.sandbox()
    elsewhere = BlockingSandbox(sandbox)
    brief = elsewhere.prepare(TASK)
    (opened,) = elsewhere.open(brief.snapshot, TASK)

    async def intrude() -> None:
        with pytest.raises(UsageError, match="another event loop: make one for each loop"):
            await sandbox.step([step(opened.episode, ADD)])
        with pytest.raises(UsageError, match="another event loop"):
            await sandbox.families()
        for leave in (sandbox.close(opened.episode), sandbox.release(brief.snapshot), sandbox.stop()):
            with pytest.raises(UsageError, match="another event loop"):
                await leave

    asyncio.run(intrude())
    elsewhere.step([step(opened.episode, ADD)])
    (found,) = elsewhere.step([step(opened.episode, SEARCH)])
    assert str(found.messages[0]["content"]).count('"id"') == 1
    elsewhere.release(brief.snapshot)
    elsewhere.stop()
    assert fresh.keeper.counts() == {"episodes": 0, "sessions": 0, "snapshots": 0, "worlds": 1}


def test_two_event_loops_that_take_turns_do_not_take_the_session_from_each_other(
    fresh: Served, caplog: pytest.LogCaptureFixture
) -> None:
    sandbox = fresh.sandbox()
    loops = [asyncio.new_event_loop() for _ in range(2)]
    _, (opened,) = loops[0].run_until_complete(begin(sandbox))
    for loop in (loops[1], loops[0], loops[1], loops[0]):
        loop.run_until_complete(sandbox.step([step(opened.episode, ADD)]))
    with caplog.at_level("INFO", logger="greenroom.wire"):
        for loop in (*loops, *loops):
            loop.run_until_complete(asyncio.sleep(0.2))  # What was left in them has time to connect again.
        loops[0].run_until_complete(sandbox.step([step(opened.episode, SEARCH)]))
    assert caplog.text.count("the connection was lost") <= 1
    loops[0].run_until_complete(sandbox.stop())
    for loop in loops:
        loop.close()


def test_lone_surrogates_are_refused_as_in_process(served: Served, tmp_path: Path) -> None:
    odd = m.call("notes_add", title="x")
    odd["function"]["arguments"] = '{"title": "\ud800"}'

    async def run(sandbox: AsyncSandbox) -> Any:
        brief = await sandbox.prepare(TASK)
        (one,) = await sandbox.open(brief.snapshot, TASK)
        return (await sandbox.step([step(one.episode, odd)]))[0]

    local = LocalSandbox(app, cache_dir=tmp_path / "bases")
    there, here = asyncio.run(run(served.sandbox())), asyncio.run(run(InlineSandbox(local)))
    assert there == here and there.refused == 1


def test_the_blocking_face_plays_an_environment(served: Served, person: UserSimulator) -> None:
    sandbox: Sandbox = BlockingSandbox(served.sandbox())
    env = GreenroomEnv(sandbox=sandbox, user=person)
    env.reset(options={"task": TASK})
    reward = 0.0
    for message in sandbox.prepare(TASK).solution:
        _, reward, _, _, _ = env.step(message)
    assert reward == 1.0
    env.close()
    sandbox.stop()
    sandbox.stop()


def test_kinds_of_worlds_that_nobody_uses_make_room_for_others(fresh: Served) -> None:
    async def work() -> None:
        for seed in range(ROOMS + 3):
            sandbox = fresh.sandbox(WorldSpec(seed=seed))
            await sandbox.connect()
            await sandbox.stop()
        assert fresh.keeper.counts()["worlds"] == ROOMS

    asyncio.run(work())


def test_closing_what_a_lost_server_had_waits_for_nobody(tmp_path: Path) -> None:
    async def work() -> None:
        with serving(tmp_path / "s") as server:
            sandbox = server.sandbox()
            brief, opened = await begin(sandbox, 3)
        async with asyncio.timeout(1):
            for one in opened:
                await sandbox.close(one.episode)
            await sandbox.release(brief.snapshot)
        sandbox._stations[0].line._runner.cancel()

    asyncio.run(work())


def test_a_server_that_speaks_another_language_is_an_error_and_no_wait(tmp_path: Path) -> None:
    async def work() -> None:
        async def say(connection: ServerConnection) -> None:
            await connection.recv()
            await connection.send('{"id": 0, "ok": {"hello": "there"}}')

        async with unix_serve(say, str(tmp_path / "control.sock")):
            with pytest.raises(WireError, match="'workers' must be a list"):
                await RemoteSandbox(f"unix:{tmp_path}", "notes", token=TOKEN, patience=SHORT).families()

    asyncio.run(work())


def test_many_that_begin_at_once_share_a_connection(fresh: Served) -> None:
    async def work() -> None:
        sandbox = fresh.sandbox()
        await asyncio.gather(*(sandbox.prepare(f"notes/train/find_number/{n}") for n in range(30)))
        assert fresh.keeper.counts()["sessions"] == 1
        await sandbox.stop()
        assert (await sandbox.prepare(TASK)).task == TASK
        await sandbox.stop()

    asyncio.run(work())


def test_two_groups_of_one_client_on_one_start_never_free_each_others(fresh: Served) -> None:
    async def work() -> None:
        sandbox = fresh.sandbox()
        _, (one,) = await begin(sandbox)
        await sandbox.step([step(one.episode, ADD)])  # A task's start would be made again when it is asked for.
        ask = sandbox._stations[0].line.ask
        frozen = await ask("snapshot", episode=one.episode)  # Its client has not heard of it yet.
        assert await sandbox.snapshot(one.episode) == frozen
        await sandbox.release(frozen)
        assert len(await ask("open", snapshot=frozen, task=TASK, n=2)) == 2
        await ask("snapshot", episode=one.episode)
        await ask("release", snapshots=[frozen])
        assert await ask("open", snapshot=frozen, task=TASK)
        await ask("release", snapshots=[frozen, frozen])
        with pytest.raises(SandboxLostError, match="is not known here"):
            await ask("open", snapshot=frozen, task=TASK)
        for _ in range(3):
            await sandbox.snapshot(one.episode)
        await sandbox.release(frozen)
        with pytest.raises(SandboxLostError, match="is not known here"):
            await ask("open", snapshot=frozen, task=TASK)
        await sandbox.stop()

    asyncio.run(work())


def test_a_start_that_another_thread_released_before_it_was_held_is_made_again(fresh: Served) -> None:
    sandbox = BlockingSandbox(fresh.sandbox())
    env = GreenroomEnv(sandbox=sandbox, user=Asker())
    brief = sandbox.prepare(TASK)  # As an environment does in its reset.
    asyncio.run_coroutine_threadsafe(_play_once(sandbox), sandbox._running()).result()  # As an engine does beside it.
    (one,) = sandbox.open(brief.snapshot, TASK)
    assert one.state == brief.snapshot
    sandbox.release(brief.snapshot)
    sandbox.close(one.episode)
    assert sandbox.families() and fresh.keeper.counts()["snapshots"] == 0
    env.close()
    sandbox.stop()


async def _play_once(sandbox: BlockingSandbox) -> None:
    await Rollouts(sandbox.aio, Asker(), Scripted()).play([GroupSpec(TASK)])


def test_a_released_snapshot_that_is_no_start_is_gone_and_holds_nothing(fresh: Served) -> None:
    async def work() -> None:
        sandbox = fresh.sandbox()
        _, (one,) = await begin(sandbox)
        await sandbox.step([step(one.episode, ADD)])
        frozen = await sandbox.snapshot(one.episode)
        await sandbox.release(frozen)
        for unknown in (frozen, "0" * 64):
            with pytest.raises(SandboxLostError, match="the task starts at"):
                await sandbox.open(unknown, TASK)
        assert fresh.keeper.counts()["snapshots"] == 1
        await sandbox.stop()

    asyncio.run(work())


def test_holds_of_a_session_that_ended_are_not_given_back_in_the_next(tmp_path: Path) -> None:
    async def work() -> None:
        sandbox = RemoteSandbox(f"unix:{tmp_path / 's'}", "notes", token=TOKEN, patience=SHORT)
        with serving(tmp_path / "s"):
            for _ in range(3):
                await sandbox.prepare(TASK)
        with serving(tmp_path / "s") as again:
            brief = await sandbox.prepare(TASK)
            station = next(iter(sandbox._of_snapshot[brief.snapshot]))
            told = await station.line.ask("prepare", task=TASK)  # Somebody who has not come to note it.
            assert told["snapshot"] == brief.snapshot
            await sandbox.release(brief.snapshot)
            await sandbox.families()
            assert again.keeper.counts()["snapshots"] == 1
            await sandbox.stop()

    asyncio.run(work())
