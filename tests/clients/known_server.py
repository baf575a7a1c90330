"""A server of known behaviour, to test what the probe reports of it.

It answers as the apps answer the healthy request, after `--delay-ms`; it closes every
`--drop`-th connection unanswered; and it stalls once, for `--stall-s` seconds, when
connection `--stall-at` comes. It prints its port, then when the stall began and ended.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import time

ANSWER = (
    b"HTTP/1.1 200 OK\r\nContent-Type: text/plain; charset=utf-8\r\n"
    b"Content-Length: 13\r\nConnection: close\r\n\r\nHello, world!"
)


async def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--delay-ms", type=float, default=0.0)
    parser.add_argument("--drop", type=int, default=0)
    parser.add_argument("--stall-at", type=int, default=0)
    parser.add_argument("--stall-s", type=float, default=0.0)
    options = parser.parse_args()
    numbers = itertools.count(1)

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        number = next(numbers)
        try:
            await reader.readuntil(b"\r\n\r\n")
            if number == options.stall_at:
                began_s = time.monotonic()
                time.sleep(options.stall_s)  # the whole server, on purpose
                print(began_s, time.monotonic(), flush=True)
            if not options.drop or number % options.drop:
                await asyncio.sleep(options.delay_ms / 1000)
                writer.write(ANSWER)
                await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError):
            pass  # the probe has given up on us
        finally:
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0, backlog=1024)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main())
