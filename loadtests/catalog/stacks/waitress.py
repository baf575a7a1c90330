"""waitress: WSGI in threads behind a loop that buffers, in one process."""

from __future__ import annotations

from loadtests.catalog.contract import Deviation
from loadtests.catalog.phases import Phase
from loadtests.catalog.stacks.limits import (
    AtLimit,
    Ends,
    Holds,
    Limit,
    Supply,
    descriptors,
    threads,
    worker_connections,
)
from loadtests.catalog.stacks.stack import WSGI_APP, Stack, everywhere

SCRUBBED = ()  # it reads no variable of its own

_CONNECTIONS = Limit(
    Supply.WORKER_CONNECTIONS,
    worker_connections,
    AtLimit.QUEUES,
    "with as many connections as connection_limit, its own two included, it accepts "
    "none (waitress/server.py, readable)",
)
_DESCRIPTORS = Limit(
    Supply.DESCRIPTORS,
    descriptors,
    AtLimit.SPINS,
    "without a descriptor it tries to accept again and again, and logs each failure "
    "(waitress/server.py, handle_accept)",
)
_ACCEPTED = (_CONNECTIONS, _DESCRIPTORS)
_THREADS = Limit(
    Supply.THREADS,
    threads,
    AtLimit.QUEUES,
    "a request waits in a queue until a thread is free (waitress/task.py, "
    "ThreadedTaskDispatcher)",
)

_WATERMARK = 16 * 1024**2  # outbuf_high_watermark

BUFFERED = Holds(
    "a connection",
    _ACCEPTED,
    "its loop takes in a whole request, to a file above 512 kB, before a thread runs "
    "the app (waitress/channel.py, received)",
)
HANDLER = Holds(
    "a thread",
    (_THREADS, *_ACCEPTED),
    "a thread runs the app for one request to the end (waitress/task.py, "
    "handler_thread)",
)
READER = Holds(
    "a thread",
    (_THREADS, *_ACCEPTED),
    "a thread that runs ahead of its client by 16 MB, outbuf_high_watermark, waits for "
    "the client (waitress/channel.py, _flush_outbufs_below_high_watermark)",
)

STACKS = [
    Stack(
        id="wsgi-waitress",
        interface="wsgi",
        server="waitress",
        worker="threads",
        argv=tuple(
            "python -m waitress --host={host} --port={port} --threads={threads} "
            "--connection-limit={all_connections} --asyncore-use-poll {app}".split()
        ),
        holds=everywhere(BUFFERED)
        | {Phase.RESPONSE: READER}
        | dict.fromkeys(
            (Phase.HANDLER_WAITS, Phase.HANDLER_BLOCKS, Phase.STREAM), HANDLER
        ),
        app=WSGI_APP,
        packages=("waitress",),
        workers=1,
        threads=16,
        one_process=True,
        worker_connections=98,
        reads_ahead=_WATERMARK,
        own_connections=2,  # its listening socket, and the pipe that wakes it
        connections="connection_limit",
        own_descriptors=7,
        ends=dict.fromkeys(
            (Phase.SILENT, Phase.BODY), Ends(120.0, "--channel-timeout 120")
        ),
        deviations=(
            Deviation(
                ("headers-repeated", "head-headers-repeated"),
                200,
                "waitress joins repeated fields with a comma and a blank "
                "(waitress/parser.py, parse_header), as RFC 9110, 5.3, has it",
            ),
            Deviation(
                ("path-two-slashes", "head-path-two-slashes"),
                200,
                "waitress makes one slash of several at the start of a path "
                "(waitress/task.py, get_environment)",
            ),
            Deviation(
                ("upload-declares-10485761",),
                None,
                "waitress calls the app when the whole body is there, so that a body "
                "that is declared and not sent is waited for (waitress/channel.py)",
            ),
            Deviation(
                ("upload-declares-999999999999",),
                413,
                "waitress itself refuses more than max_request_body_size, 1 GB "
                "(waitress/parser.py)",
            ),
        ),
        deploy=(
            "--connection-limit 100 is how many clients it accepts at all: raise it, "
            "and the limit of descriptors (ulimit -n). Above 1,000 it needs "
            "--asyncore-use-poll. --threads is how many downloads over 16 MB it holds. "
            "--channel-timeout 120 closes silent clients."
        ),
    ),
]
