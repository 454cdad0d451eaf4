"""REST of the control plane: the WebSocket's operations, for curl and other languages. Slower; not for rollouts."""

from collections.abc import Callable
from typing import Annotated, Any

from fastapi import FastAPI, Path, Request, Response

from greenroom.wire import models, web
from greenroom.wire.keeper import Keeper
from greenroom.wire.ops import Operations
from greenroom.wire.protocol import VERSION

About = Annotated[str, Path(min_length=1, max_length=512)]
DESCRIPTION = (
    "The control plane: starts, steps and scores episodes. Send `Authorization: Bearer TOKEN`. A request with an "
    "`Idempotency-Key` that was seen before gets its first answer again. Rollouts use the WebSocket, at /v1/ws."
)
Shape = Callable[[Any], Any]


def control_rest(keeper: Keeper, workers: list[dict[str, Any]], number: int) -> FastAPI:
    """REST of a worker's control plane.

    Args:
        keeper: What is running.
        workers: The addresses of all workers.
        number: Which of them this is.
    """
    rest = _ControlRest(keeper, workers, number)
    app = web.make("greenroom: control plane", DESCRIPTION, f"{VERSION}.0")
    web.route(app, "GET", "/v1/health", web.health, models.Health)
    web.route(app, "GET", "/v1/server", rest.server, models.ServerState)
    web.route(app, "POST", "/v1/tools", rest.tools, models.Tools)
    web.route(app, "POST", "/v1/prepare", rest.prepare, models.BriefAnswer)
    web.route(app, "POST", "/v1/reset", rest.reset, models.ResetAnswer)
    web.route(app, "POST", "/v1/episodes", rest.open, models.Opened)
    web.route(app, "POST", "/v1/step", rest.step, models.StepsAnswer)
    web.route(app, "POST", "/v1/episodes/{episode}/verify", rest.verify, models.VerdictAnswer)
    web.route(app, "POST", "/v1/episodes/{episode}/snapshot", rest.snapshot, models.SnapshotAnswer)
    web.route(app, "GET", "/v1/episodes/{episode}/content", rest.content, models.ContentAnswer)
    web.route(app, "DELETE", "/v1/episodes/{episode}", rest.close, None)
    web.route(app, "DELETE", "/v1/snapshots/{snapshot}", rest.release, None)
    return app


class _ControlRest:
    """The paths; their docstrings are the texts of OpenAPI."""

    def __init__(self, keeper: Keeper, workers: list[dict[str, Any]], number: int) -> None:
        self._keeper, self._workers, self._number = keeper, workers, number
        # For what names its episode or snapshot, and needs no app or world beside.
        self._operations = Operations(keeper, keeper.rest)
        self._once = web.Once()

    async def _in(self, request: Request, body: models.Place, op: str, shape: Shape) -> Response:
        """Run an operation in the room that the body names."""

        async def act() -> Response:
            room = self._keeper.room(body.app or self._keeper.first_app, body.world.spec())
            fields = body.model_dump(exclude={"app", "world"})
            return web.answer(shape(await Operations(self._keeper, self._keeper.rest, room).answer(op, fields)))

        return await self._once.run(request, body, act)

    async def _on(self, request: Request, op: str, fields: dict[str, Any], shape: Shape) -> Response:
        """Run an operation on what its fields name."""

        async def act() -> Response:
            found = await self._operations.answer(op, fields)
            return Response(status_code=204) if found is None else web.answer(shape(found))

        return await self._once.run(request, fields, act)

    async def server(self) -> Response:
        """What this worker is, serves and has running."""
        keeper = self._keeper
        state = {
            "version": VERSION,
            "server": keeper.server,
            "worker": self._number,
            "workers": self._workers,
            "limits": keeper.limits,
            "running": keeper.counts(),
            "apps": [models.Served.of(app).model_dump() for app in keeper.apps.values()],
        }
        return web.answer(state)

    async def tools(self, request: Request, body: models.Place) -> Response:
        """The schemas of all tools of an app."""
        return await self._in(request, body, "tools", lambda found: {"tools": found})

    async def prepare(self, request: Request, body: models.Prepare) -> Response:
        """Make a task's start and keep its snapshot."""
        return await self._in(request, body, "prepare", _as_it_is)

    async def reset(self, request: Request, body: models.Reset) -> Response:
        """Make a task's start and fork it n times."""
        return await self._in(request, body, "reset", _as_it_is)

    async def open(self, request: Request, body: models.Open) -> Response:
        """Fork a snapshot n times."""
        return await self._in(request, body, "open", lambda opened: {"opened": opened})

    async def step(self, request: Request, body: models.Steps) -> Response:
        """Run the calls of many episodes; each has a result or an error of its own."""
        return await self._on(request, "step", body.model_dump(), lambda results: {"results": results})

    async def verify(self, request: Request, episode: About, body: models.Conversation) -> Response:
        """Score an episode from its changes and from what was said."""
        return await self._on(request, "verify", {"episode": episode, **body.model_dump(exclude_unset=True)}, _as_it_is)

    async def snapshot(self, request: Request, episode: About) -> Response:
        """Freeze an episode's world."""
        return await self._on(request, "snapshot", {"episode": episode}, lambda found: {"snapshot": found})

    async def content(self, request: Request, episode: About) -> Response:
        """The content id of an episode's world."""
        return await self._on(request, "content", {"episode": episode}, lambda found: {"content": found})

    async def close(self, request: Request, episode: About) -> Response:
        """Drop an episode; an unknown one is ignored."""
        return await self._on(request, "close", {"episodes": [episode]}, _as_it_is)

    async def release(self, request: Request, snapshot: About) -> Response:
        """Forget a snapshot; an unknown one is ignored."""
        return await self._on(request, "release", {"snapshots": [snapshot]}, _as_it_is)


def _as_it_is(found: Any) -> Any:
    return found
