"""REST of the control plane: the WebSocket's operations, for curl and other languages. Slower; not for rollouts."""

from collections.abc import Awaitable, Callable
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


def control_rest(keeper: Keeper, workers: list[dict[str, Any]], number: int) -> FastAPI:
    """REST of a worker's control plane.

    Args:
        keeper: What is running.
        workers: The addresses of all workers.
        number: Which of them this is.
    """
    app = web.make("greenroom: control plane", DESCRIPTION, f"{VERSION}.0")
    once = web.Once()
    operations = Operations(keeper, keeper.rest)  # For what names its episode or snapshot, and no app or world.

    async def run(request: Request, body: models.Place, op: str, shape: Callable[[Any], Any]) -> Response:
        async def act() -> Response:
            room = keeper.room(body.app or keeper.first_app, body.world.spec())
            fields = body.model_dump(exclude={"app", "world"})
            return web.answer(shape(await Operations(keeper, keeper.rest, room).answer(op, fields)))

        return await once.run(request, body, act)

    def get(path: str, model: Any, **more: Any) -> Any:
        return app.get(path, response_model=model, responses=web.RESPONSES, **more)

    def post(path: str, model: Any, **more: Any) -> Any:
        return app.post(path, response_model=model, responses=web.RESPONSES, **more)

    @get("/v1/health", models.Health)
    async def health() -> Response:
        """Whether this worker is up; needs no token."""
        return web.answer({"status": "ok"})

    @get("/v1/server", models.ServerState)
    async def server() -> Response:
        """What this worker is, serves and has running."""
        served = [models.Served.of(one).model_dump() for one in keeper.apps.values()]
        state = {"version": VERSION, "server": keeper.server, "worker": number, "workers": workers, "apps": served}
        return web.answer({**state, "limits": keeper.limits, "running": keeper.counts()})

    @post("/v1/tools", models.Tools)
    async def tools(request: Request, body: models.Place) -> Response:
        """The schemas of all tools of an app."""
        return await run(request, body, "tools", lambda found: {"tools": found})

    @post("/v1/prepare", models.BriefAnswer)
    async def prepare(request: Request, body: models.Prepare) -> Response:
        """Make a task's start and keep its snapshot."""
        return await run(request, body, "prepare", lambda brief: brief)

    @post("/v1/reset", models.ResetAnswer)
    async def reset(request: Request, body: models.Reset) -> Response:
        """Make a task's start and fork it n times."""
        return await run(request, body, "reset", lambda group: group)

    @post("/v1/episodes", models.Opened)
    async def open_(request: Request, body: models.Open) -> Response:
        """Fork a snapshot n times."""
        return await run(request, body, "open", lambda opened: {"opened": opened})

    @post("/v1/step", models.StepsAnswer)
    async def step(request: Request, body: models.Steps) -> Response:
        """Run the calls of many episodes; each has a result or an error of its own."""

        async def act() -> Response:
            return web.answer({"results": await operations.answer("step", body.model_dump())})

        return await once.run(request, body, act)

    def act_on(op: str, request: Request, fields: dict[str, Any], name: str | None) -> Awaitable[Response]:
        async def act() -> Response:
            found = await operations.answer(op, fields)
            return web.answer({name: found} if name else found) if found is not None else Response(status_code=204)

        return once.run(request, fields, act)

    @post("/v1/episodes/{episode}/verify", models.VerdictAnswer)
    async def verify(request: Request, episode: About, body: models.Conversation) -> Response:
        """Score an episode from its changes and from what was said."""
        said = body.model_dump(exclude_unset=True)
        return await act_on("verify", request, {"episode": episode, **said}, None)

    @post("/v1/episodes/{episode}/snapshot", models.SnapshotAnswer)
    async def snapshot(request: Request, episode: About) -> Response:
        """Freeze an episode's world."""
        return await act_on("snapshot", request, {"episode": episode}, "snapshot")

    @get("/v1/episodes/{episode}/content", models.ContentAnswer)
    async def content(request: Request, episode: About) -> Response:
        """The content id of an episode's world."""
        return await act_on("content", request, {"episode": episode}, "content")

    @app.delete("/v1/episodes/{episode}", status_code=204, responses=web.RESPONSES)
    async def close(request: Request, episode: About) -> Response:
        """Drop an episode; an unknown one is ignored."""
        return await act_on("close", request, {"episodes": [episode]}, None)

    @app.delete("/v1/snapshots/{snapshot}", status_code=204, responses=web.RESPONSES)
    async def release(request: Request, snapshot: About) -> Response:
        """Forget a snapshot; an unknown one is ignored."""
        return await act_on("release", request, {"snapshots": [snapshot]}, None)

    del health, server, tools, prepare, reset, open_, step, verify, snapshot, content, close, release
    return app
