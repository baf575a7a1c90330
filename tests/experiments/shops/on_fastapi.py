"""A small shop on FastAPI: `def` and `async def` handlers."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator

from fastapi import FastAPI, Request
from fastapi.responses import StreamingResponse

app = FastAPI()
ROWS = 50 * "an article,its description,12.50\n"


@app.get("/health")
async def health() -> dict[str, bool]:
    return {"ok": True}


@app.post("/items")
async def items(request: Request) -> dict[str, int]:
    return {"received": len(await request.body())}


@app.get("/export.csv")
def export() -> StreamingResponse:
    rows: Iterator[str] = (ROWS for _ in range(2_000))
    return StreamingResponse(rows, media_type="text/csv")


@app.get("/report")
async def report() -> dict[str, bool]:
    await asyncio.sleep(1.5)
    return {"done": True}


@app.get("/blocking-report")
def blocking_report() -> dict[str, bool]:
    time.sleep(1.5)
    return {"done": True}
