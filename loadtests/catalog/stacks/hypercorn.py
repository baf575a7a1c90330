"""hypercorn: ASGI on asyncio."""

from __future__ import annotations

import dataclasses

from loadtests.catalog.contract import Deviation
from loadtests.catalog.phases import Phase
from loadtests.catalog.stacks.limits import COMES_BACK_S, Ends
from loadtests.catalog.stacks.loops import (
    IN_ASYNCIO,
    MORE_DESCRIPTORS,
    ON_ASYNCIO,
    connection,
    on_a_loop,
)
from loadtests.catalog.stacks.stack import ASGI_APP, Stack

SCRUBBED = ()  # it reads no variable of its own

_KEEP_ALIVE_S = 5.0  # hypercorn/config.py, keep_alive_timeout

_UNTIL_IDLE = dataclasses.replace(
    connection(ON_ASYNCIO, IN_ASYNCIO),
    what=f"a file descriptor, {_KEEP_ALIVE_S:g} s of every "
    f"{_KEEP_ALIVE_S + COMES_BACK_S:g}",
    because="a connection without a whole head of a request is idle, and closed after "
    "--keep-alive, 5 s (hypercorn/asyncio/tcp_server.py, _idle_timeout). That frees "
    "more places in a second than --backlog 100 lets wait, so who gets into the queue "
    "is served in time, and whether under 1 % get in is chance",
    held_s=_KEEP_ALIVE_S,
    away_s=COMES_BACK_S,
    backlog=100,  # hypercorn/config.py
)


def _queueing(stack: Stack, backlog: int) -> Stack:
    """With a longer queue all wait in it, and too long."""
    holds = {
        phase: dataclasses.replace(held, backlog=backlog) if held.backlog else held
        for phase, held in stack.holds.items()
    }
    return dataclasses.replace(stack, holds=holds)


STACKS = [
    Stack(
        id="asgi-hypercorn",
        interface="asgi",
        server="hypercorn",
        worker="asyncio",
        argv=tuple(
            "python -m hypercorn --bind {host}:{port} --workers {workers} "
            "--worker-class asyncio {app}".split()
        ),
        holds=on_a_loop(ON_ASYNCIO, IN_ASYNCIO)
        | dict.fromkeys((Phase.SILENT, Phase.HEAD), _UNTIL_IDLE),
        app=ASGI_APP,
        packages=("hypercorn", "h11"),
        own_descriptors=11,
        effects={"backlog": _queueing},
        ends=dict.fromkeys(
            (Phase.SILENT, Phase.HEAD), Ends(_KEEP_ALIVE_S, "--keep-alive 5")
        ),
        deviations=(
            Deviation(
                ("websocket-code-seen",),
                None,
                "hypercorn gives the app 1000 or 1006, not the client's code "
                "(hypercorn/protocol/ws_stream.py, handle)",
            ),
        ),
        deploy=(
            f"{MORE_DESCRIPTORS} --keep-alive 5 also closes a connection whose headers "
            "take longer than 5 s. --read-timeout, off by default, ends whatever sends "
            "nothing for so long, also while a handler or a download is slow."
        ),
    ),
]
