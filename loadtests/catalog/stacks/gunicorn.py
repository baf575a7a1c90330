"""gunicorn: its sync, gthread, gevent, ASGI and uvicorn workers."""

from __future__ import annotations

from loadtests.catalog.contract import Deviation
from loadtests.catalog.phases import Phase
from loadtests.catalog.stacks.gunicorn_workers import (
    GREENLET,
    GTHREAD,
    SYNC,
    greenlet_until_keepalive,
    gthread_idle,
    not_obeyed,
)
from loadtests.catalog.stacks.limits import Ends
from loadtests.catalog.stacks.loops import (
    IN_UVLOOP,
    MORE_DESCRIPTORS,
    ON_UVLOOP,
    on_a_loop,
)
from loadtests.catalog.stacks.stack import ASGI_APP, WSGI_APP, Stack, everywhere

# PORT makes gunicorn bind 0.0.0.0, WEB_CONCURRENCY changes the count of its workers.
SCRUBBED = ("PORT", "WEB_CONCURRENCY", "GUNICORN_CMD_ARGS", "FORWARDED_ALLOW_IPS")

_GUNICORN = (
    "python -m gunicorn --bind {host}:{port} --workers {workers} "
    "--no-control-socket --worker-class"
).split()
_THREADS = ("--threads", "{threads}")
_CONNECTIONS = ("--worker-connections", "{worker_connections}")
_KEEPALIVE_S = 2  # the default of --keep-alive
_TIMEOUT = Ends(30.0, "--timeout 30")
# "both": with prior knowledge or an upgrade. With "prior-knowledge" alone gunicorn says
# 400 to all HTTP/1.1, and that is what asks if the server is ready.
_GUNICORN_H2 = "--http-protocols h2,h1 --http2-cleartext both".split()
_UTF_8_ALONE = Deviation(
    ("headers-latin-1", "head-headers-latin-1"),
    None,
    "gunicorn has h2 decode header values as UTF-8, and others end the connection "
    "(gunicorn/http2/connection.py, header_encoding)",
)

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
        ends=dict.fromkeys(Phase, _TIMEOUT),
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
        holds=everywhere(GTHREAD) | gthread_idle(_KEEPALIVE_S),
        app=WSGI_APP,
        packages=("gunicorn",),
        threads=8,
        worker_connections=1000,
        keepalive_s=_KEEPALIVE_S,
        until_keepalive=gthread_idle,
        own_descriptors=10,
        ends={Phase.SILENT: Ends(7.0, "5 s for the first byte, then --keep-alive 2")},
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
        holds=everywhere(GREENLET) | greenlet_until_keepalive(_KEEPALIVE_S),
        app=WSGI_APP,
        packages=("gunicorn", "gevent"),
        worker_connections=1000,
        keepalive_s=_KEEPALIVE_S,
        until_keepalive=greenlet_until_keepalive,
        own_descriptors=9,
        ends=dict.fromkeys((Phase.SILENT, Phase.HEAD), Ends(2.0, "--keep-alive 2")),
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
        holds=on_a_loop(ON_UVLOOP, IN_UVLOOP),
        app=ASGI_APP,
        own_descriptors=17,
        effects={"worker-connections": not_obeyed},
        ends={Phase.BODY: _TIMEOUT},
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
        holds=on_a_loop(ON_UVLOOP, IN_UVLOOP),
        own_descriptors=17,
        effects={"worker-connections": not_obeyed},
        app=ASGI_APP,
        packages=("gunicorn", "uvicorn-worker", "uvicorn", "httptools", "uvloop"),
        deploy=(
            f"{MORE_DESCRIPTORS} --timeout restarts a worker that stops answering its "
            "master, and never disconnects a slow client."
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
        deviations=(
            _UTF_8_ALONE,
            Deviation(
                ("headers*", "head-headers*"),
                200,
                "gunicorn puts HTTP_VERSION into environ, a header that nobody sent",
            ),
        ),
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
        deviations=(
            _UTF_8_ALONE,
            Deviation(
                ("hello-path-escaped", "head-hello-path-escaped"),
                404,
                "gunicorn does not decode the path over HTTP/2",
            ),
        ),
    ),
]
