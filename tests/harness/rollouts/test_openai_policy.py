import asyncio
import json
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import pytest

from greenroom.errors import PolicyError
from greenroom.messages import calls_of, text_of
from greenroom.policy import TOO_LONG
from greenroom.rollouts import Group, GroupSpec, Rollouts
from greenroom.rollouts.openai_policy import OpenAIPolicy
from greenroom.sandboxes import LocalSandbox
from support.rollouts import Asker

Answer = tuple[int, dict[str, Any]]


class Endpoint:
    """A real HTTP server that speaks the chat API; what it answers is decided by a function of the request."""

    def __init__(self, answer: Callable[[int, dict[str, Any]], Answer]) -> None:
        self.requests: list[dict[str, Any]] = []
        endpoint = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                endpoint.requests.append(body)
                status, data = answer(len(endpoint.requests), body)
                text = json.dumps(data).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(text)))
                self.end_headers()
                self.wfile.write(text)

            def log_message(self, format: str, *args: Any) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/v1"
        self.thread = Thread(target=self.server.serve_forever)

    def __enter__(self) -> "Endpoint":
        self.thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()


def completion(content: str | None, **call: Any) -> Answer:
    message: dict[str, Any] = {"role": "assistant", "content": content}
    if call:
        function = {"name": call["name"], "arguments": json.dumps(call["arguments"])}
        message["tool_calls"] = [{"id": "call_abc", "type": "function", "function": function}]
    choice = {"index": 0, "finish_reason": "stop", "message": message}
    return 200, {"id": "c", "object": "chat.completion", "created": 0, "model": "tiny", "choices": [choice]}


def play(policy: OpenAIPolicy, sandbox: LocalSandbox) -> Group:
    async def go() -> Group:
        try:
            (group,) = await Rollouts(sandbox, Asker(), policy).play([GroupSpec("notes/train/find_number/0", 2)])
            return group
        finally:
            await policy.aclose()

    return asyncio.run(go())


def searching(number: int, request: dict[str, Any]) -> Answer:
    """A model that searches, reads what it found, and says what it read."""
    last = request["messages"][-1]
    if last["role"] == "user":
        key = last["content"].split()[-1].rstrip("?")
        return completion(None, name="notes_search", arguments={"word": f"key {key}"})
    found = json.loads(last["content"])
    if isinstance(found, list):
        return completion(None, name="notes_read", arguments={"note_id": found[0]["id"]})
    return completion(f"It is {found['body'].split()[-1]}.")


@pytest.fixture
def model() -> Iterator[Endpoint]:
    with Endpoint(searching) as endpoint:
        yield endpoint


def test_a_served_model_plays_whole_episodes(model: Endpoint, sandbox: LocalSandbox) -> None:
    group = play(OpenAIPolicy(f"tiny@{model.url}"), sandbox)
    assert group.rewards == [1.0, 1.0]
    first = model.requests[0]
    assert first["model"] == "tiny"
    assert [message["role"] for message in first["messages"]] == ["system", "user"]
    assert {tool["function"]["name"] for tool in first["tools"]} >= {"notes_search", "notes_read"}
    assert len({request["seed"] for request in model.requests}) == 6
    sent = calls_of(group.rollouts[0].trajectory.messages[2])
    assert sent[0]["id"] == "call_abc"


def test_it_is_named_with_its_model_and_address(model: Endpoint) -> None:
    assert OpenAIPolicy(f"org/tiny@2@{model.url}").name == f"openai:org/tiny@2@{model.url}"


@pytest.mark.parametrize("status", [429, 500, 503])
def test_what_is_transient_is_tried_again(sandbox: LocalSandbox, status: int) -> None:
    def flaky(number: int, request: dict[str, Any]) -> Answer:
        return (status, {"error": {"message": "later"}}) if number <= 3 else searching(number, request)

    with Endpoint(flaky) as endpoint:
        assert play(OpenAIPolicy(f"tiny@{endpoint.url}", pause=0.001), sandbox).rewards == [1.0, 1.0]
        assert len(endpoint.requests) == 9


@pytest.mark.parametrize(("status", "asked"), [(400, 2), (401, 2), (500, 10)])
def test_what_remains_is_a_failure_of_the_policy(sandbox: LocalSandbox, status: int, asked: int) -> None:
    with Endpoint(lambda number, request: (status, {"error": {"message": "no such model"}})) as endpoint:
        group = play(OpenAIPolicy(f"tiny@{endpoint.url}", pause=0.001), sandbox)
        assert len(endpoint.requests) == asked
    for rollout in group.rollouts:
        assert rollout.failure is not None
        assert rollout.failure.boundary == "policy"
        assert "model 'tiny' at" in rollout.failure.cause
        assert "no such model" in rollout.failure.cause


FULL = (400, {"error": {"message": "This model's maximum context length is 512 tokens, and 600 were asked for."}})


def test_a_turn_is_limited_and_one_that_is_cut_off_stands(sandbox: LocalSandbox) -> None:
    def babbling(number: int, request: dict[str, Any]) -> Answer:
        status, data = completion("and so on and")
        data["choices"][0]["finish_reason"] = "length"
        return status, data

    with Endpoint(babbling) as endpoint:
        group = play(OpenAIPolicy(f"tiny@{endpoint.url}", max_tokens=7), sandbox)
        assert {request["max_tokens"] for request in endpoint.requests} == {7}
    assert group.rewards == [0.0, 0.0]


def test_a_turn_that_fits_without_the_longest_answer_is_made(sandbox: LocalSandbox) -> None:
    def small(number: int, request: dict[str, Any]) -> Answer:
        return FULL if "max_tokens" in request else searching(number, request)

    with Endpoint(small) as endpoint:
        assert play(OpenAIPolicy(f"tiny@{endpoint.url}"), sandbox).rewards == [1.0, 1.0]


def test_a_conversation_that_outgrew_the_model_is_given_up_and_scored(sandbox: LocalSandbox) -> None:
    def full(number: int, request: dict[str, Any]) -> Answer:
        return searching(number, request) if len(request["messages"]) < 4 else FULL

    with Endpoint(full) as endpoint:
        group = play(OpenAIPolicy(f"tiny@{endpoint.url}"), sandbox)
        assert len(endpoint.requests) == 2 * (1 + 2)
    assert group.rewards == [0.0, 0.0]
    said = [text_of(one) for one in group.rollouts[0].trajectory.messages if one["role"] == "assistant"]
    assert said[-1] == TOO_LONG


def test_an_answer_without_a_choice_is_a_failure_of_the_policy(sandbox: LocalSandbox) -> None:
    nothing = {"id": "c", "object": "chat.completion", "created": 0, "model": "tiny", "choices": []}
    with Endpoint(lambda number, request: (200, nothing)) as endpoint:
        group = play(OpenAIPolicy(f"tiny@{endpoint.url}"), sandbox)
    assert group.rollouts[0].failure is not None
    assert "without a choice" in group.rollouts[0].failure.cause


def test_nobody_listening_is_a_failure_of_the_policy() -> None:
    policy = OpenAIPolicy("tiny@http://127.0.0.1:9/v1", pause=0.001)

    async def ask() -> None:
        try:
            await policy.complete([], [], 0)
        finally:
            await policy.aclose()

    with pytest.raises(PolicyError, match=r"model 'tiny' at http://127.0.0.1:9/v1: APIConnectionError"):
        asyncio.run(ask())
