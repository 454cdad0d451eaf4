import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import httpx2 as httpx
import pytest
from mcp import Client
from mcp.client.streamable_http import streamable_http_client

from support.served import TASK, Served, begin

INITIALIZE = {
    "jsonrpc": "2.0",
    "id": 1,
    "method": "initialize",
    "params": {"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {"name": "old", "version": "1"}},
}
ACCEPT = {"accept": "application/json, text/event-stream"}


async def with_client(served: Served, token: str, act: Callable[[Client], Awaitable[None]]) -> None:
    transport = httpx.AsyncHTTPTransport(uds=str(served.folder / "agent.sock"))
    headers = {"Authorization": f"Bearer {token}"}
    async with (
        httpx.AsyncClient(transport=transport, headers=headers) as http,
        Client(streamable_http_client("http://localhost/v1/mcp", http_client=http)) as client,
    ):
        await act(client)


def test_the_tools_of_an_episode_are_served_by_mcp(served: Served) -> None:
    async def work() -> None:
        sandbox = served.sandbox()
        brief, (one, two) = await begin(sandbox, 2)

        async def act(client: Client) -> None:
            tools = (await client.list_tools()).tools
            assert [tool.name for tool in tools] == [schema["function"]["name"] for schema in brief.tools]
            assert tools[0].input_schema == brief.tools[0]["function"]["parameters"]
            added: Any = await client.call_tool("notes_add", {"title": "by mcp"})
            assert not added.is_error and "by mcp" in added.content[0].text
            refused: Any = await client.call_tool("notes_read", {"note_id": "x"})
            assert refused.is_error and "bad_arguments" in refused.content[0].text
            unknown: Any = await client.call_tool("notes_crash", {})
            assert unknown.is_error and "no tool" in unknown.content[0].text

        await with_client(served, sandbox.agent_tokens[one.episode], act)
        assert await sandbox.content(one.episode) != await sandbox.content(two.episode)

    asyncio.run(work())


def test_older_clients_of_mcp_are_served_too(served: Served) -> None:
    status, group, _ = served.ask("POST", "/v1/reset", {"task": TASK})
    assert status == 200
    agent = {"token": group["opened"][0]["token"], "plane": "agent", "headers": ACCEPT}
    status, told, head = served.ask("POST", "/v1/mcp", INITIALIZE, **agent)
    assert status == 200 and told["result"]["serverInfo"]["name"] == "greenroom" and "mcp-session-id" not in head
    call = {"name": "notes_search", "arguments": {"word": "train"}}
    request = {"jsonrpc": "2.0", "id": 2, "method": "tools/call", "params": call}
    status, told, _ = served.ask("POST", "/v1/mcp", request, **agent)
    assert status == 200 and "train" in told["result"]["content"][0]["text"]


def test_a_call_with_a_key_that_was_seen_gets_its_first_answer(served: Served) -> None:
    _, group, _ = served.ask("POST", "/v1/reset", {"task": TASK})
    agent = {"token": group["opened"][0]["token"], "plane": "agent"}
    found: list[str] = []
    for number, name in ((7, "once"), (8, "once"), (9, "other")):
        call = {"name": "notes_add", "arguments": {"title": name}}
        request = {"jsonrpc": "2.0", "id": number, "method": "tools/call", "params": call}
        headers = ACCEPT | {"idempotency-key": "m1"}
        status, told, _ = served.ask("POST", "/v1/mcp", request, headers=headers, **agent)
        assert status == 200 and told["id"] == number
        found.append(told["result"]["content"][0]["text"])
    assert found[0] == found[1] and "for another request" in found[2]
    _, told, _ = served.ask("POST", "/v1/episode/tools/notes_search", {"word": "once"}, **agent)
    assert told["content"].count('"id"') == 1


@pytest.mark.parametrize(
    "body",
    [b"nonsense", b"[]", b"[" * 100_000, b"{}", b'{"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": 7}'],
)
def test_bad_messages_of_mcp_are_refused(served: Served, body: bytes) -> None:
    _, group, _ = served.ask("POST", "/v1/reset", {"task": TASK})
    token = group["opened"][0]["token"]
    status, _, _ = served.ask("POST", "/v1/mcp", body, token=token, plane="agent", headers=ACCEPT)
    assert 400 <= status < 500 or status == 200
