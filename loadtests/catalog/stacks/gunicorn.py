"""gunicorn: its sync, gthread, gevent, ASGI and uvicorn workers."""

from __future__ import annotations

from loadtests.catalog.phases import Phase
from loadtests.catalog.stacks.limits import (
    COMES_BACK_S,
    AtLimit,
    Holds,
    Limit,
    Supply,
    descriptors,
    one,
    threads,
    worker_connections,
)
from loadtests.catalog.stacks.loops import MORE_DESCRIPTORS, ON_UVLOOP, on_a_loop
from loadtests.catalog.stacks.stack import ASGI_APP, WSGI_APP, Stack, everywhere

# PORT makes gunicorn bind 0.0.0.0, WEB_CONCURRENCY changes the count of its workers.
SCRUBBED = ("PORT", "WEB_CONCURRENCY", "GUNICORN_CMD_ARGS", "FORWARDED_ALLOW_IPS")

SYNC = Holds(
    "a worker",
    (
        Limit(
            Supply.WORKERS,
            one,
            AtLimit.BLOCKS,
            "a worker accepts the next client when it is done with the last "
            "(gunicorn/workers/sync.py, run_for_one)",
        ),
    ),
    "gunicorn's sync worker reads, runs the app and writes for one client at a time "
    "(gunicorn/workers/sync.py); only --timeout, 30 s, ends it",
)

_POOL = (
    Limit(
        Supply.THREADS,
        threads,
        AtLimit.QUEUES,
        "a worker accepts whether or not a thread is free, and the client waits there "
        "for one (gunicorn/workers/gthread.py, accept), so one worker may be full "
        "before the other; whoever gives up is counted until a thread takes the "
        "connection, and with --worker-connections of them it accepts none (run)",
        evenness=0.0,
        takes_on=True,
        waiting=lambda stack: min(worker_connections(stack), descriptors(stack)),
        keeps=True,
    ),
    Limit(
        Supply.WORKER_CONNECTIONS,
        worker_connections,
        AtLimit.QUEUES,
        "with as many clients, a worker accepts no more "
        "(gunicorn/workers/gthread.py, run)",
    ),
    Limit(
        Supply.DESCRIPTORS,
        descriptors,
        AtLimit.BLOCKS,
        "without a descriptor accept raises, which ends the worker's loop but not its "
        "threads (gunicorn/workers/gthread.py, accept); --timeout, 30 s, kills it",
    ),
)

GTHREAD = Holds(
    "a thread",
    _POOL,
    "once the first byte is there, a gthread thread reads, runs the app and writes for "
    "its client to the end (gunicorn/workers/gthread.py, handle)",
)

_FIRST_BYTE_S = 5.0  # so long a worker of threads waits for the first byte


def _gthread_idle(keepalive_s: int) -> dict[Phase, Holds]:
    away_s = keepalive_s + COMES_BACK_S
    idle = Holds(
        f"a thread, 5 s of every {_FIRST_BYTE_S + away_s:g}",
        _POOL,
        "a thread waits 5 s for the first byte (DEFAULT_WORKER_DATA_TIMEOUT), then the "
        f"connection is parked for keepalive, {keepalive_s} s, and closed "
        "(gunicorn/workers/gthread.py, finish_request); those that come together hold "
        "their threads together, later ones by turns",
        held_s=_FIRST_BYTE_S,
        away_s=away_s,
    )
    return {Phase.SILENT: idle}


_GREENLETS = (
    Limit(
        Supply.WORKER_CONNECTIONS,
        worker_connections,
        AtLimit.QUEUES,
        "with a greenlet for each of --worker-connections, a worker accepts none, and "
        "what waits falls to the others (gevent/baseserver.py, _do_read)",
    ),
    Limit(
        Supply.DESCRIPTORS,
        descriptors,
        AtLimit.QUEUES,
        "without a descriptor a worker waits 10 ms to 1 s before it accepts again, and "
        "what waits falls to the others (gevent/baseserver.py, _do_read, max_delay)",
    ),
)

GREENLET = Holds(
    "a greenlet",
    _GREENLETS,
    "a greenlet for each connection, up to --worker-connections; the worker patches "
    "time.sleep, so that it blocks one greenlet (gunicorn/workers/ggevent.py)",
)


def _greenlet_until_keepalive(keepalive_s: int) -> dict[Phase, Holds]:
    until = Holds(
        f"a greenlet, {keepalive_s} s of every {keepalive_s + COMES_BACK_S:g}",
        _GREENLETS,
        "a greenlet waits for the end of the headers for keepalive, "
        f"{keepalive_s} s, and then closes (gunicorn/workers/ggevent.py, timeout_ctx); "
        "those that come together hold their greenlets together, later ones by turns",
        held_s=float(keepalive_s),
        away_s=COMES_BACK_S,
    )
    return dict.fromkeys((Phase.SILENT, Phase.HEAD), until)


_GUNICORN = (
    "python -m gunicorn --bind {host}:{port} --workers {workers} "
    "--no-control-socket --worker-class"
).split()
_THREADS = ("--threads", "{threads}")
_CONNECTIONS = ("--worker-connections", "{worker_connections}")
_KEEPALIVE_S = 2  # the default of --keep-alive
# "both": with prior knowledge or an upgrade. With "prior-knowledge" alone gunicorn says
# 400 to all HTTP/1.1, and that is what asks if the server is ready.
_GUNICORN_H2 = "--http-protocols h2,h1 --http2-cleartext both".split()

STACKS = [
    Stack(
        id="wsgi-gunicorn-sync",
        interface="wsgi",
        server="gunicorn",
        worker="sync",
        argv=(*_GUNICORN, "sync", "{app}"),
        holds=everywhere(SYNC),
        app=WSGI_APP,
        packages=("gunicorn",),
        own_descriptors=7,
        deploy=(
            "Put a proxy in front that buffers requests and responses. --timeout 30 "
            "kills the worker that a slow client holds, and loses its request."
        ),
    ),
    Stack(
        id="wsgi-gunicorn-gthread",
        interface="wsgi",
        server="gunicorn",
        worker="gthread",
        argv=(*_GUNICORN, "gthread", *_THREADS, *_CONNECTIONS, "{app}"),
        holds=everywhere(GTHREAD) | _gthread_idle(_KEEPALIVE_S),
        app=WSGI_APP,
        packages=("gunicorn",),
        threads=8,
        worker_connections=1000,
        keepalive_s=_KEEPALIVE_S,
        until_keepalive=_gthread_idle,
        own_descriptors=10,
        deploy=(
            "--threads is how many slow clients each worker holds; one may be full "
            "before another. No option ends a slow client: --timeout does not."
        ),
    ),
    Stack(
        id="wsgi-gunicorn-gevent",
        interface="wsgi",
        server="gunicorn",
        worker="gevent",
        argv=(*_GUNICORN, "gevent", *_CONNECTIONS, "{app}"),
        holds=everywhere(GREENLET) | _greenlet_until_keepalive(_KEEPALIVE_S),
        app=WSGI_APP,
        packages=("gunicorn", "gevent"),
        worker_connections=1000,
        keepalive_s=_KEEPALIVE_S,
        until_keepalive=_greenlet_until_keepalive,
        own_descriptors=9,
        deploy=(
            "--worker-connections is how many each worker holds. --keep-alive 2 also "
            "closes a connection whose headers take longer than 2 s. Nothing ends a "
            "slow upload or download."
        ),
    ),
    Stack(
        id="asgi-gunicorn",
        interface="asgi",
        server="gunicorn",
        worker="asgi",
        argv=(*_GUNICORN, "asgi", "{app}"),
        # It stores --worker-connections, and never compares (workers/gasgi.py).
        holds=on_a_loop(ON_UVLOOP),
        app=ASGI_APP,
        own_descriptors=17,
        packages=("gunicorn", "uvloop"),  # --asgi-loop auto takes it if it is there
        deploy=(
            f"{MORE_DESCRIPTORS} --worker-connections is not obeyed. An upload that "
            "pauses for --timeout 30 looks to the app like a client that left."
        ),
    ),
    Stack(
        id="asgi-gunicorn-uvicorn",
        interface="asgi",
        server="gunicorn",
        worker="uvicorn",
        argv=(*_GUNICORN, "uvicorn_worker.UvicornWorker", "{app}"),
        holds=on_a_loop(ON_UVLOOP),
        own_descriptors=17,
        app=ASGI_APP,
        packages=("gunicorn", "uvicorn-worker", "uvicorn", "httptools", "uvloop"),
        deploy=(
            f"{MORE_DESCRIPTORS} --timeout ends no slow client: only a worker that "
            "stops answering its master."
        ),
    ),
    Stack(
        id="wsgi-gunicorn-gthread-h2",
        interface="wsgi",
        server="gunicorn",
        worker="gthread",
        argv=(*_GUNICORN, "gthread", *_THREADS, *_GUNICORN_H2, "{app}"),
        holds={},
        app=WSGI_APP,
        packages=("gunicorn",),
        threads=8,
        http2=True,
    ),
    Stack(
        id="asgi-gunicorn-h2",
        interface="asgi",
        server="gunicorn",
        worker="asgi",
        argv=(*_GUNICORN, "asgi", *_GUNICORN_H2, "{app}"),
        holds={},
        app=ASGI_APP,
        packages=("gunicorn", "uvloop"),
        http2=True,
    ),
]
