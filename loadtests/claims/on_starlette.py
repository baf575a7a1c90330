"""GET /hello of asgi_app, with Starlette."""

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route


async def hello(request: Request) -> PlainTextResponse:
    name = request.query_params.get("name") or "world"
    return PlainTextResponse(f"Hello, {name}!")


app = Starlette(routes=[Route("/hello", hello)])
