"""GET /hello and GET /json of asgi_app, with Starlette."""

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse
from starlette.routing import Route

from asgi_app.main import DOCUMENT


async def hello(request: Request) -> PlainTextResponse:
    name = request.query_params.get("name") or "world"
    return PlainTextResponse(f"Hello, {name}!")


async def json(request: Request) -> JSONResponse:
    return JSONResponse(DOCUMENT)


app = Starlette(routes=[Route("/hello", hello), Route("/json", json)])
