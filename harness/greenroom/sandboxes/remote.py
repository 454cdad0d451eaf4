"""The sandbox at an address: a server that somebody else has started."""

from importlib.util import find_spec
from typing import TYPE_CHECKING

from greenroom.errors import MissingExtraError
from greenroom.sandbox import PortableSandbox
from greenroom.sandboxes.blocking import BlockingSandbox
from greenroom.sandboxes.served import Connect, Place, ServedSandbox
from greenroom.sandboxes.specs import Setting, refuse_containers

if TYPE_CHECKING:
    from greenroom.wire.protocol import WorldSpec


def unix(argument: str, setting: Setting) -> BlockingSandbox:
    """The server with its sockets in a folder: `unix:DIR`."""
    return at(f"unix:{argument}", setting)


def ws(argument: str, setting: Setting) -> BlockingSandbox:
    """The server at a TCP address: `ws://HOST:PORT`, with its token in GREENROOM_TOKEN."""
    return at(f"ws:{argument}", setting)


def at(address: str, setting: Setting) -> BlockingSandbox:
    """The server at an address.

    Raises:
        UsageError: It is no address, or the sandbox is to do what only containers do.
        MissingExtraError: What talks to servers is not installed.
    """
    refuse_containers(address, setting)
    need_serving()
    from greenroom.wire.address import Address

    Address.parse(address)
    server = FixedServer(Place(address=address))
    return BlockingSandbox(ServedSandbox(setting.name, server, connected(setting)))


class FixedServer:
    """A server that somebody else starts and stops.

    Args:
        place: Where it is.
    """

    def __init__(self, place: Place) -> None:
        self._place = place

    def up(self) -> Place:
        """Where it is; whether it answers is found out by asking."""
        return self._place

    def down(self) -> None:
        """It goes on: others may use it."""


def connected(setting: Setting, *, reach: float = 30.0, alone: bool = False) -> Connect:
    """Makes clients of a server.

    Args:
        setting: What is to run there.
        reach: Seconds of trying to reach it.
        alone: It has one worker.
    """

    def connect(place: Place) -> PortableSandbox:
        from greenroom.wire.client import RemoteSandbox
        from greenroom.wire.line import Patience

        patience = Patience(connect=reach)
        return RemoteSandbox(
            place.address,
            setting.name,
            world_of(setting),
            token=place.token,
            patience=patience,
            alone=alone,
            gone=place.gone,
        )

    return connect


def world_of(setting: Setting) -> "WorldSpec":
    """The worlds of a setting, as they cross the wire."""
    from greenroom.wire.protocol import WorldSpec

    return WorldSpec(
        size=setting.world,
        seed=setting.seed,
        faults=setting.profile,
        fault_seed=setting.fault_seed,
        all_tools=setting.all_tools,
    )


def need_serving() -> None:
    """Say which extra is missing, before anything is started.

    Raises:
        MissingExtraError: It is.
    """
    if not all(find_spec(name) for name in ("fastapi", "orjson", "uvicorn", "websockets")):
        raise MissingExtraError("a sandbox behind a server", "serve")
