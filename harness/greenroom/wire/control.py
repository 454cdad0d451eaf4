"""The control plane: the WebSocket, and REST for curl and other languages."""

from collections.abc import Iterable
from typing import Any

from greenroom.errors import UsageError
from greenroom.wire import tokens
from greenroom.wire.askers import Askers
from greenroom.wire.control_socket import ControlSocket
from greenroom.wire.guard import Application, Guard, Receive, Scope, Send, refuse
from greenroom.wire.keeper import Keeper
from greenroom.wire.protocol import PATH
from greenroom.wire.rest import control_rest


def control_plane(
    keeper: Keeper, workers: list[dict[str, Any]], number: int, token: str, hosts: Iterable[str], askers: Askers
) -> Application:
    """The control plane of a worker, guarded.

    Args:
        keeper: What is running.
        workers: The addresses of all workers, for the greeting.
        number: Which of them this is.
        token: Who shows it may do everything.
        hosts: Names that a Host header over TCP may have, beside loopback's.
        askers: How much may be under way.
    """
    socket = ControlSocket(keeper, workers, number)
    rest = control_rest(keeper, workers, number)

    async def application(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket" and scope["path"] == PATH:
            await socket(scope, receive, send)
        elif scope["type"] == "websocket":
            await refuse(scope, send, 404, UsageError(f"no WebSocket is served here; it is at {PATH}"))
        else:
            await rest(scope, receive, send)

    def admit(given: str, scope: Scope) -> bool:
        return tokens.equal(given, token)

    return Guard(application, "control", admit, askers, hosts, keeper.limits.message_bytes)
