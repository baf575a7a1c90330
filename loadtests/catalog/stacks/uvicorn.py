"""uvicorn: ASGI with each of its parsers, and WSGI behind a2wsgi."""

from __future__ import annotations

from loadtests.catalog.phases import Phase
from loadtests.catalog.stacks.stack import (
    ASGI_APP,
    EVENT_LOOP,
    ON_A_LOOP,
    WSGI_APP,
    Holds,
    Stack,
    everywhere,
    threads,
)

SCRUBBED = ("WEB_CONCURRENCY", "FORWARDED_ALLOW_IPS", "UVICORN_*")

A2WSGI_THREAD = Holds(
    "a thread",
    threads,
    "the WSGI app runs in a pool of threads, and the one that waits in wsgi.input or "
    "for room in the send queue is not free (a2wsgi/wsgi.py); its event loop accepts "
    "whether or not a thread is free",
    uneven=True,
)

_UVICORN = (
    "python -m uvicorn --host {host} --port {port} --workers {workers} --no-access-log"
).split()
# The WebSocket half of uvicorn is a package, and by default whichever is installed.
_WS = ("--ws", "wsproto")

STACKS = [
    Stack(
        id="wsgi-uvicorn",
        interface="wsgi",
        server="uvicorn",
        worker="a2wsgi",
        argv=(
            *("env", "WSGI_APP={app}", "WSGI_THREADS={threads}"),
            # A WSGI app is asked over HTTP whatever Upgrade says; else a2wsgi refuses.
            *(
                *_UVICORN,
                *"--ws none loadtests.servers.apps.wsgi_on_uvicorn:app".split(),
            ),
        ),
        holds=everywhere(A2WSGI_THREAD)
        | {Phase.SILENT: EVENT_LOOP, Phase.HEAD: EVENT_LOOP},
        app=WSGI_APP,
        # With --http and --loop auto, uvicorn takes httptools and uvloop.
        packages=("uvicorn", "a2wsgi", "httptools", "uvloop"),
        threads=8,
    ),
    Stack(
        id="asgi-uvicorn",
        interface="asgi",
        server="uvicorn",
        worker="httptools",
        argv=(*_UVICORN, *"--http httptools --loop uvloop".split(), *_WS, "{app}"),
        holds=ON_A_LOOP,
        app=ASGI_APP,
        packages=("uvicorn", "httptools", "uvloop"),
    ),
    Stack(
        id="asgi-uvicorn-h11",
        interface="asgi",
        server="uvicorn",
        worker="h11",
        argv=(*_UVICORN, *"--http h11 --loop asyncio".split(), *_WS, "{app}"),
        holds=ON_A_LOOP,
        app=ASGI_APP,
        packages=("uvicorn", "h11"),
    ),
    Stack(
        id="asgi-uvicorn-h2",
        interface="asgi",
        server="uvicorn",
        worker="zttp",
        argv=(*_UVICORN, *"--http zttp --http2 {app}".split()),
        holds={},
        app=ASGI_APP,
        packages=("uvicorn", "uvloop"),
        http2=True,
    ),
]
