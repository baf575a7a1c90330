"""Apps with a seeded fault, for the tests of the checker."""

import asyncio
from typing import Any

from asgi_app.interface import Event, Handler, Receive, Scope, Send
from tests.apps.asgi_checker import checked
from tests.apps.drivers import Client

START: Event = {"type": "http.response.start", "status": 200, "headers": []}
COMPLETE: Event = {"type": "lifespan.startup.complete"}


def sends(*events: Any) -> Handler:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        for event in events:
            await send(event)

    return app


def run(app: Handler, scope: Scope, *script: Event) -> None:
    client = Client(script)
    asyncio.run(checked(app)(scope, client.receive, client.send))
