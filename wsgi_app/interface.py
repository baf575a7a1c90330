"""The words of WSGI as types, and a whole answer in one call and one piece.

The one rule: an application is a function of environ and start_response. The standard
library has the types for that: WSGIApplication, WSGIEnvironment, StartResponse.
"""

from collections.abc import Iterable
from http import HTTPStatus
from wsgiref.types import StartResponse

TEXT = "text/plain; charset=utf-8"
JSON = "application/json"


def respond(
    start_response: StartResponse,
    status: int,
    content_type: str,
    text: str,
    allow: str = "",
) -> Iterable[bytes]:
    body = text.encode()
    headers = [("Content-Type", content_type), ("Content-Length", str(len(body)))]
    if allow:
        headers.append(("Allow", allow))
    # The reason phrase is the app's to choose.
    start_response(f"{status} {HTTPStatus(status).phrase}", headers)
    return [body]
