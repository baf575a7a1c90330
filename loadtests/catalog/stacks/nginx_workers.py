"""What a worker of nginx lends to slow clients, and what it does at its limits."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable

from loadtests.catalog.stacks.front import Front
from loadtests.catalog.stacks.limits import (
    COMES_BACK_S,
    AtLimit,
    Holds,
    Limit,
    Supply,
)
from loadtests.catalog.stacks.stack import Stack
from loadtests.catalog.target import HANDLER_S

# How full the other worker is when the first is. Workers that have taken 16 clients, or
# are nearly full, go to the end of the line (ngx_reorder_accept_events). Measured with
# two workers: 499 and 513, 506 and 507.
_EVENNESS = 0.97
# Who is turned away is away for half a second. Measured with two workers that hold
# 1,014 and 1,017: no harm yet with 1,016 and 1,017, and out with 1,047 and 1,048.
_TURNED_AWAY = 1.05
# With under a 16th free, a worker closes connections that it can do without.
_REUSING = 16
_REUSES = (
    "with under a 16th of its connections free, a worker of nginx closes those that "
    "have sent nothing yet, healthy ones too (src/core/ngx_connection.c, "
    "ngx_drain_connections)"
)
# A healthy request needs two at a time: to its client, and to the server behind.
_OF_A_REQUEST = 2


def _front(stack: Stack) -> Front:
    assert stack.front is not None
    return stack.front


def _first_without(free: int, each: int) -> int:
    """With how many clients, that hold so many each, no request finds two any more."""
    return max(1, (free - _OF_A_REQUEST) // each + 1)


def _descriptors(stack: Stack) -> int:
    """Those that a worker of nginx has left; each knows the channels of the others."""
    own = _front(stack).own_descriptors + stack.workers - 1
    return max(1, stack.nofile - own)


def _begins(each: int) -> Callable[[Stack], int]:
    """From how many clients on, that hold so many each, a worker has under a 16th of
    its connections free, and closes what has not spoken yet: healthy requests too, if
    another comes before their first byte."""

    def begins(stack: Stack) -> int:
        front = _front(stack)
        kept = front.connections - front.worker_connections // _REUSING
        return max(1, math.ceil(kept / each))

    return begins


def _connections(each: int) -> Limit:
    return Limit(
        Supply.WORKER_CONNECTIONS,
        lambda stack: _first_without(_front(stack).connections, each),
        AtLimit.DROPS,
        f"{_REUSES}. Without any, it accepts and closes at once (ngx_get_connection). "
        "Only a worker that accepts goes to the end of the line "
        "(src/event/ngx_event_accept.c, ngx_reorder_accept_events), so the first to "
        "be full is woken for nearly all that come, although others have room",
        evenness=_EVENNESS,
        takes_on=True,
        begins=_begins(each),
        stays_first=True,
        turned_away=_TURNED_AWAY,
    )


def _files(each: int, connections: int) -> Limit:
    return Limit(
        Supply.DESCRIPTORS,
        lambda stack: _first_without(_descriptors(stack), each),
        AtLimit.QUEUES,
        f"{_REUSES}. Without a descriptor, it accepts nobody for 500 ms "
        "(src/event/ngx_event_accept.c, ngx_event_accept); with one left it accepts, "
        "and cannot ask the server behind",
        evenness=_EVENNESS,
        begins=_begins(connections),
        turned_away=_TURNED_AWAY,
    )


SILENT = Holds(
    "a connection that nginx closes when it needs one",
    (_connections(1), _files(1, connections=1)),
    "with under a 16th of its connections free, a worker closes those that have sent "
    "nothing yet, up to 32 at a time and the oldest first (src/core/ngx_connection.c, "
    "ngx_drain_connections), so that whoever speaks is served",
    makes_room=True,
)
HEAD = Holds(
    "a connection of nginx",
    (_connections(1), _files(1, connections=1)),
    "nginx reads a whole head before it asks the server behind, for 60 s at the most, "
    "client_header_timeout (src/http/ngx_http_request.c, "
    "ngx_http_process_request_headers)",
)
BODY = Holds(
    "a connection of nginx",
    (_connections(1), _files(1, connections=1)),
    "with proxy_request_buffering, nginx takes in a whole body, to a file above 16 kB, "
    "before it asks the server behind (src/http/ngx_http_request_body.c, "
    "ngx_http_read_client_request_body)",
)
DOWNLOAD = Holds(
    "a connection of nginx and a file",
    (_connections(1), _files(2, connections=1)),
    "with proxy_buffering, nginx takes the answer as fast as it comes, to a file of up "
    "to 1 GB, proxy_max_temp_file_size, and the server behind is done "
    "(src/event/ngx_event_pipe.c, ngx_event_pipe_write_chain_to_temp_file)",
)
PAIR = Holds(
    "a pair of connections of nginx",
    (_connections(2), _files(2, connections=2)),
    "nginx holds one connection to the client and one to the server behind until the "
    "answer is over, and both count (src/http/ngx_http_upstream.c, "
    "ngx_http_upstream_connect)",
)
WAITS = dataclasses.replace(PAIR, held_s=HANDLER_S, away_s=COMES_BACK_S)
