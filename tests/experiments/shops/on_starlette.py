"""A small shop on Starlette that sends server-sent events."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, StreamingResponse
from starlette.routing import Route


async def health(request: Request) -> PlainTextResponse:
    return PlainTextResponse("ok")


async def events(request: Request) -> StreamingResponse:
    """A price of each of many articles, as fast as they are read."""

    async def prices() -> AsyncIterator[bytes]:
        for number in range(2_000):
            yield 50 * b"data: article %d costs 12.50\n\n" % ((number,) * 50)
            await asyncio.sleep(0)

    return StreamingResponse(prices(), media_type="text/event-stream")


app = Starlette(routes=[Route("/health", health), Route("/events", events)])
