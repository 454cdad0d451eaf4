"""The agent plane: the tools of one episode, by REST and by MCP, for whoever holds that episode's token."""

import contextlib
from collections.abc import AsyncGenerator, Iterable
from typing import Annotated, Any

from fastapi import FastAPI, Path, Request, Response
from starlette.routing import Route

from greenroom.errors import UsageError
from greenroom.wire import models, web
from greenroom.wire.askers import Askers
from greenroom.wire.episodes import EPISODE, Episodes, of
from greenroom.wire.guard import ASKER, Application, Guard, Scope
from greenroom.wire.keeper import Keeper
from greenroom.wire.mcp_plane import McpPlane
from greenroom.wire.protocol import VERSION, decode

MCP_PATH = "/v1/mcp"
ToolName = Annotated[str, Path(min_length=1, max_length=128)]
DESCRIPTION = (
    "The agent plane: the tools of one episode. Send `Authorization: Bearer TOKEN` with that episode's token. The same "
    "tools are served by MCP (streamable HTTP) at /v1/mcp. A call with an `Idempotency-Key` that was seen before gets "
    "its first answer again."
)
_ARGUMENTS: dict[str, Any] = {
    "requestBody": {"required": True, "content": {"application/json": {"schema": {"type": "object"}}}}
}


def agent_plane(keeper: Keeper, hosts: Iterable[str], askers: Askers) -> Application:
    """The agent plane of a worker, guarded.

    Args:
        keeper: What is running.
        hosts: Names that a Host header over TCP may have, beside loopback's.
        askers: How much may be under way, together and of each episode.
    """

    def admit(token: str, scope: Scope) -> bool:
        running = keeper.of_agent(token)
        scope[EPISODE] = scope[ASKER] = running
        return running is not None

    return Guard(agent_app(Episodes(keeper)), "agent", admit, askers, hosts, keeper.limits.call_bytes)


def agent_app(episodes: Episodes) -> FastAPI:
    """The agent plane, unguarded: which episode a request is about is in its scope.

    Args:
        episodes: What agents may do.
    """
    rest, mcp = _AgentRest(episodes), McpPlane(episodes)

    @contextlib.asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncGenerator[None]:
        async with mcp.running():
            yield

    app = web.make("greenroom: agent plane", DESCRIPTION, f"{VERSION}.0")
    app.router.lifespan_context = lifespan
    app.router.routes.append(Route(MCP_PATH, mcp, methods=["POST"], include_in_schema=False))
    web.route(app, "GET", "/v1/health", web.health, models.Health)
    web.route(app, "GET", "/v1/episode/tools", rest.tools, models.Tools)
    web.route(app, "POST", "/v1/episode/tools/{name}", rest.call, models.ToolAnswer, openapi_extra=_ARGUMENTS)
    return app


class _AgentRest:
    """The paths; their docstrings are the texts of OpenAPI."""

    def __init__(self, episodes: Episodes) -> None:
        self._episodes = episodes

    async def tools(self, request: Request) -> Response:
        """The tools that the episode offers."""
        return web.answer({"tools": self._episodes.offered(of(request.scope))})

    async def call(self, request: Request, name: ToolName) -> Response:
        """Call a tool; the body is the object of its arguments. A refusal is an answer, too."""
        running, body = of(request.scope), await request.body()
        try:
            text = body.decode() or "{}"
            decode(text)
        except (UnicodeDecodeError, UsageError) as error:
            raise UsageError(f"the body is the JSON object of the tool's arguments: {error}") from None

        async def act() -> Response:
            return web.answer(self._episodes.call(running, name, text))

        return await self._episodes.once(running).run(request, text, act)
