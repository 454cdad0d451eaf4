"""The least of an HTTP client: requests over kept connections, so that what is measured is the server."""

import asyncio
from pathlib import Path


class Pool:
    """So many connections to a unix socket.

    Args:
        path: The socket.
        most: How many.
    """

    def __init__(self, path: Path, most: int) -> None:
        self._path, self._free = path, asyncio.LifoQueue[tuple[asyncio.StreamReader, asyncio.StreamWriter] | None]()
        for _ in range(most):
            self._free.put_nowait(None)

    async def post(self, path: str, headers: dict[str, str], body: bytes) -> tuple[int, bytes]:
        """Send a request, return the status and the body."""
        pair = await self._free.get()
        if pair is None or pair[0].at_eof():  # Never opened, or closed by the server for being idle.
            pair = await asyncio.open_unix_connection(str(self._path))
        reader, writer = pair
        lines = [f"POST {path} HTTP/1.1", "host: localhost", "content-type: application/json"]
        lines += [f"content-length: {len(body)}", *(f"{name}: {value}" for name, value in headers.items())]
        writer.write("\r\n".join([*lines, "", ""]).encode() + body)
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower()
        length = int(head.partition("content-length:")[2].partition("\r\n")[0])
        content = await reader.readexactly(length)
        self._free.put_nowait(pair)
        return int(head.split(" ", 2)[1]), content

    def close(self) -> None:
        """Close what is open."""
        while not self._free.empty():
            pair = self._free.get_nowait()
            if pair is not None:
                pair[1].close()
