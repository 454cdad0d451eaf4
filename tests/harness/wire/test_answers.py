"""What a client makes of a server that answers nonsense: a real one, behind a real socket."""

import asyncio
import base64
import contextlib
import json
import time
from collections.abc import AsyncGenerator, Callable
from pathlib import Path
from typing import Any

import pytest
from websockets.asyncio.server import ServerConnection, unix_serve

from greenroom import messages as m
from greenroom.errors import SandboxBusyError, SandboxLostError, SnapshotError, WireError
from greenroom.rollouts import GroupSpec, Recovery, Rollouts
from greenroom.sandbox import StepRequest
from greenroom.sandboxes import LocalSandbox
from greenroom.wire import answers, failures
from greenroom.wire.answers import MOST_CONTENT
from greenroom.wire.client import RemoteSandbox
from greenroom.wire.line import Patience
from greenroom.wire.protocol import Limits, encode
from support.notes import app
from support.rollouts import Asker, Scripted
from support.served import TASK, TOKEN

QUICK = Patience(answer=2, tries=1, connect=2)
GREETING: dict[str, Any] = {"server": "s", "workers": [{"control": "control.sock"}], "limits": {}, "resumed": True}
CALL = StepRequest(episode="e0", calls=[m.call("notes_add", title="x")])
RESULT: dict[str, Any] = {"messages": [m.tool("call_0", "{}")], "now": "2026-01-01", "refused": 0, "faults": []}

Answer = Callable[[dict[str, Any]], str]
"""What a server says to a request, as it crosses."""


class Liar:
    """A server that answers as it should, but for what it is told to say instead.

    Args:
        folder: Where its socket is, and bases are cached.
        lies: By operation, the answers it gives instead.
    """

    def __init__(self, folder: Path, lies: dict[str, Answer]) -> None:
        self._folder, self._lies, self.asked = folder, lies, [""]
        self._brief = LocalSandbox(app, cache_dir=folder / "bases").prepare(TASK)

    @contextlib.asynccontextmanager
    async def up(self) -> AsyncGenerator[RemoteSandbox]:
        async with unix_serve(self._serve, str(self._folder / "control.sock")):
            yield RemoteSandbox(f"unix:{self._folder}", "notes", token=TOKEN, patience=QUICK)

    async def _serve(self, connection: ServerConnection) -> None:
        async for text in connection:
            request = json.loads(text)
            self.asked.append(request["op"])
            lie = self._lies.get(request["op"])
            await connection.send(lie(request) if lie else ok(self._truth(request))(request))

    def _truth(self, request: dict[str, Any]) -> Any:
        forks = [{"episode": f"e{n}", "state": "s", "token": "t"} for n in range(request.get("n", 0))]
        told = {"hello": GREETING, "prepare": self._brief, "open": forks, "families": ["find_number"]}
        steps = [RESULT for _ in request.get("steps", [])]
        return told.get(request["op"], {} if request["op"] != "step" else steps)


def ok(value: Any) -> Answer:
    return lambda request: encode({"id": request["id"], "ok": value})


def said(text: str) -> Answer:
    return lambda request: text


async def everything(sandbox: RemoteSandbox, folder: Path) -> None:
    """Ask for all that a sandbox can be asked for."""
    await sandbox.families()
    brief = await sandbox.prepare(TASK)
    await sandbox.open(brief.snapshot, TASK)
    await sandbox.step([CALL])
    await sandbox.verify("e0", [])
    await sandbox.content("e0")
    await sandbox.snapshot("e0")


async def lost(folder: Path, lies: dict[str, Answer], act: Callable[..., Any] = everything) -> WireError:
    async with Liar(folder, lies).up() as sandbox:
        with pytest.raises(WireError) as raised:
            await asyncio.wait_for(act(sandbox, folder), 10)
        await sandbox.stop()
        return raised.value


UNREADABLE = [
    *("nonsense", "[]", "7", "[" * 5000, '{"ok": 1}', '{"id": "1", "ok": 1}', '{"id": 99, "ok": 1}'),
    *('{"id": -1, "ok": 1}', '{"id": true, "ok": 1}', '{"id": 0, "ok": 1}', '{"id": 1e3, "ok": []}'),
]


@pytest.mark.parametrize("text", UNREADABLE)
def test_a_message_that_answers_nothing_loses_the_sandbox(tmp_path: Path, text: str) -> None:
    error = asyncio.run(lost(tmp_path, {"prepare": said(text)}))
    assert "speaks another language" in str(error) or "answers request" in str(error)


@pytest.mark.parametrize(
    "text", ["nonsense", "[]", '{"id": 0}', '{"id": 0, "ok": 7}', '{"id": 0, "ok": {"server": 1}}']
)
def test_a_greeting_that_is_none_loses_the_sandbox(tmp_path: Path, text: str) -> None:
    asyncio.run(lost(tmp_path, {"hello": said(text)}))


GREETINGS: list[dict[str, Any]] = [
    {"workers": 7},
    {"workers": [7]},
    {"workers": [{}]},
    {"workers": [{"control": "x"}] * 257},
    {"workers": [{"control": 7}]},
    {"workers": [{"control": "x", "control_port": "7"}]},
    {"limits": []},
    {"limits": {"message_bytes": "many"}},
    {"limits": {"message_bytes": 0}},
    {"resumed": 1},
    {"server": None},
]
MESSAGES: list[dict[str, Any]] = [
    *({"role": role} for role in ("system", "assistant", "user", None)),
    *({"tool_call_id": name} for name in ("call_1", None, 7)),
    {"reasoning": "extra"},
    {"tool_calls": []},
    {"content": "x" * (MOST_CONTENT + 1)},
]
FAULT = {"kind": "latency", "tool": "notes_add", "call": 1, "detail": {"seconds": 1}}
WRONG: list[tuple[str, Any]] = [
    *(("hello", GREETING | change) for change in GREETINGS),
    *((op, value) for op in ("families", "prepare", "open", "step", "verify") for value in (None, 7, "x", {}, [7])),
    *((op, value) for op in ("content", "snapshot") for value in (None, 7, [], {}, "x" * 1000)),
    ("families", [["find_number"]]),
    ("open", []),
    ("open", [{"episode": "e0", "state": "s"}]),
    ("open", [{"episode": "e0", "state": "s", "token": 7}]),
    ("open", [{"episode": f"e{n}", "state": "s", "token": "t"} for n in range(2)]),
    ("step", [RESULT, RESULT]),
    ("step", [RESULT | {"messages": []}]),
    ("step", [RESULT | {"messages": [{"role": "tool", "content": None}]}]),
    ("step", [RESULT | {"messages": [{"role": "king", "content": ""}]}]),
    *(("step", [RESULT | {"messages": [m.tool("call_0", "{}") | change]}]) for change in MESSAGES),
    ("step", [RESULT | {"messages": [{"role": "tool", "content": "{}"}]}]),
    ("step", [RESULT | {"refused": 2}]),
    ("step", [RESULT | {"faults": [{"kind": "plague", "tool": "notes_add", "call": 1}]}]),
    ("step", [RESULT | {"faults": [FAULT | {"detail": {"x": "x" * 100_000}}]}]),
    ("step", [RESULT | {"faults": [FAULT] * 17}]),
    ("open", [{"episode": "e" * 1000, "state": "s", "token": "t"}]),
    ("open", [{"episode": "e0", "state": "s" * 1000, "token": "t"}]),
    ("open", [{"episode": "e0", "state": "s", "token": "t" * 1000}]),
    *(("verify", {"score": score, "findings": []}) for score in (1e308, -0.1, 1.0000001, None, [1])),
    ("verify", {"score": 1, "findings": ["x"] * 2000}),
    ("verify", {"score": 1, "findings": ["x" * 100_000]}),
    ("step", [RESULT | {"now": 7}]),
    ("step", [RESULT | {"refused": "none"}]),
    ("step", [RESULT | {"faults": [7]}]),
    ("step", [RESULT | {"faults": [{"kind": "latency"}]}]),
    ("step", [{"error": 7}]),
    ("verify", {"score": "1", "findings": []}),
    ("verify", {"score": True, "findings": []}),
    ("verify", {"score": 1, "findings": "none"}),
    ("verify", {"score": 1, "findings": [7]}),
]


@pytest.mark.parametrize(("op", "value"), WRONG)
def test_an_answer_of_another_shape_loses_the_sandbox_and_says_where(tmp_path: Path, op: str, value: Any) -> None:
    error = asyncio.run(lost(tmp_path, {op: ok(value)}))
    assert "control.sock" in str(error) or "an error that is none" in str(error)
    assert len(str(error)) < 1000


BRIEFS: list[dict[str, Any]] = [
    {"goal": {}},
    {"goal": 7},
    {"max_steps": 0},
    {"tools": [{}]},
    {"solution": [7]},
    {"solution": [m.system("obey")]},
    {"solution": [m.user("obey")]},
    {"solution": [m.assistant("done") | {"reasoning": "extra"}]},
    {"slips": [[m.system("obey")]]},
    {"excess": {}},
    {"excess": m.call("notes_add", title="x") | {"extra": 1}},
    {"policy": "x" * (5 << 20)},
    {"tools": [{"function": {"name": "x", "description": "x" * (5 << 20)}}]},
]


@pytest.mark.parametrize("change", BRIEFS)
def test_a_brief_that_nobody_could_play_loses_the_sandbox(tmp_path: Path, change: dict[str, Any]) -> None:
    whole = json.loads(encode(LocalSandbox(app, cache_dir=tmp_path / "bases").prepare(TASK)))
    asyncio.run(lost(tmp_path, {"prepare": ok(whole | change)}))
    for name in whole:
        asyncio.run(lost(tmp_path, {"prepare": ok({key: value for key, value in whole.items() if key != name})}))


@pytest.mark.parametrize(
    "schema",
    [{"properties": {"q": {"$ref": "http://127.0.0.1:9/"}}}, {"items": {"$dynamicRef": "x"}}, {"enum": [0] * 50_000}],
)
def test_a_tool_whose_schema_leads_elsewhere_or_has_no_end_loses_the_sandbox(schema: dict[str, Any]) -> None:
    tools = [{"function": {"name": "notes_add", "parameters": schema}}]
    with pytest.raises(WireError, match=r"'tools' that is none: it"):
        answers.read("somewhere", "tools", answers.schemas, tools)


@pytest.mark.parametrize("text", ['{"id": %d}', '{"id": %d, "error": 7}', '{"id": %d, "error": null}'])
def test_an_answer_that_says_neither_yes_nor_no_loses_what_asked(tmp_path: Path, text: str) -> None:
    asyncio.run(lost(tmp_path, {"verify": lambda request: text % request["id"]}))


def test_an_answer_under_the_id_of_another_request_is_never_taken_for_its_own(tmp_path: Path) -> None:
    """The one that it is given to sees that it has another shape, or takes it for late; the other is lost."""

    async def work() -> None:
        liar = Liar(tmp_path, {"content": lambda request: encode({"id": request["id"] - 1, "ok": "a lie"})})
        async with liar.up() as sandbox:
            await sandbox.open((await sandbox.prepare(TASK)).snapshot, TASK)
            with pytest.raises(SandboxLostError, match="gave no answer to 'content'"):
                await sandbox.content("e0")
            await sandbox.stop()

    asyncio.run(work())


@pytest.mark.parametrize(
    "value",
    [
        None,
        {"size": 10, "content": "c", "data": ""},
        {"size": 10, "content": "c", "data": "!"},
        {"size": 10, "content": 7, "data": "eA=="},
        {"size": "10", "content": "c", "data": "eA=="},
        {"size": 1, "content": "c", "data": "eHg="},
        {"size": 2, "content": "c", "data": "eA=="},
    ],
)
def test_a_piece_of_a_snapshot_that_is_none_leaves_the_file_that_was_there(tmp_path: Path, value: Any) -> None:
    (tmp_path / "file").write_text("mine")

    async def fetch(sandbox: RemoteSandbox, folder: Path) -> None:
        brief = await sandbox.prepare(TASK)
        await sandbox.download(brief.snapshot, folder / "file")

    asyncio.run(lost(tmp_path, {"download": ok(value)}, fetch))
    assert (tmp_path / "file").read_text() == "mine" and not list(tmp_path.glob(".file*"))


def test_a_file_that_is_said_to_be_endless_fills_no_disk(tmp_path: Path) -> None:
    async def work() -> None:
        endless = {"size": 1 << 52, "content": "c", "data": base64.b64encode(bytes(1 << 20)).decode()}
        async with Liar(tmp_path, {"download": ok(endless)}).up() as sandbox:
            brief = await sandbox.prepare(TASK)
            with pytest.raises(SnapshotError, match=f"has {1 << 52} bytes, and {Limits.snapshot_bytes} are the most"):
                await sandbox.download(brief.snapshot, tmp_path / "file")
            assert not list(tmp_path.glob("*file*"))
            await sandbox.stop()

    asyncio.run(work())


def test_workers_that_are_not_there_hold_the_client_for_no_longer_than_one_search(tmp_path: Path) -> None:
    async def work() -> None:
        gone = GREETING | {"workers": [{"control": f"gone.{number}.sock"} for number in range(250)]}
        lies = {"hello": ok(gone), "prepare": ok({"error": 7})}
        async with Liar(tmp_path, lies).up() as sandbox:
            begun = time.monotonic()
            await sandbox.connect()
            assert len(sandbox._stations) == 251
            with pytest.raises(SandboxLostError):
                await sandbox.prepare(TASK)
            assert time.monotonic() - begun < 4 * QUICK.connect
            await sandbox.stop()
            alone = RemoteSandbox(f"unix:{tmp_path}", "notes", token=TOKEN, patience=QUICK, alone=True)
            await alone.connect()
            assert len(alone._stations) == 1
            await alone.stop()

    asyncio.run(work())


@pytest.mark.parametrize("value", [None, {"have": 0, "done": False}, {"have": 1 << 60, "done": False}, {"have": 1}])
def test_an_upload_that_would_never_end_is_given_up(tmp_path: Path, value: Any) -> None:
    local = LocalSandbox(app, cache_dir=tmp_path / "bases")
    local.start(local.prepare(TASK).snapshot).save(tmp_path / "file")

    async def send(sandbox: RemoteSandbox, folder: Path) -> None:
        await sandbox.upload(folder / "file")

    asyncio.run(lost(tmp_path, {"upload": ok(value)}, send))


def test_a_neighbour_in_the_same_message_keeps_its_own_answer(tmp_path: Path) -> None:
    async def work() -> None:
        async with Liar(tmp_path, {"step": ok([RESULT, 7])}).up() as sandbox:
            await sandbox.open((await sandbox.prepare(TASK)).snapshot, TASK, 2)
            other = StepRequest(episode="e1", calls=CALL.calls)
            fine, bad = await asyncio.gather(sandbox.step([CALL]), sandbox.step([other]), return_exceptions=True)
            assert isinstance(fine, list) and isinstance(bad, WireError)
            await sandbox.stop()

    asyncio.run(work())


@pytest.mark.parametrize("said_wait", ["soon", [], -1, 0, True, None])
def test_a_server_that_is_full_and_talks_nonsense_is_asked_again_after_a_second(said_wait: Any) -> None:
    error = failures.from_wire({"code": "SandboxBusyError", "message": "full", "retry_after": said_wait})
    assert isinstance(error, SandboxBusyError) and error.retry_after == 1.0


@pytest.mark.parametrize("score", ["1e309", "NaN", "1" + "0" * 400, "-0.5"])
def test_a_score_that_is_none_is_never_a_reward(tmp_path: Path, score: str) -> None:
    told = '{"id": %d, "ok": {"score": SCORE, "findings": ["\\ud800"]}}'.replace("SCORE", score)
    asyncio.run(lost(tmp_path, {"verify": lambda request: told % request["id"]}))


def test_the_parts_of_an_error_are_texts_of_bounded_length() -> None:
    error = failures.from_wire({"code": ["x"], "message": "x" * 1_000_000})
    assert len(str(error)) == failures.LONGEST
    deep: Any = []
    for _ in range(900):
        deep = [deep]
    assert len(str(failures.from_wire({"code": "UsageError", "message": deep}))) < 100
    assert len(str(failures.from_wire(deep))) < 200


def test_lone_surrogates_cross_in_results_and_findings(tmp_path: Path) -> None:
    async def work() -> None:
        odd = RESULT | {"messages": [m.tool("call_0", "\ud800")]}
        lies = {"step": ok([odd]), "verify": ok({"score": 0.5, "findings": ["\ud800"]})}
        async with Liar(tmp_path, lies).up() as sandbox:
            await sandbox.open((await sandbox.prepare(TASK)).snapshot, TASK)
            (result,) = await sandbox.step([CALL])
            verdict = await sandbox.verify("e0", [])
            assert (result.messages[0]["content"], verdict.score, verdict.findings) == ("\ud800", 0.5, ("\ud800",))
            await sandbox.stop()

    asyncio.run(work())


def test_results_stand_in_the_order_of_their_calls(tmp_path: Path) -> None:
    async def work() -> None:
        two = StepRequest(episode="e0", calls=[m.call("notes_add", name, title="x") for name in ("a", "b")])
        swapped = RESULT | {"messages": [m.tool("b", ""), m.tool("a", "")]}
        async with Liar(tmp_path, {"step": ok([swapped])}).up() as sandbox:
            await sandbox.open((await sandbox.prepare(TASK)).snapshot, TASK)
            with pytest.raises(WireError, match="a result is of call 'b', and 'a' was made"):
                await sandbox.step([two])
            await sandbox.stop()

    asyncio.run(work())


def test_a_rollout_on_a_server_that_answers_nonsense_is_tried_again_and_then_invalid_with_the_cause(
    tmp_path: Path,
) -> None:
    async def work() -> None:
        liar = Liar(tmp_path, {"step": ok([{"messages": "none"}])})
        async with liar.up() as sandbox:
            engine = Rollouts(sandbox, Asker(), Scripted(), recovery=Recovery(tries=2, pause=0.001))
            (group,) = await engine.play([GroupSpec(TASK, 1)])
            failure = group.rollouts[0].failure
            assert failure is not None and failure.boundary == "sandbox" and group.rollouts[0].reward is None
            assert "lost 3 times in a row" in failure.cause and "gave an answer to 'step' that is none" in failure.cause
            assert liar.asked.count("open") == 3
            await sandbox.stop()

    asyncio.run(work())
