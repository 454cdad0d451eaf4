"""The sandbox behind the gateway of compose: an app's replicas, whichever there are, as one."""

import asyncio
import json
import os
import re
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from http.client import BadStatusLine, HTTPConnection, HTTPException, RemoteDisconnected
from typing import Any
from urllib.parse import urlsplit

from greenroom.containers import tokens
from greenroom.containers.project import SETTINGS, Project
from greenroom.errors import SandboxLostError, UsageError
from greenroom.exchange import TooLongError, exchange
from greenroom.sandbox import AsyncSandbox
from greenroom.sandboxes.blocking import BlockingSandbox
from greenroom.sandboxes.fleet import Fleet
from greenroom.sandboxes.remote import FixedServer, connected, need_serving
from greenroom.sandboxes.served import Place, ServedSandbox
from greenroom.sandboxes.specs import Setting, refuse_containers

VARIABLE = "GREENROOM_GATEWAY"
DEFAULT = "http://127.0.0.1:8470"
REACH_SECONDS = 5.0
LOOK_SECONDS = 2.0
"""Replicas are looked for again when a group begins, but not more often than that."""
ANSWER_SECONDS = 5.0
HEALTH_BYTES, LIST_BYTES = 4 << 10, 1 << 20
"""Of an answer: a replica that was taken over must not fill the harness's memory."""
MOST_ASKED = 32
"""So many replicas are asked at once."""
MOST_REPLICAS = 256
NAME = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9_.-]{0,63}")
"""Of a replica; it is written into addresses."""


def compose(argument: str, setting: Setting) -> BlockingSandbox:
    """The replicas of an app behind the gateway: of `compose:http://HOST:PORT`, GREENROOM_GATEWAY, or the project here.

    The token is the app's own (GREENROOM_TOKEN_MAIL), else GREENROOM_TOKEN; of the environment, else of the project's
    settings.

    Raises:
        UsageError: The address is none. Later, when replicas were found: there is no token.
        MissingExtraError: What talks to servers is not installed.
    """
    refuse_containers("compose", setting)
    need_serving()
    from greenroom.wire.tokens import warn_of_readers

    project = Project.find()
    gateway = Gateway(argument or os.environ.get(VARIABLE) or (project.gateway if project else DEFAULT))
    if project:
        warn_of_readers(project.folder / SETTINGS)
    connect = connected(setting, reach=REACH_SECONDS)

    def member(replica: str) -> ServedSandbox:
        place = Place(address=gateway.address(setting.name, replica), token=_token(setting.name, project))
        return ServedSandbox(setting.name, FixedServer(place), connect)

    return BlockingSandbox(Replicas(setting.name, gateway, member))


def _token(app: str, project: Project | None) -> str:
    found = project.token(app) if project else tokens.token(app, [os.environ])
    if found is None:
        raise UsageError(
            f"there is no token of '{app}': set {tokens.variable(app)}; `greenroom up` writes one into compose/.env"
        )
    return found


class Gateway:
    """The control port of the gateway.

    Args:
        url: Where it is: `http://HOST:PORT`.
        seconds: How long it and each replica may take to answer.

    Raises:
        UsageError: It is no such address.
    """

    def __init__(self, url: str, seconds: float = ANSWER_SECONDS) -> None:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "ws") or not parts.hostname or not parts.port:
            raise UsageError(f"'{url}' is no address of a gateway; one looks like {DEFAULT}")
        self._host, self._port, self._seconds = parts.hostname, parts.port, seconds

    def address(self, app: str, replica: str) -> str:
        """Where a replica's control plane is."""
        return f"ws://{self._host}:{self._port}/{app}/{replica}"

    def replicas(self, app: str) -> list[str]:
        """The replicas of an app that are well; one that does not answer stops none of the others.

        Raises:
            SandboxLostError: The gateway does not answer.
            UsageError: What answers there is no gateway.
        """
        self._greet()
        names = self._listed(f"/{app}/")
        if not names:
            return []
        with ThreadPoolExecutor(min(len(names), MOST_ASKED)) as pool:
            well = pool.map(self._well, [f"/{app}/{name}/v1/health" for name in names])
            return sorted(name for name, is_well in zip(names, well, strict=True) if is_well)

    def _listed(self, path: str) -> list[str]:
        """The names of a listing's folders; none of a folder that is not there."""
        found: Any = self._ask(path, LIST_BYTES)
        if found is None:
            return []
        try:
            names = [str(entry["name"]) for entry in found if entry.get("type") == "directory"]
        except (TypeError, KeyError, AttributeError) as error:
            raise self._stranger(f"it gave no listing at {path}") from error
        return [name for name in names if NAME.fullmatch(name)][:MOST_REPLICAS]

    def _greet(self) -> None:
        """See to it that a gateway listens there: on a busy machine it may be anybody."""
        if self._ask("/health") != {"ok": True}:
            raise self._stranger("it gave no gateway's answer to /health")

    def _stranger(self, why: str) -> UsageError:
        return UsageError(
            f"what answers at {self} is not a greenroom server ({why}): `greenroom up` says who has that port; "
            f"the gateway's is CONTROL_PORT in compose/.env, and {VARIABLE} names another gateway"
        )

    def _well(self, path: str) -> bool:
        try:
            return self._ask(path) is not None
        except (SandboxLostError, UsageError):
            return False

    def _ask(self, path: str, most: int = HEALTH_BYTES) -> Any:
        """What is answered to a GET, as JSON; None where it is a refusal."""
        plug = HTTPConnection(self._host, self._port, timeout=self._seconds)
        try:
            status, body = exchange(plug, "GET", path, seconds=self._seconds, most=most)
            if status == 429 or status >= 500:
                raise self._silent(f"it answers {status}")
            return json.loads(body) if status == 200 else None
        except (BadStatusLine, TooLongError, ValueError, RecursionError) as error:
            if isinstance(error, RemoteDisconnected):
                raise self._silent(error) from error
            raise self._stranger(f"it does not speak as one: {str(error).strip()[:80]!r}") from error
        except (OSError, HTTPException) as error:
            raise self._silent(error) from error

    def _silent(self, error: object) -> SandboxLostError:
        return SandboxLostError(
            f"the gateway at {self} does not answer ({error}): start it with `greenroom up`, or see `greenroom ps`"
        )

    def __str__(self) -> str:
        return f"http://{self._host}:{self._port}"


class Replicas(Fleet):
    """A fleet whose members come and go.

    Args:
        app: The app.
        gateway: Says which there are.
        member: Makes the sandbox of one.
    """

    def __init__(self, app: str, gateway: Gateway, member: Callable[[str], AsyncSandbox]) -> None:
        super().__init__(app)
        self._gateway, self._member = gateway, member
        self._known: dict[str, AsyncSandbox] = {}
        self._well: list[str] = []
        self._looked = 0.0

    async def crew(self) -> list[AsyncSandbox]:
        """The sandboxes of the replicas that are well.

        Raises:
            SandboxLostError: There are none.
        """
        if time.monotonic() - self._looked > LOOK_SECONDS:
            self._well = await asyncio.to_thread(self._gateway.replicas, self.app)
            self._looked = time.monotonic()
        if not self._well:
            self._looked = 0.0
            raise SandboxLostError(
                f"the gateway at {self._gateway} has no replica of '{self.app}' that is well: "
                f"`greenroom up {self.app}`, or see `greenroom ps`"
            )
        for replica in self._well:
            if replica not in self._known:
                self._known[replica] = self._member(replica)
        return [self._known[replica] for replica in self._well]

    def lost(self) -> None:
        """Look again before the next group."""
        self._looked = 0.0

    async def stop(self) -> None:
        """End all sessions; the replicas go on."""
        known, self._known = list(self._known.values()), {}
        await asyncio.gather(super().stop(), *(member.stop() for member in known))
