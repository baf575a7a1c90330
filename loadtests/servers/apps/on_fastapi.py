"""GET /hello and GET /json of asgi_app, with FastAPI."""

from typing import Any

from fastapi import FastAPI
from fastapi.responses import PlainTextResponse

from asgi_app.main import DOCUMENT

app = FastAPI()


@app.get("/hello")
async def hello(name: str = "") -> PlainTextResponse:
    return PlainTextResponse(f"Hello, {name or 'world'}!")


@app.get("/json")
async def json() -> dict[str, Any]:
    return DOCUMENT
