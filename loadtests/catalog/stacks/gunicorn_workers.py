"""What gunicorn's workers that are no event loops lend to slow clients."""

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
from loadtests.catalog.stacks.stack import Stack

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
        "before the other. Connections whose clients have given up count too, until a "
        "thread takes them, and with --worker-connections it accepts none (run)",
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


def gthread_idle(keepalive_s: int) -> dict[Phase, Holds]:
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


def greenlet_until_keepalive(keepalive_s: int) -> dict[Phase, Holds]:
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


def not_obeyed(stack: Stack, _: int) -> Stack:
    """An option that the worker stores, and never looks at."""
    return stack
