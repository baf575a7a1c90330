"""uvicorn: ASGI with each of its parsers, and WSGI behind a2wsgi."""

from __future__ import annotations

from loadtests.catalog.contract import Deviation
from loadtests.catalog.phases import Phase
from loadtests.catalog.stacks.limits import (
    AtLimit,
    Holds,
    Limit,
    Supply,
    descriptors,
    threads,
)
from loadtests.catalog.stacks.loops import (
    IN_ASYNCIO,
    IN_UVLOOP,
    MORE_DESCRIPTORS,
    ON_ASYNCIO,
    ON_UVLOOP,
    connection,
    limited,
    on_a_loop,
)
from loadtests.catalog.stacks.stack import ASGI_APP, WSGI_APP, Stack, everywhere

_EFFECTS = {"limit-concurrency": limited}

SCRUBBED = ("WEB_CONCURRENCY", "FORWARDED_ALLOW_IPS", "UVICORN_*")

A2WSGI_THREAD = Holds(
    "a thread",
    (
        Limit(
            Supply.THREADS,
            threads,
            AtLimit.QUEUES,
            "its event loop accepts whether or not a thread is free, and the request "
            "waits for one (a2wsgi/wsgi.py, WSGIResponder), so one worker may be full "
            "before the other",
            evenness=0.0,
            takes_on=True,
            waiting=descriptors,
        ),
        ON_UVLOOP,
    ),
    "the WSGI app runs in a pool of threads, and the one that waits in wsgi.input or "
    "for room in the send queue is not free (a2wsgi/wsgi.py)",
)

# A worker of uvicorn holds these: the standard three, its loop's, its listening socket.
# One of several holds the pipes to its supervisor too (uvicorn/supervisors).
_WITH_UVLOOP, _WITH_ASYNCIO, _SUPERVISED = 14, 7, 6

_UVICORN = (
    "python -m uvicorn --host {host} --port {port} --workers {workers} --no-access-log"
).split()
# The WebSocket half of uvicorn is a package, and by default whichever is installed.
_WS = ("--ws", "wsproto")

_DEPLOY = (
    f"{MORE_DESCRIPTORS} No option ends a slow client. --limit-concurrency answers 503 "
    "to all above its number, so that some descriptors are left."
)

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
        | dict.fromkeys((Phase.SILENT, Phase.HEAD), connection(ON_UVLOOP, IN_UVLOOP)),
        app=WSGI_APP,
        # With --http and --loop auto, uvicorn takes httptools and uvloop.
        packages=("uvicorn", "a2wsgi", "httptools", "uvloop"),
        threads=8,
        own_descriptors=_WITH_UVLOOP,
        effects=_EFFECTS,
        siblings_descriptors=_SUPERVISED,
        deploy=(
            "The threads of a2wsgi are how many slow uploads and downloads each worker "
            "holds (10 by default). No option ends one."
        ),
    ),
    Stack(
        id="asgi-uvicorn",
        interface="asgi",
        server="uvicorn",
        worker="httptools",
        argv=(*_UVICORN, *"--http httptools --loop uvloop".split(), *_WS, "{app}"),
        holds=on_a_loop(ON_UVLOOP, IN_UVLOOP),
        app=ASGI_APP,
        packages=("uvicorn", "httptools", "uvloop"),
        own_descriptors=_WITH_UVLOOP,
        effects=_EFFECTS,
        siblings_descriptors=_SUPERVISED,
        deploy=_DEPLOY,
    ),
    Stack(
        id="asgi-uvicorn-h11",
        interface="asgi",
        server="uvicorn",
        worker="h11",
        argv=(*_UVICORN, *"--http h11 --loop asyncio".split(), *_WS, "{app}"),
        holds=on_a_loop(ON_ASYNCIO, IN_ASYNCIO),
        app=ASGI_APP,
        packages=("uvicorn", "h11"),
        own_descriptors=_WITH_ASYNCIO,
        effects=_EFFECTS,
        siblings_descriptors=_SUPERVISED,
        deploy=_DEPLOY,
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
        deviations=(
            Deviation(
                ("http2-no-body",),
                None,
                "uvicorn does not tell the app of the end of a body without frames",
            ),
        ),
    ),
]
