"""What event loops lend to slow clients: descriptors, and the loop itself if it blocks.

Two loops differ only in what a worker does when it has no descriptor left.
"""

from __future__ import annotations

import dataclasses

from loadtests.catalog.phases import Phase
from loadtests.catalog.stacks.limits import (
    COMES_BACK_S,
    AtLimit,
    Holds,
    Limit,
    Supply,
    descriptors,
    one,
    worker_connections,
)
from loadtests.catalog.stacks.stack import Stack, StackError, everywhere
from loadtests.catalog.target import HANDLER_S

# How full the other workers are at least when the first has no descriptor left, with
# clients that come one after another. Measured: 0.5 to 0.9 with two workers, where they
# run WSGI 0.22 to 0.6, and 0.43 to 0.51 with four. The kernel wakes workers in the same
# order each time, and the last one mostly finds the connection taken. So of ten workers
# the nine others held 1.6 times as much as the first, at 1,000 clients a second.
_EVENNESS = 0.2
_SHARING = 5
# How many healthy requests come in the second that asyncio pauses, at the rate of the
# profiles. With fewer descriptors left, the queue grows and every answer is too late.
_A_SECOND_OF_REQUESTS = 300

# Where a loop keeps its connections.
IN_UVLOOP = "uvloop/handles/stream.pyx"
IN_ASYNCIO = "asyncio/selector_events.py"

# To whoever deploys an event loop.
MORE_DESCRIPTORS = (
    "Raise the limit of descriptors (ulimit -n, LimitNOFILE=): each worker holds as "
    "many slow clients as it has descriptors left."
)

ON_UVLOOP = Limit(
    Supply.DESCRIPTORS,
    descriptors,
    AtLimit.DROPS,
    "without a descriptor libuv gives up one in reserve to accept and close whatever "
    "waits (src/unix/stream.c, uv__emfile_trick); dropping is quick, so the full "
    "worker wins most connections that another could still serve",
    evenness=_EVENNESS,
    sharing=_SHARING,
    takes_on=True,
)

_REFUSED = Limit(
    Supply.WORKER_CONNECTIONS,
    worker_connections,
    AtLimit.REFUSES,
    "with as many connections as --limit-concurrency, its own included, a request is "
    "answered 503; the worker goes on accepting (uvicorn/protocols/http/h11_impl.py, "
    "handle_events)",
    evenness=_EVENNESS,
    sharing=_SHARING,
    takes_on=True,
)
# A client that has asked nothing yet is not refused: it stays, and counts.
_COUNTED = dataclasses.replace(_REFUSED, waiting=descriptors)

ON_ASYNCIO = Limit(
    Supply.DESCRIPTORS,
    descriptors,
    AtLimit.SPINS,
    "without a descriptor asyncio tries to accept as often as its backlog is long "
    "(uvicorn's is 2048, hypercorn's 100), logs each failure, and tries again 1 s "
    "later (asyncio/selector_events.py, _accept_connection). A burst can take the last "
    "descriptors of the other workers too. Then more requests come in a second than "
    "all of them accept",
    evenness=_EVENNESS,
    sharing=_SHARING,
    jam=_A_SECOND_OF_REQUESTS,
)

_BLOCKED = Holds(
    "a worker's event loop",
    (
        Limit(
            Supply.EVENT_LOOPS,
            one,
            AtLimit.BLOCKS,
            "a loop that is held accepts nobody, so the next falls to another",
        ),
    ),
    "a blocking call in an `async def` holds the event loop, and with it all clients "
    "of that worker (asyncio/base_events.py, run_forever)",
)


def connection(limit: Limit, source: str) -> Holds:
    """What a connection holds on an event loop with this limit; `source` is where the
    loop keeps it."""
    return Holds(
        "a file descriptor",
        (limit,),
        "the event loop keeps an unfinished connection as a socket and some memory, "
        f"with no worker or thread behind it ({source})",
    )


def limited(stack: Stack, connections: int) -> Stack:
    """The stack with --limit-concurrency: a request that finds so many connections in
    its worker, its own among them, is refused."""
    if connections < 2:
        raise StackError("--limit-concurrency 1 refuses every request")
    before = (Phase.SILENT, Phase.HEAD)
    holds = {
        phase: dataclasses.replace(
            held, limits=(_COUNTED if phase in before else _REFUSED, *held.limits)
        )
        for phase, held in stack.holds.items()
    }
    return dataclasses.replace(
        stack,
        holds=holds,
        worker_connections=connections - 1,
        connections="limit_concurrency",
    )


def on_a_loop(limit: Limit, source: str) -> dict[Phase, Holds]:
    """An ASGI app: a descriptor in every phase, unless the handler blocks the loop. A
    handler that waits is done after a while, and its client comes again."""
    held = connection(limit, source)
    waits = dataclasses.replace(held, held_s=HANDLER_S, away_s=COMES_BACK_S)
    blocks = {Phase.HANDLER_WAITS: waits, Phase.HANDLER_BLOCKS: _BLOCKED}
    return everywhere(held) | blocks
