import json
import logging
import threading
import time
from collections.abc import Generator, Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from greenroom.errors import SandboxLostError, UsageError
from greenroom.sandboxes.compose import Gateway, compose
from greenroom.sandboxes.specs import Setting
from support.served import STRANGERS, stranger

NAMES = ("1", "2", "3", "4")


@pytest.fixture
def url() -> Iterator[str]:
    """A gateway: of four replicas, two never answer and one is ill."""
    over = threading.Event()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if self.path.startswith(("/notes/2/", "/notes/3/")):
                over.wait()
            listed = [{"name": name, "type": "directory"} for name in NAMES]
            body = json.dumps(listed if self.path == "/notes/" else {"ok": True}).encode()
            self.send_response(502 if self.path.startswith("/notes/4/") else 200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    over.set()
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_replica_that_never_answers_is_not_well_and_stops_none_of_the_others(url: str) -> None:
    assert Gateway(url, seconds=0.3).replicas("notes") == ["1"]


CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
EVIL = {
    "endless": (CHUNKED, b"100000\r\n" + b"x" * (1 << 20) + b"\r\n", 0.0),
    "slow": (CHUNKED, b"1\r\nx\r\n", 0.1),
    "slow within the head": (b"HTTP/1.1 200 OK\r\nX: ", b"x", 0.1),
    "deep": (b"HTTP/1.1 200 OK\r\nContent-Length: 4000\r\n\r\n" + b"[" * 4000, b"", 0.0),
}


@contextmanager
def gateway(listing: bytes, *evil: Any) -> Generator[tuple[str, list[int]]]:
    """A gateway whose first replica is well; the second one was taken over. How many bytes that was rid of."""
    sent = [0]

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if self.path.startswith("/notes/2/"):
                self.misbehave(*evil)
                return
            body = listing if self.path == "/notes/" else b'{"ok": true}'
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def misbehave(self, head: bytes, piece: bytes, pause: float) -> None:
            with suppress(OSError):
                self.wfile.write(head)
                while piece:
                    self.wfile.write(piece)
                    sent[0] += len(piece)
                    time.sleep(pause)

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}", sent
        finally:
            server.shutdown()
            thread.join()


def listing(*names: str) -> bytes:
    return json.dumps([{"name": name, "type": "directory"} for name in names]).encode()


@pytest.mark.parametrize("mode", EVIL)
def test_a_replica_that_was_taken_over_costs_neither_memory_nor_time_and_stops_none_of_the_others(mode: str) -> None:
    begun = time.monotonic()
    with gateway(listing("1", "2"), *EVIL[mode]) as (url, sent):
        assert Gateway(url, seconds=1.5).replicas("notes") == ["1"]
        assert time.monotonic() - begun < 10
    assert sent[0] < 32 << 20  # What the kernel's buffers hold.


def test_names_that_are_no_replica_s_are_passed_over() -> None:
    with gateway(listing("1", "../shop", "a b", "é", "..", "x" * 100)) as (url, _):
        assert Gateway(url, seconds=2).replicas("notes") == ["1"]


@pytest.mark.parametrize("told", [b"7", b"[7]", b'[{"type": "directory"}]', b"[" * 200_000, b" " * (2 << 20)])
def test_a_listing_that_is_none_is_no_gateway_s(told: bytes) -> None:
    with gateway(told) as (url, _), pytest.raises(UsageError, match="is not a greenroom server"):
        Gateway(url, seconds=5).replicas("notes")


def test_a_gateway_that_does_not_answer_says_so() -> None:
    with pytest.raises(SandboxLostError, match="does not answer"):
        Gateway("http://127.0.0.1:9", seconds=0.3).replicas("notes")


@pytest.mark.parametrize("says", STRANGERS)
def test_a_stranger_on_the_gateway_s_port_is_not_taken_for_one(says: bytes) -> None:
    with stranger(says) as (port, heard), pytest.raises(UsageError, match="is not a greenroom server"):
        Gateway(f"http://127.0.0.1:{port}", seconds=2).replicas("notes")
    assert heard


def test_a_gateway_that_is_not_well_just_now_is_no_stranger() -> None:
    busy = b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n"
    with stranger(busy) as (port, _), pytest.raises(SandboxLostError, match="it answers 503"):
        Gateway(f"http://127.0.0.1:{port}", seconds=2).replicas("notes")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project's folder, with settings from before apps had tokens of their own, that everybody may read."""
    (tmp_path / "compose.yaml").touch()
    (tmp_path / ".env").write_text("POSTGRES_PASSWORD=x\n")
    (tmp_path / ".env").chmod(0o644)
    monkeypatch.setenv("GREENROOM_COMPOSE", str(tmp_path))
    monkeypatch.delenv("GREENROOM_TOKEN", raising=False)
    return tmp_path


def test_a_token_that_is_missing_is_named(folder: Path, url: str) -> None:
    sandbox = compose(url, Setting(app="notes"))
    with pytest.raises(UsageError, match="no token of 'notes': set GREENROOM_TOKEN_NOTES"):
        sandbox.families()
    sandbox.stop()


def test_settings_that_everybody_can_read_are_warned_of(folder: Path, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING, "greenroom.wire"):
        compose("http://127.0.0.1:9", Setting(app="notes")).stop()
    assert f"{folder / '.env'} can be read by everybody" in caplog.text
