"""What WSGI does not have: one line for each, in answer to who asks for it.

The one rule: PEP 3333 knows a request and its response, and nothing besides. The app is
a callable, and when what it returned is closed, that call is over; there is nothing to
say before the first request, between two messages, or after the last piece.

asgi_app/beyond.py has the same handlers, and does it.
"""

from collections.abc import Iterable
from wsgiref.types import StartResponse, WSGIEnvironment

from wsgi_app.rules import HTTPError


def ws(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    # A handshake arrives here as the GET that it is. Its answer would be a 101, and
    # then frames both ways: but the input ends with the request, and Upgrade is a
    # hop-by-hop header, which only the server may send.
    raise HTTPError(
        501, "PEP 3333 has no WebSocket: a call reads one request and answers it once."
    )


def state(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    # A module is run when it is imported, and that is all: there is no call at the end,
    # nor one in each worker at its start. Servers have hooks of their own for it.
    raise HTTPError(
        501, "PEP 3333 has no lifespan: no call before the first request or at the end."
    )


def background(
    environ: WSGIEnvironment, start_response: StartResponse
) -> Iterable[bytes]:
    # The server calls close() on the body when it has sent it, and work could be done
    # there. The client has its answer by then, but the thread is held until it is done.
    raise HTTPError(
        501, "PEP 3333 has no work after the response but in close(), on its thread."
    )
