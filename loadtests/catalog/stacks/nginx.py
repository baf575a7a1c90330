"""nginx in front: of gunicorn's sync workers and of uvicorn, buffering and not.

The one rule: nginx waits for everybody in one loop for each worker, and a client costs
it connections and descriptors. With its buffering, the server behind sees a request
only when it is whole, and is done with an answer when nginx has it.
"""

from __future__ import annotations

import dataclasses

from loadtests.catalog.contract import Deviation
from loadtests.catalog.phases import Phase
from loadtests.catalog.stacks import gunicorn, uvicorn
from loadtests.catalog.stacks.front import Front
from loadtests.catalog.stacks.limits import Ends
from loadtests.catalog.stacks.nginx_workers import (
    BODY,
    DOWNLOAD,
    HEAD,
    PAIR,
    SILENT,
    WAITS,
)

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

_BEFORE = {Phase.SILENT: SILENT, Phase.HEAD: HEAD}
_STORED = {Phase.BODY: BODY, Phase.RESPONSE: DOWNLOAD}
_PASSED_ON = dict.fromkeys((Phase.BODY, Phase.RESPONSE), PAIR)
_WAITS = {
    Phase.HANDLER_WAITS: WAITS,
    **dict.fromkeys((Phase.STREAM, Phase.WEBSOCKET), PAIR),
}

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
        # Its worker waits for the body, and nginx for its worker.
        ends=_TIMEOUTS | {Phase.BODY: _SYNC.ends[Phase.BODY]},
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
