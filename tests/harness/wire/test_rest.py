import asyncio
import base64
import dataclasses
import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from fastapi import Request, Response

from greenroom import messages as m
from greenroom.errors import SandboxBusyError
from greenroom.faults import PROFILES
from greenroom.messages import Message, calls_of
from greenroom.sandbox import StepRequest
from greenroom.tasks import Size
from greenroom.wire import web
from greenroom.wire.keeper import Keeper
from greenroom.wire.protocol import PIECE, Limits, WorldSpec
from support.notes import app
from support.served import TASK, Served, begin, serving

PART = {"snapshot": "1" * 64, "content": "2" * 64, "size": 9, "offset": 0, "data": "eA=="}


def named(name: str) -> dict[str, str]:
    return {"greenroom-session": name}


def reset(served: Served, task: str = TASK, n: int = 1, **more: Any) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    status, group, _ = served.ask("POST", "/v1/reset", {"task": task, "n": n, **more})
    assert status == 200, group
    return group["brief"], group["opened"]


def test_an_episode_is_played_by_curl(served: Served) -> None:
    brief, opened = reset(served, n=3)
    assert len({one["state"] for one in opened}) == 1
    episode = opened[0]["episode"]
    messages: list[Message] = []
    for message in brief["solution"]:
        messages.append(message)
        if calls := calls_of(message):
            status, told, _ = served.ask("POST", "/v1/step", {"steps": [{"episode": episode, "calls": calls}]})
            assert status == 200
            messages += told["results"][0]["messages"]
    assert served.ask("POST", f"/v1/episodes/{episode}/verify", {"messages": messages})[1]["score"] == 1.0
    status, told, _ = served.ask("POST", f"/v1/episodes/{episode}/snapshot")
    again = {"snapshot": told["snapshot"], "task": TASK, "n": 2}
    status, opened, _ = served.ask("POST", "/v1/episodes", again)
    assert status == 200 and len(opened["opened"]) == 2
    contents = [served.ask("GET", f"/v1/episodes/{e}/content")[1] for e in (episode, opened["opened"][0]["episode"])]
    assert contents[0] == contents[1]
    assert served.ask("DELETE", f"/v1/episodes/{episode}")[0] == 204
    assert served.ask("GET", f"/v1/episodes/{episode}/content")[0] == 410
    assert served.ask("DELETE", f"/v1/snapshots/{told['snapshot']}")[0] == 204


def test_the_same_world_is_met_through_rest_and_the_websocket(served: Served) -> None:
    async def work() -> None:
        sandbox = served.sandbox()
        _, (one,) = await begin(sandbox)
        add = {"steps": [{"episode": one.episode, "calls": [m.call("notes_add", title="by rest")]}]}
        await asyncio.to_thread(served.ask, "POST", "/v1/step", add)
        search = StepRequest(episode=one.episode, calls=[m.call("notes_search", word="by rest")])
        (found,) = await sandbox.step([search])
        assert "by rest" in str(found.messages[0]["content"])

    asyncio.run(work())


def test_a_request_with_a_key_that_was_seen_gets_its_first_answer(served: Served) -> None:
    _, (one,) = reset(served)
    add = {"steps": [{"episode": one["episode"], "calls": [m.call("notes_add", title="once")]}]}
    answers = [served.ask("POST", "/v1/step", add, headers={"idempotency-key": "k1"})[1] for _ in range(3)]
    assert answers[0] == answers[1] == answers[2]
    other = {"steps": [{"episode": one["episode"], "calls": [m.call("notes_add", title="other")]}]}
    assert served.ask("POST", "/v1/step", other, headers={"idempotency-key": "k1"})[0] == 422
    agent = {"token": one["token"], "plane": "agent"}
    for _ in range(2):
        path = "/v1/episode/tools/notes_add"
        served.ask("POST", path, {"title": "once"}, headers={"idempotency-key": "k1"}, **agent)
    _, found, _ = served.ask("POST", "/v1/episode/tools/notes_search", {"word": "once"}, **agent)
    assert found["content"].count('"id"') == 2


class Keys:
    """Requests with keys, without a server: how often each was acted on, and what is still being worked on."""

    def __init__(self, **limits: int) -> None:
        self.once, self.acted = web.Once(**limits), Counter[str]()
        self.hold = asyncio.Event()

    async def ask(self, key: str, session: str = "", size: int = 10, held: bool = False) -> int:
        async def act() -> Response:
            self.acted[key] += 1
            if held:
                await self.hold.wait()
            return Response("x" * size)

        headers = [(b"idempotency-key", key.encode()), (b"greenroom-session", session.encode())]
        scope = {"type": "http", "method": "POST", "path": "/", "headers": headers, "query_string": b""}
        return (await self.once.run(Request(scope | {"server": ("x", 1), "scheme": "http"}), "body", act)).status_code


def test_a_key_whose_answer_was_forgotten_runs_nothing_again() -> None:
    async def work() -> None:
        keys = Keys(most=2, forgotten=2)
        working = asyncio.ensure_future(keys.ask("held", held=True))
        await asyncio.sleep(0)
        assert [await keys.ask(key) for key in "abcd"] == [200] * 4
        # What is being worked on stays, though it is the oldest.
        again = asyncio.ensure_future(keys.ask("held"))
        keys.hold.set()
        assert (await working, await again) == (200, 200)
        assert await keys.ask("b") == 410 and await keys.ask("c") == 410
        assert max(keys.acted.values()) == 1

    asyncio.run(work())


def test_answers_to_keys_are_kept_within_their_bytes() -> None:
    async def work() -> None:
        keys = Keys(most_bytes=100)
        for number in range(20):
            await keys.ask(str(number), size=40)
        assert keys.once._bytes == 80 and len(keys.once._kept) == 2
        await keys.ask("large", size=1000)
        assert keys.once._bytes == 0 and await keys.ask("large") == 410

    asyncio.run(work())


def test_keys_of_clients_that_name_themselves_never_meet() -> None:
    async def work() -> None:
        keys = Keys()
        assert await keys.ask("1", session="a") == await keys.ask("1", session="b") == await keys.ask("1") == 200
        assert keys.acted["1"] == 3
        assert await keys.ask("1", session="b") == 200 and keys.acted["1"] == 3

    asyncio.run(work())


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"nonsense", 400),
        (b"{", 400),
        (b"\xff\xfe", 400),
        (b'"\xff"', 400),
        (b"[" * 100_000, 400),
        ([], 422),
        ({"task": 7}, 422),
        ({"task": TASK, "n": 0}, 422),
        ({"task": TASK, "n": "2"}, 422),
        ({"task": TASK, "more": 1}, 422),
        ({"task": "nonsense"}, 422),
        ({"task": "notes/train/nothing/0"}, 404),
        ({"task": TASK, "app": "maul"}, 404),
        ({"task": TASK, "world": {"size": "huge"}}, 422),
        ({"task": TASK, "world": {"faults": "bad luck"}}, 404),
        ({"task": "notes/train/find_number/../../../etc/passwd"}, 422),
        ({"task": "notes/train/find_number/1\0"}, 422),
        ({"task": "notes/train/find_number/-1"}, 422),
    ],
)
def test_bad_requests_are_refused_with_a_sentence(served: Served, body: Any, status: int) -> None:
    found, told, _ = served.ask("POST", "/v1/reset", body)
    assert found == status and told["error"]["message"]


CALLED = {"id": "c", "type": "function", "function": {"name": "notes_search", "arguments": "{}"}}


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/v1/families", {f"a{number}": 1 for number in range(300_000)}),
        ("/v1/reset", {"task": TASK, "world": {f"a{number}": 1 for number in range(300_000)}}),
        ("/v1/step", {"steps": [{"episode": "e", "calls": [{"id": 1, "more": 2}] * 64}] * 1000}),
        ("/v1/episodes/e/verify", {"messages": [{"role": 1, "tool_calls": [1] * 9}] * 9999}),
        ("/v1/step", {"steps": [{"episode": "e", "calls": [CALLED] * 64}] * 1000}),
        (
            "/v1/episodes/e/verify",
            {"messages": [{"role": "assistant", "content": None, "tool_calls": [CALLED] * 10}] * 6000},
        ),
    ],
)
def test_a_body_with_a_million_mistakes_or_calls_is_refused_in_few_words(served: Served, path: str, body: Any) -> None:
    status, told, _ = served.ask("POST", path, json.dumps(body).encode())
    assert status == 422 and len(told["error"]["message"]) < 1000


def test_a_body_may_have_as_many_calls_as_is_said(served: Served) -> None:
    steps = [{"episode": "e", "calls": [CALLED] * 64}] * 64
    assert served.ask("POST", "/v1/step", {"steps": steps})[0] == 200
    status, told, _ = served.ask("POST", "/v1/step", {"steps": [*steps, {"episode": "e", "calls": [CALLED]}]})
    assert status == 422 and "4097 calls together; 4096 is the most" in told["error"]["message"]


def test_limits_are_429_with_retry_after(tmp_path: Path) -> None:
    with serving(tmp_path / "s", episodes=2) as served:
        reset(served, n=2)
        status, told, head = served.ask("POST", "/v1/reset", {"task": TASK})
    assert status == 429 and told["error"]["code"] == "SandboxBusyError" and "retry-after: 1" in head


@pytest.mark.parametrize(
    "arguments",
    [
        b'{"title": "\\u0000"}',
        b'{"title": "x", "body": "\\ud800"}',
        b'{"title": 7}',
        b'{"titel": "x"}',
        b'{"title": {"a": [1, 2]}}',
        b'{"title": "' + b"x" * 1_000_000 + b'", "extra": 1}',
        b'{"title": ' + b"[" * 500 + b"]" * 500 + b"}",
        b'{"title": ' + b"9" * 5000 + b"}",
        b'{"title": 1e999}',
    ],
)
def test_hostile_arguments_are_refused_and_change_nothing(served: Served, arguments: bytes) -> None:
    _, (one,) = reset(served)
    agent = {"token": one["token"], "plane": "agent"}
    before = served.ask("GET", f"/v1/episodes/{one['episode']}/content")[1]
    status, told, _ = served.ask("POST", "/v1/episode/tools/notes_add", arguments, **agent)
    assert (status == 200 and told["refused"] and "bad_arguments" in told["content"]) or status == 422
    assert served.ask("GET", f"/v1/episodes/{one['episode']}/content")[1] == before


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("notes_read", {"note_id": 9_223_372_036_854_775_808}),
        ("notes_read", {"note_id": -(10**30)}),
        ("notes_search", {"word": "'; DROP TABLE notes_note; --"}),
        ("notes_search", {"word": "%' UNION SELECT * FROM greenroom_state --"}),
        ("notes_search", {"word": "../../../../etc/passwd"}),
        ("notes_search", {"word": "x", "limit": 10**25}),
        ("notes_crash", {}),
        ("../../v1/server", {}),
        ("greenroom_state", {}),
        ("%00", {}),
    ],
)
def test_hostile_calls_are_answered_and_the_app_is_whole(served: Served, name: str, arguments: Any) -> None:
    _, (one,) = reset(served)
    agent = {"token": one["token"], "plane": "agent"}
    status, told, _ = served.ask("POST", f"/v1/episode/tools/{name}", arguments, **agent)
    assert status in (200, 404, 405)
    assert "greenroom_state" not in str(told) or "no tool" in str(told)
    _, found, _ = served.ask("POST", "/v1/episode/tools/notes_search", {"word": "train"}, **agent)
    assert found["content"].count('"id"') == 5


def test_an_apps_bug_is_500_for_the_agent_and_tells_nothing_of_the_inside(served: Served) -> None:
    _, (one,) = reset(served, world={"all_tools": True})
    status, told, _ = served.ask("POST", "/v1/episode/tools/notes_crash", {}, token=one["token"], plane="agent")
    assert status == 500 and told["error"]["code"] == "AppError" and "Zero" not in str(told)


def test_rest_knows_every_size_and_profile_of_worlds(served: Served) -> None:
    _, schema, _ = served.ask("GET", "/openapi.json")
    world = schema["components"]["schemas"]["World"]["properties"]
    assert set(world["size"]["enum"]) == set(Size) and set(world["faults"]["enum"]) == set(PROFILES)
    assert set(world) == {field.name for field in dataclasses.fields(WorldSpec)}


def changed(served: Served, **headers: str) -> str:
    """The snapshot of an episode in which a note was added."""
    _, (one,) = reset(served)
    add = {"steps": [{"episode": one["episode"], "calls": [m.call("notes_add", title="far travelled")]}]}
    served.ask("POST", "/v1/step", add)
    return served.ask("POST", f"/v1/episodes/{one['episode']}/snapshot", headers=headers)[1]["snapshot"]


def fetched(served: Served, snapshot: str) -> tuple[bytes, str]:
    data, size, content = b"", 1, ""
    while len(data) < size:
        status, piece, _ = served.ask("POST", "/v1/download", {"snapshot": snapshot, "offset": len(data)})
        assert status == 200 and piece["offset"] == len(data)
        size, content = piece["size"], piece["content"]
        data += base64.b64decode(piece["data"])
    return data, content


def sent(served: Served, data: bytes, size: int = 5000, **told: Any) -> list[tuple[int, Any, str]]:
    """Send a file in pieces until it is there or refused."""
    answers: list[tuple[int, Any, str]] = []
    for offset in range(0, len(data), size):
        piece = base64.b64encode(data[offset : offset + size]).decode()
        body = {"size": len(data), "offset": offset, "data": piece} | told
        answers.append(served.ask("POST", "/v1/upload", body))
        if answers[-1][0] != 200:
            break
    return answers


def test_a_snapshot_travels_by_rest_and_is_believed_only_when_it_is_what_was_said(
    served: Served, tmp_path: Path
) -> None:
    snapshot = changed(served)
    data, content = fetched(served, snapshot)
    with serving(tmp_path / "s") as other:
        for wrong in ({"content": "0" * 64}, {"snapshot": "0" * 64}):
            status, told, _ = sent(other, data, **{"snapshot": snapshot, "content": content} | wrong)[-1]
            assert status == 422 and "as was said" in told["error"]["message"]
        altered, short = data[:-1] + bytes([data[-1] ^ 1]), data[:-1]
        for wrong, why in ((altered, "was altered"), (short, "is truncated"), (b"x", "is no snapshot of greenroom")):
            status, told, _ = sent(other, wrong, snapshot=snapshot, content=content)[-1]
            assert status == 422 and told["error"]["message"].startswith(f"the upload {why}")
        assert other.keeper.counts()["snapshots"] == 0
        assert other.ask("POST", "/v1/episodes", {"snapshot": snapshot, "task": TASK})[0] == 410
        assert sent(other, data, snapshot=snapshot, content=content)[-1][:2] == (200, {"have": len(data), "done": True})
        status, told, _ = other.ask("POST", "/v1/episodes", {"snapshot": snapshot, "task": TASK})
        assert status == 200 and told["opened"][0]["state"] == snapshot


def test_clients_without_a_name_go_on_with_one_upload_and_never_spoil_it(served: Served, tmp_path: Path) -> None:
    snapshot = changed(served)
    data, content = fetched(served, snapshot)

    def send(offset: int, end: int, headers: dict[str, str] | None = None, **told: Any) -> tuple[int, Any]:
        piece = base64.b64encode(data[offset:end]).decode()
        body = {"snapshot": snapshot, "content": content, "size": len(data), "offset": offset, "data": piece} | told
        return other.ask("POST", "/v1/upload", body, headers=headers)[:2]

    with serving(tmp_path / "s") as other:
        assert send(0, 10_000) == (200, {"have": 10_000, "done": False})
        # Another client begins, overlaps, runs ahead, says something else.
        assert send(0, 3_000) == send(5_000, 15_000) == (200, {"have": 10_000, "done": False})
        status, told = send(12_000, 15_000)
        assert status == 422 and "begins at 10000" in told["error"]["message"]
        for wrong in ({"size": len(data) + 1}, {"content": "0" * 64}):
            status, told = send(10_000, 15_000, **wrong)
            assert status == 422 and "in a session of its own" in told["error"]["message"]
        assert send(0, 9, named("a"), content="0" * 64) == (200, {"have": 9, "done": False})
        have = 10_000
        while have < len(data):
            status, told = send(have, have + PIECE // 2)
            assert status == 200
            have = told["have"]
        assert told["done"] and send(0, 3_000) == (200, {"have": len(data), "done": True})
        status, told, _ = other.ask("POST", "/v1/episodes", {"snapshot": snapshot, "task": TASK})
        assert status == 200 and told["opened"][0]["state"] == snapshot


def test_uploads_by_rest_are_refused_beyond_their_limits(tmp_path: Path) -> None:
    with serving(tmp_path / "s", uploads=1, snapshot_bytes=1000, message_bytes=20_000) as served:
        told = {"snapshot": "1" * 64, "content": "2" * 64, "size": 1000, "offset": 0, "data": "eA=="}
        assert served.ask("POST", "/v1/upload", told)[:2] == (200, {"have": 1, "done": False})
        status, error, head = served.ask("POST", "/v1/upload", told | {"snapshot": "3" * 64})
        assert status == 429 and "1 uploads" in error["error"]["message"] and "retry-after: 2" in head
        status, error, _ = served.ask("POST", "/v1/upload", told | {"size": 1001})
        assert status == 413 and "1000 is the most" in error["error"]["message"]
        assert served.ask("POST", "/v1/upload", told | {"data": "x" * 30_000})[0] == 413
        assert served.ask("POST", "/v1/upload", told | {"data": "!"})[0] == 422
        assert served.ask("POST", "/v1/download", {"snapshot": "3" * 64})[0] == 410


def test_families_are_told(served: Served) -> None:
    status, told, _ = served.ask("POST", "/v1/families", {})
    assert status == 200 and "find_number" in told["families"]


def test_a_client_that_names_itself_says_bye_and_leaves_nothing(fresh: Served) -> None:
    mine, other = {"greenroom-session": "a"}, {"greenroom-session": "b"}
    group = {"task": TASK, "n": 2}
    opened = [fresh.ask("POST", "/v1/reset", group, headers=who)[1]["opened"] for who in (mine, other, {})]
    part = {"snapshot": "1" * 64, "content": "2" * 64, "size": 9, "offset": 0, "data": "eA=="}
    assert fresh.ask("POST", "/v1/upload", part, headers=mine)[0] == 200
    assert fresh.ask("DELETE", "/v1/session")[0] == 422
    assert fresh.ask("DELETE", "/v1/session", headers=mine)[0] == 204
    assert fresh.keeper.counts() == {"episodes": 4, "sessions": 1, "snapshots": 1, "worlds": 1}
    assert not fresh.keeper.transfers._uploads
    states = [fresh.ask("GET", f"/v1/episodes/{group[0]['episode']}/content")[0] for group in opened]
    assert states == [410, 200, 200]
    assert fresh.ask("POST", "/v1/reset", group, headers=mine)[0] == 200
    assert fresh.ask("DELETE", "/v1/session", headers={"greenroom-session": "x" * 300})[0] == 422
    assert fresh.ask("POST", "/v1/reset", group, headers={"greenroom-session": "x" * 300})[0] == 422


def test_two_clients_of_rest_on_one_snapshot_never_free_each_others(fresh: Served) -> None:
    snapshot = changed(fresh)
    assert changed(fresh) == snapshot == changed(fresh, **{"greenroom-session": "named"})
    found: list[int] = []
    for who in ({}, {"greenroom-session": "named"}, {}):
        assert fresh.ask("DELETE", f"/v1/snapshots/{snapshot}", headers=who)[0] == 204
        found.append(fresh.ask("POST", "/v1/episodes", {"snapshot": snapshot, "task": TASK})[0])
    assert found == [200, 200, 410]


def test_too_many_clients_that_name_themselves_and_hold_something_are_refused(tmp_path: Path) -> None:
    with serving(tmp_path / "s", sessions=3, uploads=4) as served:
        asked = [
            ("a", "/v1/prepare", {"task": TASK}),
            ("b", "/v1/reset", {"task": TASK}),
            ("c", "/v1/upload", PART),
            ("d", "/v1/tools", {}),
            ("a", "/v1/tools", {}),
        ]
        assert [served.ask("POST", path, body, headers=named(who))[0] for who, path, body in asked] == [
            *[200] * 3,
            429,
            200,
        ]


def test_names_that_hold_nothing_shut_nobody_out_and_their_keys_are_still_known(tmp_path: Path) -> None:
    with serving(tmp_path / "s", sessions=2) as served:
        _, (one,) = reset(served, n=1)
        add = {"steps": [{"episode": one["episode"], "calls": [m.call("notes_add", title="once")]}]}
        for name in ("a", "b", "c", "a"):
            headers = named(name) | {"idempotency-key": "k"}
            assert served.ask("POST", "/v1/step", add, headers=headers)[0] == 200
        search = {"steps": [{"episode": one["episode"], "calls": [m.call("notes_search", word="once")]}]}
        assert str(served.ask("POST", "/v1/step", search)[1]).count('"id"') == 3
        assert served.keeper.counts()["sessions"] == 2
        asyncio.run(served.sandbox().families())  # A WebSocket finds room, too.


def test_a_session_is_not_given_up_while_its_request_is_answered(tmp_path: Path) -> None:
    with serving(tmp_path / "s", sessions=1) as served:
        keeper = served.keeper
        session = keeper.rest_session("a")
        with session.asking(), pytest.raises(SandboxBusyError):
            keeper.rest_session("b")
        assert keeper.rest_session("b") and session.ended


def test_old_snapshots_of_clients_that_go_on_are_released_whether_they_name_themselves_or_not(tmp_path: Path) -> None:
    now = [0.0]
    keeper = Keeper({"notes": app}, Limits(idle_seconds=10), tmp_path, lambda: now[0])
    room = keeper.room("notes", WorldSpec())

    async def work() -> None:
        socket, _ = keeper.session("a token of a WebSocket", room)
        socket.connected = 1
        tasks = [f"notes/train/{family}/3" for family in ("find_number", "replace")]
        for who in (keeper.rest, keeper.rest_session("a"), socket):
            old, used = [(await keeper.prepare(who, room, task)).snapshot for task in tasks]
        for seconds in (8, 8):
            now[0] += seconds
            for who in (keeper.rest, keeper.rest_session("a")):
                keeper.open(who, room, used, tasks[1], 1)
            keeper.sweep()
        kept = [set(who.snapshots) for who in (keeper.rest, keeper.rest_session("a"), socket)]
        assert kept == [{used}, {used}, {old, used}]

    asyncio.run(work())
    keeper.stop()


def test_an_agent_reads_why_when_its_world_is_full_and_nothing_has_changed(served: Served) -> None:
    _, (one, other) = reset(served, n=2)
    agent = {"token": one["token"], "plane": "agent"}
    running = served.keeper.running(one["episode"])
    fork = running.room.sandbox._episodes[running.local].world._database._store
    fork.most = len(fork.pages) + 4
    before = served.ask("GET", f"/v1/episodes/{one['episode']}/content")[1]
    status, told, _ = served.ask("POST", "/v1/episode/tools/notes_add", {"title": "x", "body": "y" * 60_000}, **agent)
    assert status == 200 and told["refused"]
    assert json.loads(told["content"])["error"] == "storage_full"
    assert "there is no room left for it, and nothing was changed" in told["content"]
    assert served.ask("GET", f"/v1/episodes/{one['episode']}/content")[1] == before
    assert not served.ask("POST", "/v1/episode/tools/notes_search", {"word": "train"}, **agent)[1]["refused"]
    agent["token"] = other["token"]
    status, told, _ = served.ask("POST", "/v1/episode/tools/notes_add", {"title": "x", "body": "y" * 60_000}, **agent)
    assert status == 200 and not told["refused"]


def test_keys_end_with_the_session_that_they_were_used_in(fresh: Served) -> None:
    def asked(method: str, path: str, key: str, body: Any = None) -> tuple[int, Any, str]:
        return fresh.ask(method, path, body, headers={"greenroom-session": "a", "idempotency-key": key})

    lives: list[str] = []
    for _ in range(2):
        first, again = (asked("POST", "/v1/reset", "1", {"task": TASK})[1]["opened"][0]["episode"] for _ in range(2))
        assert first == again
        assert fresh.ask("GET", f"/v1/episodes/{first}/content")[0] == 200
        assert asked("DELETE", "/v1/session", "2")[0] == 204 == asked("DELETE", "/v1/session", "2")[0]
        assert fresh.keeper.counts()["episodes"] == fresh.keeper.counts()["sessions"] == 0
        lives.append(first)
    assert lives[0] != lives[1]


def test_steps_are_left_for_later_only_beyond_4_mb(fresh: Served) -> None:
    _, opened = reset(fresh, n=1024)
    add = m.call("notes_add", title="t", body="x" * 1000)
    steps = [{"episode": one["episode"], "calls": [add]} for one in opened]
    _, told, _ = fresh.ask("POST", "/v1/step", {"steps": steps})
    note = json.loads(told["results"][0]["messages"][0]["content"])["id"]
    for one in steps:
        one["calls"] = [m.call("notes_read", note_id=note)]
    status, told, _ = fresh.ask("POST", "/v1/step", {"steps": steps})
    assert status == 200 and len(json.dumps(told)) < 4 << 20
    assert {"later": True} not in told["results"]
