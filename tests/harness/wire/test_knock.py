import asyncio
from pathlib import Path

import pytest

from greenroom.errors import SandboxLostError, UsageError
from greenroom.wire.client import RemoteSandbox
from greenroom.wire.line import Patience
from support.served import SHORT, STRANGERS, TOKEN, free_port, serving, stranger


@pytest.mark.parametrize("says", STRANGERS)
def test_a_stranger_is_told_apart_at_once_and_never_sees_the_token(says: bytes) -> None:
    with stranger(says) as (port, heard):
        sandbox = RemoteSandbox(f"ws://127.0.0.1:{port}", "notes", token=TOKEN, patience=SHORT)
        with pytest.raises(UsageError, match=f"what answers at ws://127.0.0.1:{port} is not a greenroom server"):
            asyncio.run(sandbox.families())
    assert len(heard) == 1 and TOKEN.encode() not in heard[0]


def test_a_gateway_whose_server_is_not_up_yet_is_asked_again() -> None:
    with stranger(b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n") as (port, heard):
        patience = Patience(connect=0.5)
        sandbox = RemoteSandbox(f"ws://127.0.0.1:{port}/mail/1", "notes", token=TOKEN, patience=patience)
        with pytest.raises(SandboxLostError, match="it answers 502"):
            asyncio.run(sandbox.families())
    assert len(heard) > 1


def test_a_stranger_who_never_stops_talking_is_told_apart() -> None:
    with stranger(b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * 100_000) as (port, _):
        sandbox = RemoteSandbox(f"ws://127.0.0.1:{port}", "notes", token=TOKEN, patience=SHORT)
        with pytest.raises(UsageError, match="is not a greenroom server"):
            asyncio.run(sandbox.families())


def test_a_server_at_a_port_lets_us_in_after_the_knock(tmp_path: Path) -> None:
    port = free_port()
    with serving(tmp_path / "s", port=port):
        sandbox = RemoteSandbox(f"ws://127.0.0.1:{port}", "notes", token=TOKEN, patience=SHORT)
        assert "find_number" in asyncio.run(sandbox.families())
