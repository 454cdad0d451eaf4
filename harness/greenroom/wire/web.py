"""What both planes' REST has in common: answers, errors and repeated requests."""

import asyncio
import logging
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from greenroom.errors import GreenroomError, SandboxLostError, UsageError
from greenroom.wire import failures, models
from greenroom.wire.protocol import packed

log = logging.getLogger("greenroom.wire")
RESPONSES: dict[int | str, dict[str, Any]] = {
    status: {"model": models.Failed, "description": text}
    for status, text in (
        (400, "The body is no JSON."),
        (401, "No token, or one that is not good here."),
        (403, "A web page of another origin asks."),
        (404, "There is no such app, path or task family."),
        (405, "Another method is needed."),
        (409, "The sandbox refuses."),
        (410, "It is gone: closed, timed out, or of a server that was started again."),
        (413, "The body is too large."),
        (421, "The server has another name."),
        (422, "A value is missing, unknown or out of bounds."),
        (429, "A limit is reached; Retry-After says when to try again."),
    )
}
KEY = "Idempotency-Key"
SESSION = "Greenroom-Session"
"""Clients that share a server name themselves by it, so that their keys never meet."""
KEPT = 256
KEPT_BYTES = 4 << 20
FORGOTTEN = 16_384
LONGEST_KEY = 256


def make(title: str, description: str, version: str) -> FastAPI:
    """An application that answers every error in one shape."""
    app = FastAPI(title=title, description=description, version=version, docs_url=None, redoc_url=None)

    @app.exception_handler(GreenroomError)
    async def known(request: Request, error: Exception) -> Response:
        return failed(error)

    @app.exception_handler(RequestValidationError)
    async def invalid(request: Request, error: Exception) -> Response:
        assert isinstance(error, RequestValidationError)
        problems = error.errors()
        told = UsageError("; ".join(_complaint(problem) for problem in problems[:5]))
        # FastAPI says 400 itself of what is nested too deeply, or no UTF-8: what is no JSON gets one status.
        return failed(told, 400 if any(problem["type"] == "json_invalid" for problem in problems) else None)

    @app.exception_handler(HTTPException)
    async def refused(request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        told = {"error": {"code": "UsageError", "message": str(error.detail)}}
        return JSONResponse(told, error.status_code, headers=error.headers)

    del known, invalid, refused
    return app


def route(
    app: FastAPI, method: str, path: str, handler: Callable[..., Awaitable[Response]], model: Any, **more: Any
) -> None:
    """Add a path; without a model its answer has no body."""
    status = 204 if model is None else 200
    app.add_api_route(
        path, handler, methods=[method], response_model=model, status_code=status, responses=RESPONSES, **more
    )


async def health() -> Response:
    """Whether this worker is up; needs no token."""
    return answer({"status": "ok"})


def _complaint(problem: dict[str, Any]) -> str:
    where = ".".join(str(part) for part in problem["loc"])
    return f"{where[:200]}: {problem['msg'][:200]}"


def failed(error: Exception, status: int | None = None) -> Response:
    """An error as an answer, with its code's status unless another is named."""
    told = failures.to_wire(error)
    status = status or failures.status_of(told["code"])
    if status >= 500:
        log.error("answered %d: %r", status, told["message"])
    response = answer({"error": told}, status)
    if "retry_after" in told:
        response.headers["Retry-After"] = str(failures.whole_seconds(told["retry_after"]))
    return response


def answer(value: Any, status: int = 200) -> Response:
    """A value as an answer; dataclasses become objects."""
    return Response(packed(value), status, media_type="application/json")


_Name = tuple[int, str, str]
"""Whose key it is, and the key."""


@dataclass
class _Kept:
    """A request with a key: what it said, in short, and its answer once there is one."""

    digest: int
    answer: "asyncio.Future[Response]"
    size: int = 0


class Once:
    """First answers to requests that carry an idempotency key.

    Args:
        most: Answers that are kept; one that is being worked on is never given up.
        most_bytes: Of those answers together.
        forgotten: Keys that are remembered when their answers are not kept any longer.
    """

    def __init__(self, most: int = KEPT, most_bytes: int = KEPT_BYTES, forgotten: int = FORGOTTEN) -> None:
        self._most, self._most_bytes, self._most_forgotten = most, most_bytes, forgotten
        self._kept: OrderedDict[_Name, _Kept] = OrderedDict()
        self._forgotten: OrderedDict[int, None] = OrderedDict()
        self._bytes = 0

    async def run(
        self, request: Request, body: Any, act: Callable[[], Awaitable[Response]], owner: int = 0
    ) -> Response:
        """Act, unless the request's key was seen before: then its first answer again, once there is one.

        Args:
            request: The request.
            body: What it says.
            act: Does what it asks for.
            owner: Whose key it is, where several begin anew under one name.
        """
        key = request.headers.get(KEY)
        if key is None:
            return await act()
        session = request.headers.get(SESSION, "")
        if max(len(session), len(key)) > LONGEST_KEY:
            return failed(UsageError(f"an {KEY}, or a {SESSION}, has {LONGEST_KEY} characters at most"))
        name = owner, session, key
        digest = hash((request.method, request.url.path, str(body)))
        kept = self._kept.get(name)
        if kept is None and hash(name) in self._forgotten:
            return failed(SandboxLostError(f"this {KEY} was used before, and its answer is no longer kept"))
        if kept is None:
            return await self._first(name, digest, act)
        if kept.digest != digest:
            return failed(UsageError(f"this {KEY} was used before, for another request: take a new one"))
        return await asyncio.shield(kept.answer)

    async def _first(self, name: _Name, digest: int, act: Callable[[], Awaitable[Response]]) -> Response:
        kept = self._kept[name] = _Kept(digest, asyncio.ensure_future(_told(act)))
        # Not by whoever waits: the client may be gone before there is an answer.
        kept.answer.add_done_callback(lambda answer: self._answered(name, kept, answer))
        return await asyncio.shield(kept.answer)

    def _answered(self, name: _Name, kept: _Kept, answer: "asyncio.Future[Response]") -> None:
        """Count an answer; the oldest ones are forgotten when there are too many."""
        if answer.cancelled() or answer.exception() is not None:
            return
        if answer.result().status_code == 429:
            del self._kept[name]  # Nothing was done: the same request may be tried again.
            return
        kept.size = len(answer.result().body)
        self._bytes += kept.size
        while len(self._kept) > self._most or self._bytes > self._most_bytes:
            oldest = next((n for n, k in self._kept.items() if k.answer.done()), None)
            if oldest is None:
                break
            self._bytes -= self._kept.pop(oldest).size
            self._forgotten[hash(oldest)] = None
        while len(self._forgotten) > self._most_forgotten:
            self._forgotten.popitem(last=False)


async def _told(act: Callable[[], Awaitable[Response]]) -> Response:
    try:
        return await act()
    except GreenroomError as error:
        return failed(error)
