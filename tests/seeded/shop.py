"""Apps with a fault each, taken from incidents, and some without: for the doctor."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Iterable
from typing import Any

from fastapi import FastAPI, Request
from fastapi.responses import StreamingResponse

WAIT_S = 20.0
LINE = b"x" * 8191 + b"\n"

pool = threading.Semaphore(5)
app = FastAPI()


@app.get("/health")
async def health() -> dict[str, bool]:
    return {"ok": True}


@app.get("/pooled-health")
def pooled_health() -> dict[str, bool]:
    with pool:
        return {"ok": True}


@app.get("/report")
def report() -> dict[str, bool]:
    """As FastAPI runs `def`: in one of 40 threads."""
    time.sleep(WAIT_S)
    return {"ok": True}


@app.get("/def-health")
def def_health() -> dict[str, bool]:
    return {"ok": True}


@app.get("/blocking-report")
async def blocking_report() -> dict[str, bool]:
    """A blocking call in `async def`."""
    time.sleep(WAIT_S)
    return {"ok": True}


@app.get("/pooled-report")
def pooled_report() -> dict[str, bool]:
    """Holds one of five connections all the time."""
    with pool:
        time.sleep(WAIT_S)
    return {"ok": True}


@app.get("/awaiting-report")
async def awaiting_report() -> dict[str, bool]:
    await asyncio.sleep(WAIT_S)
    return {"ok": True}


@app.get("/export")
async def export() -> StreamingResponse:
    return StreamingResponse(LINE for _ in range(4096))


@app.post("/items")
async def items(request: Request) -> dict[str, int]:
    return {"bytes": len(await request.body())}


@app.post("/unread")
async def unread() -> dict[str, bool]:
    """Answers before the body has come."""
    return {"ok": True}


def wsgi(
    environ: dict[str, Any], start_response: Callable[..., Any]
) -> Iterable[bytes]:
    """The same in WSGI, as far as it is asked."""
    path = environ["PATH_INFO"]
    if path == "/items":
        environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
    if path == "/report":
        time.sleep(WAIT_S)
    start_response("200 OK", [("Content-Type", "text/plain")])
    return (LINE for _ in range(4096)) if path == "/export" else [b"ok\n"]
