"""gunicorn: its sync, gthread, gevent, ASGI and uvicorn workers."""

from __future__ import annotations

from loadtests.catalog.phases import Phase
from loadtests.catalog.stacks.stack import (
    ASGI_APP,
    ON_A_LOOP,
    WSGI_APP,
    Holds,
    Stack,
    everywhere,
    threads,
    workers,
)

# PORT makes gunicorn bind 0.0.0.0, WEB_CONCURRENCY changes the count of its workers.
SCRUBBED = ("PORT", "WEB_CONCURRENCY", "GUNICORN_CMD_ARGS", "FORWARDED_ALLOW_IPS")


def _worker_connections(stack: Stack) -> int:
    return stack.workers * 1000  # gunicorn's default for --worker-connections


SYNC = Holds(
    "a worker",
    workers,
    "gunicorn's sync worker reads, runs the app and writes for one client at a time "
    "(gunicorn/workers/sync.py); only --timeout, 30 s, ends it",
)

GTHREAD = Holds(
    "a thread",
    threads,
    "once the first byte is there, a gthread thread reads, runs the app and writes for "
    "its client to the end (gunicorn/workers/gthread.py, handle); a worker accepts "
    "whether or not a thread is free (accept), so one may be full before the other",
    uneven=True,
)

GTHREAD_IDLE = Holds(
    "a thread, 5 s of every 7",
    threads,
    "a thread waits 5 s for the first byte (DEFAULT_WORKER_DATA_TIMEOUT), then the "
    "connection is parked for keepalive, 2 s, and closed (gthread.py, finish_request); "
    "those that come together hold their threads together, later ones by turns",
    uneven=True,
    share=5 / 7,
)

GREENLET = Holds(
    "a greenlet",
    _worker_connections,
    "a greenlet for each connection, up to --worker-connections, 1000 a worker; the "
    "worker patches time.sleep, so that it blocks one greenlet (workers/ggevent.py)",
)

_GUNICORN = (
    "python -m gunicorn --bind {host}:{port} --workers {workers} "
    "--no-control-socket --worker-class"
).split()
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
    ),
    Stack(
        id="wsgi-gunicorn-gthread",
        interface="wsgi",
        server="gunicorn",
        worker="gthread",
        argv=(*_GUNICORN, "gthread", "--threads", "{threads}", "{app}"),
        holds=everywhere(GTHREAD) | {Phase.SILENT: GTHREAD_IDLE},
        app=WSGI_APP,
        packages=("gunicorn",),
        threads=8,
    ),
    Stack(
        id="wsgi-gunicorn-gevent",
        interface="wsgi",
        server="gunicorn",
        worker="gevent",
        argv=(*_GUNICORN, "gevent", "{app}"),
        holds=everywhere(GREENLET),
        app=WSGI_APP,
        packages=("gunicorn", "gevent"),
    ),
    Stack(
        id="asgi-gunicorn",
        interface="asgi",
        server="gunicorn",
        worker="asgi",
        argv=(*_GUNICORN, "asgi", "{app}"),
        holds=ON_A_LOOP,
        app=ASGI_APP,
        packages=("gunicorn", "uvloop"),  # --asgi-loop auto takes it if it is there
    ),
    Stack(
        id="asgi-gunicorn-uvicorn",
        interface="asgi",
        server="gunicorn",
        worker="uvicorn",
        argv=(*_GUNICORN, "uvicorn_worker.UvicornWorker", "{app}"),
        holds=ON_A_LOOP,
        app=ASGI_APP,
        packages=("gunicorn", "uvicorn-worker", "uvicorn", "httptools", "uvloop"),
    ),
    Stack(
        id="wsgi-gunicorn-gthread-h2",
        interface="wsgi",
        server="gunicorn",
        worker="gthread",
        argv=(*_GUNICORN, "gthread", "--threads", "{threads}", *_GUNICORN_H2, "{app}"),
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
