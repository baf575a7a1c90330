"""A target: what is served and asked, and what a right answer is.

Nothing but a target knows a path. Whoever measures asks it for the healthy request, and
for the request that is drawn out in a phase; so another application is another value.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from loadtests import UserError
from loadtests.catalog.contract import HEALTHY, Request, mismatches
from loadtests.catalog.phases import Phase

# (status, header fields, body) -> what is wrong with the answer; nothing: it is right.
Check = Callable[[int, Mapping[str, str], bytes], list[str]]


@dataclass(frozen=True)
class Target:
    """An application, and what to ask it.

    `apps` are where a server finds it, by interface. `healthy` is the healthy request,
    `check` judges its answer, and `body` is the body of a right answer. `requests` are
    those that slow clients draw out, by phase: where there is none for a phase, no
    scenario of that phase can be measured. `host` is what slow clients write as Host.
    `tries` are words for curl, to try by hand, with `{url}` left open.
    """

    apps: Mapping[str, str]
    healthy: Request
    check: Check
    body: bytes
    requests: Mapping[Phase, Request]
    host: str = "localhost"
    tries: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """The healthy request, for people."""
        return f"{self.healthy.method} {self.healthy.target}"

    def request(self, phase: Phase) -> Request:
        """What is asked to draw out that phase. UserError if there is nothing."""
        try:
            return self.requests[phase]
        except KeyError:
            raise UserError(f"{self.name}: no request for the phase {phase}") from None


def _check(status: int, headers: Mapping[str, str], body: bytes) -> list[str]:
    return mismatches(HEALTHY, status, headers, body)


# How long a slow handler takes: longer than most searches.
HANDLER_S = 20.0
_HANDLER_MS = round(1000 * HANDLER_S)

RAW = Target(
    apps={"wsgi": "wsgi_app:app", "asgi": "asgi_app:app"},
    healthy=HEALTHY.request,
    check=_check,
    body=HEALTHY.expected.body,
    requests={
        Phase.HEAD: HEALTHY.request,
        Phase.BODY: Request("POST", "/upload"),
        Phase.RESPONSE: Request("GET", "/stream?chunks=1024&size=65536"),
        Phase.HANDLER_WAITS: Request("GET", f"/wait?ms={_HANDLER_MS}"),
        Phase.HANDLER_BLOCKS: Request("GET", f"/block?ms={_HANDLER_MS}"),
    },
    tries=(
        "'{url}/hello?name=Ada'",
        "-N '{url}/stream?chunks=3&size=20&interval_ms=500'",
        "--data-binary @README.md {url}/upload",
    ),
)
