"""A target: what is served and asked, and what a right answer is.

Nothing but a target knows a path. Whoever measures asks it for the healthy request, and
for the request that is drawn out in a phase; so another application is another value:
`RAW` is ours, and `yours` makes one of an application of somebody else.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from loadtests import UserError
from loadtests.catalog.contract import HEALTHY, Request, mismatches
from loadtests.catalog.phases import Phase

# (status, header fields, body) -> what is wrong with the answer; nothing: it is right.
Check = Callable[[int, Mapping[str, str], bytes], list[str]]


@dataclass(frozen=True)
class Home:
    """Where an application of somebody else is served: by which interpreter, with the
    packages installed there, and in which folder. Modules in `beside` are found too.

    With `untouched`, a command of its own serves it: nobody changes its words, nor its
    environment.
    """

    python: str
    folder: str
    beside: str
    untouched: bool = False


@dataclass(frozen=True)
class Target:
    """An application, and what to ask it.

    `apps` are where a server finds it, by interface. `healthy` is the healthy request,
    `check` judges its answer, and `body` is the body of a right answer. `requests` are
    those that slow clients draw out, by phase: where there is none for a phase, no
    scenario of that phase can be measured. `host` is what slow clients write as Host.
    `tries` are words for curl, to try by hand, with `{url}` left open. `download_mb` is
    how long the answer is that slow readers ask for. `short_download` is a shorter one,
    for servers that store it on disk, but long enough to hold a slow reader back.
    `home` is None for our own apps, which this interpreter serves.
    """

    apps: Mapping[str, str]
    healthy: Request
    check: Check
    requests: Mapping[Phase, Request]
    body: bytes = b""
    host: str = "localhost"
    tries: tuple[str, ...] = ()
    home: Home | None = None
    download_mb: float | None = None
    short_download: Request | None = None
    short_download_mb: float | None = None

    def with_short_download(self) -> Target:
        """The same with a shorter answer for slow readers, where there is one."""
        if self.short_download is None:
            return self
        requests = {**self.requests, Phase.RESPONSE: self.short_download}
        return replace(self, requests=requests, download_mb=self.short_download_mb)

    def asking(self, words: str) -> Target:
        """The same with another healthy request, whose answer has status 200."""
        return replace(self, healthy=asked(words, "GET"), check=_as_before(200, ""))

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


# A path as it is sent: what is visible in ASCII (RFC 9112, 3.2.1).
_ASKED = re.compile(r"(?:([A-Z]+) +)?(/[!-~]*)")
_FIELD = re.compile(r"([-!#$%&'*+.^_`|~0-9A-Za-z]+): *([ -~]*)")
_OURS = ("connection", "content-length", "transfer-encoding", "expect")


def asked(words: str, method: str, headers: Sequence[tuple[str, str]] = ()) -> Request:
    """The request in these words: `/health`, or `POST /items`. UserError explains."""
    if not (found := _ASKED.fullmatch(words.strip())):
        raise UserError(f"{words}: write a path, or a method and a path: POST /items")
    return Request(found[1] or method, found[2], tuple(headers))


def header_field(line: str) -> tuple[str, str]:
    """The name and the value of `Name: value`. UserError explains."""
    if not (found := _FIELD.fullmatch(line.strip())):
        raise UserError(f"{line}: write a header field as Name: value")
    if found[1].lower() in _OURS:
        raise UserError(f"{found[1]}: the clients set this header field themselves")
    return found[1], found[2].strip()


def yours(
    *,
    healthy: str,
    upload: str = "",
    download: str = "",
    wait: str = "",
    headers: Sequence[str] = (),
    status: int = 200,
    sha256: str = "",
    download_mb: float | None = None,
    apps: Mapping[str, str] | None = None,
    home: Home | None = None,
) -> Target:
    """An application of somebody else, by the requests in these words.

    A right answer has that status, and a body of that SHA-256 if one is given.
    """
    fields = tuple(map(header_field, headers))
    named = {
        Phase.HEAD: asked(healthy, "GET", fields),
        Phase.BODY: asked(upload, "POST", fields) if upload else None,
        Phase.RESPONSE: asked(download, "GET", fields) if download else None,
        Phase.HANDLER_WAITS: asked(wait, "GET", fields) if wait else None,
    }
    requests = {phase: request for phase, request in named.items() if request}
    check = _as_before(status, sha256)
    return Target(
        apps or {},
        requests[Phase.HEAD],
        check,
        requests,
        home=home,
        download_mb=download_mb,
    )


def _as_before(status: int, sha256: str) -> Check:
    def check(got: int, _: Mapping[str, str], body: bytes) -> list[str]:
        faults = [f"status: expected {status}, got {got}"] if got != status else []
        if sha256 and hashlib.sha256(body).hexdigest() != sha256:
            faults.append("body: another one than before")
        return faults

    return check


def _check(status: int, headers: Mapping[str, str], body: bytes) -> list[str]:
    return mismatches(HEALTHY, status, headers, body)


# How long a slow handler takes: longer than most searches.
HANDLER_S = 20.0
_HANDLER_MS = round(1000 * HANDLER_S)

# On Ethernet, and here, a server can write 100 kB to a client that does not read. On
# loopback an app can write up to 10 MB to a proxy that does not (tcp_rmem, tcp_wmem).
_PIECE = 65536
_PIECES_OF_A_MB = 1024**2 // _PIECE
_DOWNLOAD_MB, _SHORT_DOWNLOAD_MB = 64, 1


def _stream(megabytes: int) -> Request:
    pieces = megabytes * _PIECES_OF_A_MB
    return Request("GET", f"/stream?chunks={pieces}&size={_PIECE}")


# 20 bytes at a time, for longer than any search.
_EVENTS = Request("GET", "/stream?chunks=1000000&size=20")
# Behind the path of a WebSocket: what our app pushes to the client.
PUSHED = f"?chunks={_PIECES_OF_A_MB}&size={_PIECE}"


RAW = Target(
    apps={"wsgi": "wsgi_app:app", "asgi": "asgi_app:app"},
    healthy=HEALTHY.request,
    check=_check,
    body=HEALTHY.expected.body,
    requests={
        Phase.HEAD: HEALTHY.request,
        Phase.BODY: Request("POST", "/upload"),
        Phase.RESPONSE: _stream(_DOWNLOAD_MB),
        Phase.HANDLER_WAITS: Request("GET", f"/wait?ms={_HANDLER_MS}"),
        Phase.HANDLER_BLOCKS: Request("GET", f"/block?ms={_HANDLER_MS}"),
        Phase.STREAM: _EVENTS,
        Phase.WEBSOCKET: Request("GET", "/ws"),
    },
    download_mb=_DOWNLOAD_MB,
    short_download=_stream(_SHORT_DOWNLOAD_MB),
    short_download_mb=_SHORT_DOWNLOAD_MB,
    tries=(
        "'{url}/hello?name=Ada'",
        "-N '{url}/stream?chunks=3&size=20&interval_ms=500'",
        "--data-binary @README.md {url}/upload",
    ),
)
