"""MCP (streamable HTTP) for the tools of one episode."""

import contextlib
from collections.abc import AsyncGenerator
from importlib.metadata import version
from typing import Any

from mcp.server.context import ServerRequestContext
from mcp.server.lowlevel.server import Server
from mcp.server.streamable_http_manager import StreamableHTTPSessionManager
from mcp_types import CallToolRequestParams, CallToolResult, ListToolsResult, PaginatedRequestParams, TextContent, Tool
from starlette.responses import Response

from greenroom.errors import GreenroomError
from greenroom.wire import web
from greenroom.wire.episodes import Episodes, of
from greenroom.wire.guard import Receive, Scope, Send
from greenroom.wire.protocol import decode, encode
from greenroom.wire.running import Running

Context = ServerRequestContext[Any, Any]


class McpPlane:
    """An ASGI application.

    Each request stands alone: it carries the token of its episode, and no session of MCP outlives it that somebody
    else could take over.

    Args:
        episodes: What agents may do.
    """

    def __init__(self, episodes: Episodes) -> None:
        self._episodes = episodes
        server: Server[Any] = Server(
            "greenroom", version=version("greenroom"), on_list_tools=self._list, on_call_tool=self._call
        )
        server.middleware.clear()  # Its telemetry costs, and has nowhere to go.
        self._manager = StreamableHTTPSessionManager(server, json_response=True, stateless=True)

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncGenerator[None]:
        """Be ready for requests."""
        async with self._manager.run():
            yield

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        await self._manager.handle_request(scope, receive, send)

    async def _list(self, context: Context, params: PaginatedRequestParams | None) -> ListToolsResult:
        schemas = [schema["function"] for schema in self._episodes.offered(_running(context))]
        return ListToolsResult(
            tools=[
                Tool(name=one["name"], description=one["description"], input_schema=one["parameters"])
                for one in schemas
            ]
        )

    async def _call(self, context: Context, params: CallToolRequestParams) -> CallToolResult:
        running, arguments = _running(context), encode(params.arguments or {})

        async def act() -> Response:
            return web.answer(self._episodes.call(running, params.name, arguments))

        try:
            if context.request is None or web.KEY not in context.request.headers:
                answer = self._episodes.call(running, params.name, arguments)
                return _result(answer.content, answer.refused)
            told = await self._episodes.once(running).run(context.request, (params.name, arguments), act)
        except GreenroomError as error:
            return _result(str(error), True)
        found = decode(bytes(told.body))
        return (
            _result(found["error"]["message"], True)
            if "error" in found
            else _result(found["content"], found["refused"])
        )


def _result(text: str, is_error: bool) -> CallToolResult:
    return CallToolResult(content=[TextContent(type="text", text=text)], is_error=is_error)


def _running(context: Context) -> Running:
    assert context.request is not None
    return of(context.request.scope)
