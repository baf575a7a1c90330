"""granian: WSGI in threads, and ASGI on a loop, behind a server written in Rust.

Each worker listens on a socket of its own (SO_REUSEPORT), and the kernel shares clients
out by a hash: a full worker gets as many of the next as any other.
"""

from __future__ import annotations

import dataclasses

from loadtests.catalog.contract import Deviation
from loadtests.catalog.phases import Phase
from loadtests.catalog.stacks.limits import (
    COMES_BACK_S,
    AtLimit,
    Ends,
    Holds,
    Limit,
    Supply,
    descriptors,
    one,
    threads,
    worker_connections,
)
from loadtests.catalog.stacks.stack import ASGI_APP, WSGI_APP, Stack, everywhere
from loadtests.catalog.target import HANDLER_S

SCRUBBED = ("GRANIAN_*",)

_HEAD_S = 30.0  # --http1-header-read-timeout

_CONNECTIONS = Limit(
    Supply.WORKER_CONNECTIONS,
    worker_connections,
    AtLimit.QUEUES,
    "with as many connections as --backpressure a worker accepts none, and what the "
    "kernel hashes to it waits (src/workers.rs, src/net.rs, set_reuse_port)",
    hashed=True,
)
_DESCRIPTORS = Limit(
    Supply.DESCRIPTORS,
    descriptors,
    AtLimit.QUEUES,
    "without a descriptor accept fails, and what the kernel hashes to the worker waits "
    "(src/net.rs, set_reuse_port)",
    hashed=True,
)
_ACCEPTED = (_CONNECTIONS, _DESCRIPTORS)

CONNECTION = Holds(
    "a connection",
    _ACCEPTED,
    "a connection counts against --backpressure, 512 a worker, and has no thread "
    "behind it (granian/server/common.py, backpressure)",
)
HEAD = dataclasses.replace(
    CONNECTION,
    because="a connection counts against --backpressure; one whose head is not whole "
    "30 s after its first byte, --http1-header-read-timeout, is closed "
    "(granian/http.py)",
    held_s=_HEAD_S,
    away_s=COMES_BACK_S,
)
THREAD = Holds(
    "a thread",
    (
        Limit(
            Supply.THREADS,
            threads,
            AtLimit.QUEUES,
            "a request waits for one of --blocking-threads in the worker that the "
            "kernel hashed it to (src/net.rs, set_reuse_port)",
            hashed=True,
        ),
        *_ACCEPTED,
    ),
    "a blocking thread runs the app, waits in wsgi.input, and waits for room for the "
    "next piece of the response (src/wsgi/io.rs)",
)
_LOOP = Holds(
    "a worker's event loop",
    (
        Limit(
            Supply.EVENT_LOOPS,
            one,
            AtLimit.QUEUES,
            "a worker whose loop is held goes on accepting, and what the kernel hashes "
            "to it waits (src/net.rs, set_reuse_port)",
            hashed=True,
        ),
    ),
    "a blocking call in an `async def` holds the event loop, and with it all clients "
    "of that worker (asyncio/base_events.py, run_forever)",
)
_BEFORE_THE_APP = {Phase.SILENT: CONNECTION, Phase.HEAD: HEAD}
_WAITS = dataclasses.replace(CONNECTION, held_s=HANDLER_S, away_s=COMES_BACK_S)

_GRANIAN = (
    "python -m granian --host {host} --port {port} --workers {workers} "
    "--backpressure {worker_connections} --interface"
).split()
_ENDS = {Phase.HEAD: Ends(_HEAD_S, "--http1-header-read-timeout 30000")}
_BACKPRESSURE = 512  # by default its backlog of 1024, shared out among two workers
_DEPLOY = (
    "--backpressure is how many connections each worker holds, idle ones too: by "
    "default 1024 shared out among all workers. --http1-header-read-timeout 30000 ends "
    "slow headers. Nothing ends a silent client, a slow upload or a slow download."
)

STACKS = [
    Stack(
        id="wsgi-granian",
        interface="wsgi",
        server="granian",
        worker="threads",
        argv=(*_GRANIAN, *"wsgi --blocking-threads {threads} {app}".split()),
        holds=everywhere(THREAD) | _BEFORE_THE_APP,
        app=WSGI_APP,
        packages=("granian",),
        threads=8,
        worker_connections=_BACKPRESSURE,
        connections="backpressure",
        own_descriptors=27,
        ends=_ENDS,
        siblings_descriptors=2,
        deviations=(
            Deviation(
                ("headers-latin-1", "head-headers-latin-1"),
                200,
                "granian gives an empty value for a field that is not ASCII "
                "(src/wsgi/callbacks.rs, to_str)",
            ),
        ),
        deploy=(
            "--blocking-threads is how many slow uploads and downloads each worker "
            f"holds. By default it is half of --backpressure. {_DEPLOY}"
        ),
    ),
    Stack(
        id="asgi-granian",
        interface="asgi",
        server="granian",
        worker="uvloop",
        argv=(*_GRANIAN, *"asgi --loop uvloop {app}".split()),
        holds=everywhere(CONNECTION)
        | _BEFORE_THE_APP
        | {Phase.HANDLER_WAITS: _WAITS, Phase.HANDLER_BLOCKS: _LOOP},
        app=ASGI_APP,
        packages=("granian", "uvloop"),
        worker_connections=_BACKPRESSURE,
        connections="backpressure",
        own_descriptors=29,
        ends=_ENDS,
        siblings_descriptors=2,
        deploy=_DEPLOY,
    ),
]
