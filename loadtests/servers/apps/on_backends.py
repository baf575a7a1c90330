"""Handlers of FastAPI that wait for a backend: in a thread, awaiting, for a pool."""

import asyncio
import time

from fastapi import FastAPI
from fastapi.responses import PlainTextResponse

POOL = 10
app = FastAPI()
connections = asyncio.Semaphore(POOL)


@app.get("/hello")
async def hello(name: str = "") -> PlainTextResponse:
    return PlainTextResponse(f"Hello, {name or 'world'}!")


@app.get("/block")
def block(ms: int) -> PlainTextResponse:
    time.sleep(ms / 1000)
    return PlainTextResponse(f"blocked {ms} ms")


@app.get("/wait")
async def wait(ms: int) -> PlainTextResponse:
    await asyncio.sleep(ms / 1000)
    return PlainTextResponse(f"waited {ms} ms")


@app.get("/pool")
async def pool(ms: int) -> PlainTextResponse:
    async with connections:
        await asyncio.sleep(ms / 1000)
    return PlainTextResponse(f"held a connection for {ms} ms")
