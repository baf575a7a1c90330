"""A server with one oddity, to test what a measurement makes of it.

It answers the healthy request as the apps do. A connection on which nothing is said
for a while is that of a slow client. What else is asked for is a stream without an end.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import socket
import subprocess
import sys

from tests.clients.known_server import ANSWER

_SLOW_AFTER_S = 0.2
_PIECE = b"x" * 65536
_BURN = """
import sys, time
ends_s = time.monotonic() + float(sys.argv[1])
while time.monotonic() < ends_s:
    pass
"""


class OddServer:
    """Odd in the ways that its options ask for."""

    def __init__(self, options: argparse.Namespace) -> None:
        self._options = options
        self._leaked: list[int | asyncio.StreamWriter] = []
        self._burning: subprocess.Popen[bytes] | None = None

    async def serve(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        try:
            head = await self._head(reader)
            if b" /hello" in head:
                self._leak()
                writer.write(ANSWER)
                await writer.drain()
            else:
                await self._stream(writer)
        except (OSError, asyncio.IncompleteReadError):
            # The client has given up on us, or there is nothing left to leak but this.
            if self._options.leaks:
                self._leaked.append(writer)
                return
        writer.close()

    async def _head(self, reader: asyncio.StreamReader) -> bytes:
        first = asyncio.ensure_future(reader.read(1))
        await asyncio.wait({first}, timeout=_SLOW_AFTER_S)
        if not first.done():
            self._burn()
        return await first + await reader.readuntil(b"\r\n\r\n")

    def _burn(self) -> None:
        """Keep a core busy, in a process beside the one that answers."""
        seconds = self._options.burn_s
        if seconds and (self._burning is None or self._burning.poll() is not None):
            argv = [sys.executable, "-c", _BURN, str(seconds)]
            self._burning = subprocess.Popen(argv)

    def _leak(self) -> None:
        if self._options.leaks:
            self._leaked.append(os.open(os.devnull, os.O_RDONLY))

    async def _stream(self, writer: asyncio.StreamWriter) -> None:
        if size := self._options.sndbuf:
            sock: socket.socket = writer.get_extra_info("socket")
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, size)
        writer.write(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n")
        while True:
            writer.write(_PIECE)
            await writer.drain()


async def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--burn-s", type=float, default=0.0)
    parser.add_argument("--leaks", action="store_true")
    parser.add_argument("--sndbuf", type=int, default=0)
    odd = OddServer(parser.parse_args())
    server = await asyncio.start_server(
        odd.serve, "127.0.0.1", odd._options.port, backlog=1024
    )
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main())
