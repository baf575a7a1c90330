"""The stacks: what there is to serve the apps with, a file for each server.

A new server is one file here with a list `STACKS`, and its name in `SERVERS`.
"""

from __future__ import annotations

from loadtests.catalog.names import unknown
from loadtests.catalog.stacks import gunicorn, uvicorn
from loadtests.catalog.stacks.stack import HOST, Holds, Stack, StackError

__all__ = [
    "HOST",
    "HTTP1",
    "HTTP2",
    "STACKS",
    "Holds",
    "Stack",
    "StackError",
    "choose",
    "find",
    "find_measurable",
]

LISTED = "make stacks lists them all"
SERVERS = (gunicorn, uvicorn)
# What serves an interface if nothing more is said.
FIRST = {"wsgi": "wsgi-gunicorn-sync", "asgi": "asgi-uvicorn"}


def _in_order(stack: Stack) -> tuple[bool, bool, bool]:
    """What can be measured before what is only served; WSGI before ASGI."""
    first = stack.id == FIRST[stack.interface]
    return stack.http2, stack.interface != "wsgi", not first


STACKS: dict[str, Stack] = {
    stack.id: stack
    for stack in sorted((s for server in SERVERS for s in server.STACKS), key=_in_order)
}
# Those that can be measured.
HTTP1: dict[str, Stack] = {k: stack for k, stack in STACKS.items() if not stack.http2}
HTTP2: dict[str, Stack] = {k: stack for k, stack in STACKS.items() if stack.http2}


def find(stack_id: str) -> Stack:
    """The stack of that id; StackError names the nearest."""
    try:
        return STACKS[stack_id]
    except KeyError:
        raise StackError(unknown("stack", stack_id, STACKS, LISTED)) from None


def find_measurable(stack_id: str) -> Stack:
    """The stack of that id; StackError where slow clients cannot speak to it."""
    stack = find(stack_id)
    if stack.http2:
        raise StackError(
            f"{stack_id} cannot be measured: it is for HTTP/2, and the slow clients "
            f"speak HTTP/1.1; make serve STACK={stack_id} serves it"
        )
    return stack


def choose(interface: str, server: str | None, worker: str | None) -> Stack:
    """The first HTTP/1.1 stack of this interface with that server and worker class."""
    of_interface = [s for s in HTTP1.values() if s.interface == interface]
    for stack in of_interface:
        if server in (None, stack.server) and worker in (None, stack.worker):
            return stack
    pairs = ", ".join(f"SERVER={s.server} WORKER={s.worker}" for s in of_interface)
    listed = f"there are {pairs}"
    servers = dict.fromkeys(stack.server for stack in of_interface)
    if server and server not in servers:
        raise StackError(unknown(f"{interface} server", server, servers, listed))
    workers = dict.fromkeys(stack.worker for stack in of_interface)
    if worker and worker not in workers:
        raise StackError(unknown(f"{interface} worker class", worker, workers, listed))
    wanted = f"SERVER={server or 'any'} WORKER={worker or 'any'}"
    raise StackError(f"nothing serves {interface} with {wanted}: {listed}")
