"""The agent plane: the tools of one episode, for whoever holds its token."""

from collections.abc import Iterable

from greenroom.wire.control import _live
from greenroom.wire.guard import Application, Guard, Receive, Scope, Send, refuse
from greenroom.wire.keeper import Keeper


def agent_plane(keeper: Keeper, hosts: Iterable[str]) -> Application:
    async def application(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await _live(receive, send)
        else:
            await refuse(scope, send, 404, "nothing here")

    return Guard(application, "agent", lambda token, scope: keeper.of_agent(token) is not None, hosts)
