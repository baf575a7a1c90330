"""Two FastAPI apps, alike but for `def` and `async def`: GET /hello, and a GET /hold
that takes its time."""

import asyncio
import time

from fastapi import FastAPI
from fastapi.responses import PlainTextResponse

# Longer than what is tried meanwhile.
HOLD_S = 8.0

threaded = FastAPI()
awaiting = FastAPI()


@threaded.get("/hello")
def threaded_hello(name: str = "") -> PlainTextResponse:
    return PlainTextResponse(f"Hello, {name or 'world'}!")


@threaded.get("/hold")
def threaded_hold() -> PlainTextResponse:
    time.sleep(HOLD_S)
    return PlainTextResponse("held")


@awaiting.get("/hello")
async def awaiting_hello(name: str = "") -> PlainTextResponse:
    return PlainTextResponse(f"Hello, {name or 'world'}!")


@awaiting.get("/hold")
async def awaiting_hold() -> PlainTextResponse:
    await asyncio.sleep(HOLD_S)
    return PlainTextResponse("held")
