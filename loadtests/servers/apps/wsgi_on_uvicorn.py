"""A WSGI app as an ASGI app, for uvicorn: a2wsgi with a chosen number of threads.

`uvicorn --interface wsgi` does the same with ten threads that cannot be changed. Here
WSGI_APP names the app and WSGI_THREADS the threads of each worker.
"""

from __future__ import annotations

import importlib
import os
from collections.abc import Iterable
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from a2wsgi import WSGIMiddleware


def _load(path: str) -> WSGIApplication:
    module, _, name = path.partition(":")
    loaded: WSGIApplication = getattr(importlib.import_module(module), name or "app")
    return loaded


_wsgi_app = _load(os.environ.get("WSGI_APP", "wsgi_app:app"))


def _with_terminated_input(
    environ: WSGIEnvironment, start_response: StartResponse
) -> Iterable[bytes]:
    # a2wsgi's wsgi.input ends where the body ends, chunked or not, but it does not say
    # so, and an app must not read a body without a length unless the server says so.
    environ["wsgi.input_terminated"] = True
    return _wsgi_app(environ, start_response)


app = WSGIMiddleware(
    _with_terminated_input,  # type: ignore[arg-type]  # a2wsgi types environ its own way
    workers=int(os.environ.get("WSGI_THREADS", "8")),
)
