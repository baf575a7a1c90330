"""daphne: ASGI on Twisted, in one process."""

from __future__ import annotations

import dataclasses

from loadtests.catalog.contract import Deviation
from loadtests.catalog.phases import Phase
from loadtests.catalog.stacks.limits import (
    AtLimit,
    Ends,
    Holds,
    Limit,
    Supply,
    descriptors,
    two_descriptors,
)
from loadtests.catalog.stacks.loops import MORE_DESCRIPTORS, on_a_loop
from loadtests.catalog.stacks.stack import ASGI_APP, Stack

SCRUBBED = ("DAPHNE_*",)

ON_TWISTED = Limit(
    Supply.DESCRIPTORS,
    descriptors,
    AtLimit.DROPS,
    "without a descriptor Twisted gives up one in reserve, accepts whatever waits, and "
    "closes it (twisted/internet/tcp.py, _accept)",
)

# A long body is in a file meanwhile.
WITH_A_FILE = dataclasses.replace(ON_TWISTED, each=two_descriptors)
BODY = Holds(
    "a file descriptor, and one for its body",
    (WITH_A_FILE,),
    "the event loop keeps an unfinished body of 100 kB or more in a temporary file "
    "(twisted/web/http.py, _getContentFile), besides its connection",
)

STACKS = [
    Stack(
        id="asgi-daphne",
        interface="asgi",
        server="daphne",
        worker="twisted",
        argv=tuple("python -m daphne --bind {host} --port {port} -v 0 {app}".split()),
        holds=on_a_loop(ON_TWISTED, "twisted/internet/tcp.py") | {Phase.BODY: BODY},
        app=ASGI_APP,
        packages=("daphne", "twisted", "autobahn"),
        workers=1,
        one_process=True,
        own_descriptors=12,
        ends={
            **dict.fromkeys((Phase.SILENT, Phase.BODY), Ends(60.0, "none: Twisted's")),
            Phase.RESPONSE: Ends(75.0, "none: Twisted's, 15 s more"),
        },
        deviations=(
            Deviation(
                ("websocket-empty-message",),
                None,
                "daphne sends no empty message (daphne/ws_protocol.py, handle_reply)",
            ),
            Deviation(
                ("websocket-close-of-the-client",),
                None,
                "daphne answers a client's Close with 1000, whatever its code was "
                "(autobahn/websocket/protocol.py, onCloseFrame)",
            ),
            Deviation(
                ("websocket-code-seen",),
                None,
                "daphne gives the app no code, None, for a Close without one "
                "(daphne/ws_protocol.py, onClose)",
            ),
            Deviation(
                ("websocket-send-when-gone",),
                None,
                "daphne's send() raises autobahn's Disconnected, which is no OSError, "
                "and daphne logs a traceback (daphne/ws_protocol.py, serverSend)",
            ),
            Deviation(
                ("state", "head-state"),
                501,
                "daphne offers no lifespan (daphne/server.py handles no such scope)",
            ),
            Deviation(
                ("upload-declares-*",),
                None,
                "daphne calls the app when the whole body is there, so that a body "
                "that is declared and not sent is waited for (daphne/http_protocol.py, "
                "process)",
            ),
        ),
        deploy=(
            f"{MORE_DESCRIPTORS} It buffers a response without limit for a client that "
            "reads slowly. Twisted closes a silent connection after 60 s, and a "
            "download on a kept-alive one after some 75 s. For more than one process, "
            "start several (--fd)."
        ),
    ),
]
