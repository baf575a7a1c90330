"""One request to both apps in this process, as `make trace` records it."""

from __future__ import annotations

import dataclasses

import asgi_app.main
import wsgi_app.main
from loadtests.analysis.spans import Watched
from loadtests.catalog.contract import Request
from loadtests.experiments.trace.client import TracedClient
from tests.apps.drivers import environ_of
from tests.apps.recorded import trace_asgi, trace_wsgi


def recorded(request: Request) -> tuple[Watched, Watched]:
    """Both sides of one request, in process."""
    wsgi, _ = trace_wsgi(wsgi_app.app, environ_of(request))
    asgi = trace_asgi(asgi_app.app, request)
    client = str(TracedClient(request))
    return (
        Watched("wsgi-gunicorn-sync", client, wsgi, []),
        Watched("asgi-uvicorn", client, asgi, []),
    )


def recorded_at_once(request: Request) -> tuple[Watched, Watched]:
    """Both sides, with a record each 10 us: the test sets the times that it needs.

    That a busy machine has blocked the event loop while they were recorded is left out.
    """
    left, right = recorded(request)
    return at_once(left), at_once(right)


def at_once(watched: Watched) -> Watched:
    calls = [record for record in watched.records if record["name"] != "event loop"]
    records = [{**record, "at_ms": 0.01 * i} for i, record in enumerate(calls)]
    return dataclasses.replace(watched, records=records)
