"""uWSGI: WSGI in threads, asked over HTTP without its router in front."""

from __future__ import annotations

from loadtests.catalog.contract import Deviation
from loadtests.catalog.phases import Phase
from loadtests.catalog.stacks.limits import (
    COMES_BACK_S,
    AtLimit,
    Ends,
    Holds,
    Limit,
    Supply,
    threads,
)
from loadtests.catalog.stacks.stack import WSGI_APP, Stack, everywhere

SCRUBBED = ("UWSGI_*",)

_SOCKET_TIMEOUT_S = 4.0  # --socket-timeout
_OPTION = "--socket-timeout 4"
# TCP_DEFER_ACCEPT is set to --socket-timeout, which Linux rounds up to whole
# retransmissions, after 1, 2 and 4 s (tcp_input.c, secs_to_retrans).
_DEFERRED_S = 7.0
# The slow reader of this project takes 512 bytes a second of some 80 kB.
_DRAINS_S = 160.0

_THREADS = (
    Limit(
        Supply.THREADS,
        threads,
        AtLimit.QUEUES,
        "a thread accepts when it is done with the last client, so what waits falls to "
        "any thread that is free (core/loop.c, simple_loop_run)",
    ),
)

THREAD = Holds(
    "a thread",
    _THREADS,
    "a thread reads the head, runs the app and writes for its client to the end; "
    "--socket-timeout, 4 s, ends only a client that says nothing for so long "
    "(proto/http.c, core/reader.c)",
)
SILENT = Holds(
    f"a thread, 4 s of every {_SOCKET_TIMEOUT_S + _DEFERRED_S + COMES_BACK_S:g}",
    _THREADS,
    "the kernel hands over a silent connection only after some 7 s (TCP_DEFER_ACCEPT, "
    "core/socket.c), and a thread then waits 4 s for its first byte (proto/http.c)",
    held_s=_SOCKET_TIMEOUT_S,
    away_s=_DEFERRED_S + COMES_BACK_S,
    together=True,
    begins_after_s=_DEFERRED_S,
)
READER = Holds(
    "a thread, for the first 4 s",
    _THREADS,
    "a thread that cannot write for --socket-timeout, 4 s, closes the connection "
    "(core/writer.c); its client goes on reading what the kernel still has for it, "
    "some 80 kB, and holds no thread any more. Those that come at once hold their "
    "threads at once",
    held_s=_SOCKET_TIMEOUT_S,
    away_s=_DRAINS_S,
    together=True,
)

STACKS = [
    Stack(
        id="wsgi-uwsgi",
        interface="wsgi",
        server="uwsgi",
        worker="threads",
        argv=tuple(
            "uwsgi --http-socket {host}:{port} --master --processes {workers} "
            "--threads {threads} --die-on-term --need-app --disable-logging "
            "--module {app}".split()
        ),
        holds=everywhere(THREAD) | {Phase.SILENT: SILENT, Phase.RESPONSE: READER},
        app=WSGI_APP,
        packages=("pyuwsgi",),
        threads=8,
        own_descriptors=16,
        ends={
            Phase.SILENT: Ends(_DEFERRED_S + _SOCKET_TIMEOUT_S, _OPTION),
            Phase.BODY: Ends(_SOCKET_TIMEOUT_S, _OPTION),
            Phase.RESPONSE: Ends(_SOCKET_TIMEOUT_S, _OPTION),
        },
        deviations=(
            Deviation(
                ("headers-repeated", "head-headers-repeated"),
                200,
                "uWSGI joins repeated fields with a comma and a blank (proto/http.c), "
                "as RFC 9110, 5.3, has it",
            ),
            Deviation(
                ("path-dots", "head-path-dots"),
                200,
                "uWSGI removes the dots of a path (core/utils.c, http_url_decode)",
            ),
            Deviation(
                ("upload-*-chunked",),
                411,
                "uWSGI leaves a chunked body to uwsgi.chunked_read(), which is no "
                "part of PEP 3333, and does not set wsgi.input_terminated "
                "(plugins/python/wsgi_handlers.c)",
            ),
        ),
        deploy=(
            "--threads is how many slow clients each process holds. --socket-timeout 4 "
            "ends a client that says nothing, or does not read, for 4 s. Nothing ends "
            "one that sends a byte now and then. With --http or a proxy in front, "
            "other limits come first."
        ),
    ),
]
