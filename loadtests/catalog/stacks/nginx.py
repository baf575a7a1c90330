"""nginx in front: of gunicorn's sync workers and of uvicorn, buffering and not.

The one rule: nginx waits for everybody in one loop for each worker, and a client costs
it connections and descriptors. With its buffering, the server behind sees a request
only when it is whole, and is done with an answer when nginx has it.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable

from loadtests.catalog.contract import Deviation
from loadtests.catalog.phases import Phase
from loadtests.catalog.stacks import gunicorn, uvicorn
from loadtests.catalog.stacks.front import Front
from loadtests.catalog.stacks.limits import (
    COMES_BACK_S,
    AtLimit,
    Ends,
    Holds,
    Limit,
    Supply,
)
from loadtests.catalog.stacks.stack import Stack
from loadtests.catalog.target import HANDLER_S

SCRUBBED = ("NGINX", "NGINX_BPF_MAPS")  # descriptors that it would take over

_CONFIG = """\
worker_processes {{workers}};
events {{{{ worker_connections {{worker_connections}}; }}}}
http {{{{
  access_log off;{{also}}
  map $http_upgrade $connection_upgrade {{{{ default upgrade; '' close; }}}}
  server {{{{
    listen {{host}}:{{port}};
    client_max_body_size 0;{buffering}
    location / {{{{
      proxy_pass http://{{host}}:{{behind}};
      proxy_http_version 1.1;
      proxy_set_header Host $http_host;
      proxy_set_header Upgrade $http_upgrade;
      proxy_set_header Connection $connection_upgrade;
    }}}}
  }}}}
}}}}
"""
_OFF = """
    proxy_request_buffering off;
    proxy_buffering off;"""

BUFFERING = Front(
    program="nginx",
    config=_CONFIG.format(buffering=""),
    installed_by="apt-get install nginx",
    worker_connections=512,  # the default
    own_connections=2,  # its listening socket, and the channel to its master
    own_descriptors=7,
    stores=frozenset({Phase.RESPONSE}),
)
UNBUFFERED = dataclasses.replace(
    BUFFERING, config=_CONFIG.format(buffering=_OFF), stores=frozenset()
)

# How full the other worker is when the first is. Workers that have taken 16 clients, or
# are nearly full, go to the end of the line (ngx_reorder_accept_events). Measured with
# two workers: 499 and 513, 506 and 507.
_EVENNESS = 0.97
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
    )


_SILENT = Holds(
    "a connection that nginx closes when it needs one",
    (_connections(1), _files(1, connections=1)),
    "with under a 16th of its connections free, a worker closes those that have sent "
    "nothing yet, up to 32 at a time and the oldest first (src/core/ngx_connection.c, "
    "ngx_drain_connections), so that whoever speaks is served",
    makes_room=True,
)
_HEAD = Holds(
    "a connection of nginx",
    (_connections(1), _files(1, connections=1)),
    "nginx reads a whole head before it asks the server behind, for 60 s at the most, "
    "client_header_timeout (src/http/ngx_http_request.c, "
    "ngx_http_process_request_headers)",
)
_BODY = Holds(
    "a connection of nginx",
    (_connections(1), _files(1, connections=1)),
    "with proxy_request_buffering, nginx takes in a whole body, to a file above 16 kB, "
    "before it asks the server behind (src/http/ngx_http_request_body.c, "
    "ngx_http_read_client_request_body)",
)
_DOWNLOAD = Holds(
    "a connection of nginx and a file",
    (_connections(1), _files(2, connections=1)),
    "with proxy_buffering, nginx takes the answer as fast as it comes, to a file of up "
    "to 1 GB, proxy_max_temp_file_size, and the server behind is done "
    "(src/event/ngx_event_pipe.c, ngx_event_pipe_write_chain_to_temp_file)",
)
_PAIR = Holds(
    "a pair of connections of nginx",
    (_connections(2), _files(2, connections=2)),
    "nginx holds one connection to the client and one to the server behind until the "
    "answer is over, and both count (src/http/ngx_http_upstream.c, "
    "ngx_http_upstream_connect)",
)
_BEFORE = {Phase.SILENT: _SILENT, Phase.HEAD: _HEAD}
_STORED = {Phase.BODY: _BODY, Phase.RESPONSE: _DOWNLOAD}
_PASSED_ON = dict.fromkeys((Phase.BODY, Phase.RESPONSE), _PAIR)
_UNTIL_IT_ENDS = dataclasses.replace(_PAIR, held_s=HANDLER_S, away_s=COMES_BACK_S)
_WAITS = {Phase.HANDLER_WAITS: _UNTIL_IT_ENDS}

_TIMEOUTS = {
    Phase.SILENT: Ends(60.0, "client_header_timeout 60s"),
    Phase.HEAD: Ends(60.0, "client_header_timeout 60s"),
    Phase.BODY: Ends(60.0, "client_body_timeout 60s"),
    Phase.RESPONSE: Ends(60.0, "send_timeout 60s"),
}

_RAISE = (
    "Raise worker_connections, 512 by default, and worker_rlimit_nofile to over twice "
    "as many: a request takes a connection on each side, a stored answer a file."
)
_DISK = (
    "A slow download takes as much disk as it is long, up to proxy_max_temp_file_size "
    "1024m. A longer one holds the server behind."
)
_NO_HELP = (
    "Leave proxy_request_buffering and proxy_buffering on: without them slow uploads "
    "and downloads hold the server behind."
)

_TRACE = Deviation(
    ("trace-wait",),
    405,
    "nginx itself refuses TRACE (src/http/ngx_http_request.c, "
    "ngx_http_process_request_header)",
)
_WHOLE_BODIES = (
    _TRACE,
    Deviation(
        ("upload-declares-*",),
        None,
        "nginx asks the server when the whole body is there, so that a body that is "
        "declared and not sent is waited for (src/http/ngx_http_request_body.c)",
    ),
    Deviation(
        ("upload-too-large-chunked",),
        502,
        "nginx sends a chunked body on with its length, for which the app refuses it "
        "unread. The server closes, and nginx, that still sends, may not read the "
        "answer (src/http/ngx_http_upstream.c, ngx_http_upstream_send_request)",
    ),
)

_SYNC = next(s for s in gunicorn.STACKS if s.id == "wsgi-gunicorn-sync")
_UVICORN = next(s for s in uvicorn.STACKS if s.id == "asgi-uvicorn")

STACKS = [
    dataclasses.replace(
        _SYNC,
        id="wsgi-gunicorn-sync-nginx",
        holds=dict(_SYNC.holds) | _BEFORE | _STORED,
        ends=_TIMEOUTS,
        deviations=(*_SYNC.deviations, *_WHOLE_BODIES),
        deploy=f"{_RAISE} {_DISK}",
        front=BUFFERING,
    ),
    dataclasses.replace(
        _SYNC,
        id="wsgi-gunicorn-sync-nginx-unbuffered",
        holds=dict(_SYNC.holds) | _BEFORE,
        ends=_TIMEOUTS,
        deploy=_NO_HELP,
        deviations=(*_SYNC.deviations, _TRACE),
        front=UNBUFFERED,
    ),
    dataclasses.replace(
        _UVICORN,
        id="asgi-uvicorn-nginx",
        holds=dict(_UVICORN.holds) | _BEFORE | _STORED | _WAITS,
        ends=_TIMEOUTS,
        deviations=(*_UVICORN.deviations, *_WHOLE_BODIES),
        deploy=f"{_RAISE} {_DISK}",
        front=BUFFERING,
    ),
    dataclasses.replace(
        _UVICORN,
        id="asgi-uvicorn-nginx-unbuffered",
        holds=dict(_UVICORN.holds) | _BEFORE | _PASSED_ON | _WAITS,
        ends=_TIMEOUTS,
        deploy=_RAISE,
        deviations=(*_UVICORN.deviations, _TRACE),
        front=UNBUFFERED,
    ),
]
