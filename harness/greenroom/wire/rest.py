"""REST of the control plane: the WebSocket's operations, for curl and other languages. Slower; not for rollouts."""

from collections.abc import Awaitable, Callable
from typing import Annotated, Any

from fastapi import FastAPI, Header, Path, Request, Response
from starlette.exceptions import HTTPException

from greenroom.errors import UsageError
from greenroom.wire import models, web
from greenroom.wire.keeper import Keeper
from greenroom.wire.ops import Operations
from greenroom.wire.protocol import VERSION
from greenroom.wire.session import Session

About = Annotated[str, Path(min_length=1, max_length=512)]
DESCRIPTION = (
    "The control plane: starts, steps and scores episodes. Send `Authorization: Bearer TOKEN`. A request with an "
    "`Idempotency-Key` that was seen before gets its first answer again. A client that names itself in a "
    "`Greenroom-Session` header has a session of its own. Rollouts use the WebSocket, at /v1/ws."
)
SessionName = Annotated[str, Header(min_length=1, max_length=web.LONGEST_KEY)]
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
    web.route(app, "POST", "/v1/families", rest.families, models.Families)
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
    web.route(app, "POST", "/v1/download", rest.download, models.PieceAnswer)
    web.route(app, "POST", "/v1/upload", rest.upload, models.UploadAnswer)
    web.route(app, "DELETE", "/v1/session", rest.bye, None)
    return app


class _ControlRest:
    """The paths; their docstrings are the texts of OpenAPI."""

    def __init__(self, keeper: Keeper, workers: list[dict[str, Any]], number: int) -> None:
        self._keeper, self._workers, self._number = keeper, workers, number
        self._once = web.Once()

    def _session(self, request: Request) -> Session:
        name = request.headers.get(web.SESSION, "")
        if len(name) > web.LONGEST_KEY:
            raise UsageError(f"a {web.SESSION} has {web.LONGEST_KEY} characters at most")
        return self._keeper.rest_session(name)

    async def _once_in_session(
        self, request: Request, body: Any, act: Callable[[Session], Awaitable[Response]]
    ) -> Response:
        """Keys end with the session that they were used in: what their answers name is gone."""
        session = self._session(request)
        with session.asking():
            return await self._once.run(request, body, lambda: act(session), session.number)

    async def _in(self, request: Request, body: models.Place, op: str, shape: Shape) -> Response:
        """Run an operation in the room that the body names."""

        async def act(session: Session) -> Response:
            room = self._keeper.room(body.app or self._keeper.first_app, body.world.spec())
            fields = body.model_dump(exclude={"app", "world"})
            return web.answer(shape(await Operations(self._keeper, session, room).answer(op, fields)))

        return await self._once_in_session(request, body, act)

    async def _on(self, request: Request, op: str, fields: dict[str, Any], shape: Shape) -> Response:
        """Run an operation on what its fields name."""

        async def act(session: Session) -> Response:
            found = await Operations(self._keeper, session).answer(op, fields)
            return Response(status_code=204) if found is None else web.answer(shape(found))

        return await self._once_in_session(request, fields, act)

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

    async def families(self, request: Request, body: models.Place) -> Response:
        """The task families of an app."""
        return await self._in(request, body, "families", lambda found: {"families": found})

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
        """Run the calls of many episodes; each has a result or an error of its own, or is left for later."""
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
        """Give back one hold on a snapshot; an unknown one is ignored."""
        return await self._on(request, "release", {"snapshots": [snapshot]}, _as_it_is)

    async def download(self, request: Request, body: models.Download) -> Response:
        """A piece of a snapshot as a portable file, from an offset on; the next begins where it ends."""
        return await self._in(request, body, "download", _as_it_is)

    async def upload(self, request: Request, body: models.Upload) -> Response:
        """Take in a piece of a portable file; once that is whole, its ids are computed again, and it can be opened."""
        most = self._keeper.limits.snapshot_bytes
        if body.size > most:
            raise HTTPException(413, f"a snapshot of {body.size} bytes: {most} is the most")
        return await self._in(request, body, "upload", _as_it_is)

    async def bye(self, request: Request, greenroom_session: SessionName) -> Response:
        """End the session that the header names: its episodes are closed, its snapshots released."""
        return await self._on(request, "bye", {"session": greenroom_session}, _as_it_is)


def _as_it_is(found: Any) -> Any:
    return found
