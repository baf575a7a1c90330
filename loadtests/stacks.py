"""The stacks: what serves each app, and how many slow clients that should take.

The one rule: a slow client holds something. Whatever a stack lends to a client that is
not finished (a worker, a thread, a greenlet, a file descriptor) is what runs out, and
the stack is predicted to be out when there are as many slow clients as it has of those.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

HOST = "127.0.0.1"


class StackError(Exception):
    """A stack that does not exist or cannot be served as asked; one line."""


@dataclass(frozen=True)
class Holds:
    """What one slow client holds, and for what reason.

    `supply` gives the number of those that a stack has: the predicted "out at". None
    stands for a supply that no staircase here reaches. `uneven`: a worker that has none
    left goes on accepting, so that the supply of the others lasts longer. `share`: of
    the time, how much of it a slow client holds its own; those that come together hold
    theirs at once, later ones may find some free.
    """

    what: str
    supply: Callable[[Stack], int | None]
    because: str
    uneven: bool = False
    share: float = 1.0


@dataclass(frozen=True)
class Stack:
    """Interface + server + worker class + counts, and the command that serves it.

    `argv` is spelled out, with `{host}`, `{port}`, `{workers}`, `{threads}` and `{app}`
    left open. `threads` is None where the stack runs no app code in threads.

    With `http2` it speaks HTTP/2 in clear text to clients that know so beforehand (RFC
    9113, 3.3). It is served and tested; but the slow clients speak HTTP/1.1, so it is
    not measured, and `holds` is empty.
    """

    id: str
    interface: str
    server: str
    worker: str
    argv: tuple[str, ...]
    holds: Mapping[str, Holds]
    app: str
    workers: int = 2
    threads: int | None = None
    http2: bool = False

    def command(self, port: int, host: str = HOST) -> list[str]:
        """The argv to serve this stack on `host:port`."""
        counts = {"workers": self.workers, "threads": self.threads or 1}
        return [
            word.format(host=host, port=port, app=self.app, **counts)
            for word in self.argv
        ]

    def predicted_out_at(self, scenario: str) -> int | None:
        """How many slow clients take this stack out; None: more than can be tried."""
        return self.holds[scenario].supply(self)

    def predicted_out_by(self, scenario: str) -> int | None:
        """How many take it out at the latest, where slow clients fall unevenly.

        Each falls to a worker as if by lot: with twice as many as there are threads,
        the chance that 2 x 8 are not all held is 0.2 %.
        """
        supply = self._spread_out(scenario)
        uneven = self.holds[scenario].uneven and self.workers > 1
        return 2 * supply if supply and uneven else supply

    def _spread_out(self, scenario: str) -> int | None:
        """The supply for slow clients that do not hold theirs at the same time."""
        supply = self.predicted_out_at(scenario)
        return supply and math.floor(supply / self.holds[scenario].share)

    def predicted_degrades_at(self, scenario: str) -> int | None:
        """How many slow clients can be the first to do harm; None: no number tried.

        Where slow clients fall evenly, the last free worker answers all: nothing is
        lost before the stack is out. Where they do not, all may fall to one worker.
        """
        supply = self.predicted_out_at(scenario)
        if supply and self.holds[scenario].uneven:
            return max(1, supply // self.workers)
        return supply

    def predicted_degrades_by(self, scenario: str) -> int | None:
        """How many do harm at the latest: with one fewer, each worker could still have
        something left; with as many, one of them has not."""
        supply = self._spread_out(scenario)
        if supply and self.holds[scenario].uneven:
            return supply - self.workers + 1
        return supply

    def with_counts(self, workers: int | None, threads: int | None) -> Stack:
        """This stack with other counts; the predictions follow from them."""
        if threads is not None and self.threads is None:
            raise StackError(f"{self.id} has no threads to set: leave THREADS= out")
        return replace(
            self, workers=workers or self.workers, threads=threads or self.threads
        )


def _workers(stack: Stack) -> int:
    return stack.workers


def _threads(stack: Stack) -> int:
    return stack.workers * (stack.threads or 1)


def _worker_connections(stack: Stack) -> int:
    return stack.workers * 1000  # gunicorn's default for --worker-connections


def _not_reached(stack: Stack) -> None:
    return None


SYNC = Holds(
    "a worker",
    _workers,
    "gunicorn's sync worker reads, runs the app and writes for one client at a time "
    "(gunicorn/workers/sync.py); only --timeout, 30 s, ends it",
)
GTHREAD = Holds(
    "a thread",
    _threads,
    "once the first byte is there, a gthread thread reads, runs the app and writes for "
    "its client to the end (gunicorn/workers/gthread.py, handle); a worker accepts "
    "whether or not a thread is free (accept), so one may be full before the other",
    uneven=True,
)
GTHREAD_IDLE = Holds(
    "a thread, 5 s of every 7",
    _threads,
    "a thread waits 5 s for the first byte (DEFAULT_WORKER_DATA_TIMEOUT), then the "
    "connection is parked for keepalive, 2 s, and closed (gthread.py, finish_request); "
    "those that come together hold their threads together, later ones by turns",
    uneven=True,
    share=5 / 7,
)
GREENLET = Holds(
    "a greenlet",
    _worker_connections,
    "a greenlet for each connection, up to --worker-connections, 1000 a worker; the "
    "worker patches time.sleep, so that it blocks one greenlet (workers/ggevent.py)",
)
A2WSGI_THREAD = Holds(
    "a thread",
    _threads,
    "the WSGI app runs in a pool of threads, and the one that waits in wsgi.input or "
    "for room in the send queue is not free (a2wsgi/wsgi.py); its event loop accepts "
    "whether or not a thread is free",
    uneven=True,
)
BLOCKED_LOOP = Holds(
    "a worker's event loop",
    _workers,
    "a blocking call in an `async def` holds the event loop, and with it all clients "
    "of that worker; a loop that is held accepts nobody, so the next falls to another",
)
EVENT_LOOP = Holds(
    "a file descriptor",
    _not_reached,
    "the event loop keeps an unfinished connection as a socket and some memory, with "
    "no worker or thread behind it",
)


def _everywhere(holds: Holds) -> dict[str, Holds]:
    clients = ("idle", "slow-headers", "slow-body", "slow-read")
    handlers = ("handler-wait", "loop-block")
    return dict.fromkeys((*clients, *handlers), holds)


_ON_A_LOOP = _everywhere(EVENT_LOOP) | {"loop-block": BLOCKED_LOOP}


_GUNICORN = (
    "python -m gunicorn --bind {host}:{port} --workers {workers} "
    "--no-control-socket --worker-class"
).split()
_UVICORN = (
    "python -m uvicorn --host {host} --port {port} --workers {workers} --no-access-log"
).split()

# The WebSocket half of uvicorn is a package, and by default whichever is installed.
_WS = ("--ws", "wsproto")
# "both": with prior knowledge or an upgrade. With "prior-knowledge" alone gunicorn says
# 400 to all HTTP/1.1, and that is what asks if the server is ready.
_GUNICORN_H2 = "--http-protocols h2,h1 --http2-cleartext both".split()

_WSGI = "wsgi_app:app"
_ASGI = "asgi_app:app"

_TABLE = [
    Stack(
        id="wsgi-gunicorn-sync",
        interface="wsgi",
        server="gunicorn",
        worker="sync",
        argv=(*_GUNICORN, "sync", "{app}"),
        holds=_everywhere(SYNC),
        app=_WSGI,
    ),
    Stack(
        id="wsgi-gunicorn-gthread",
        interface="wsgi",
        server="gunicorn",
        worker="gthread",
        argv=(*_GUNICORN, "gthread", "--threads", "{threads}", "{app}"),
        holds=_everywhere(GTHREAD) | {"idle": GTHREAD_IDLE},
        app=_WSGI,
        threads=8,
    ),
    Stack(
        id="wsgi-gunicorn-gevent",
        interface="wsgi",
        server="gunicorn",
        worker="gevent",
        argv=(*_GUNICORN, "gevent", "{app}"),
        holds=_everywhere(GREENLET),
        app=_WSGI,
    ),
    Stack(
        id="wsgi-uvicorn",
        interface="wsgi",
        server="uvicorn",
        worker="a2wsgi",
        argv=(
            *("env", "WSGI_APP={app}", "WSGI_THREADS={threads}"),
            # A WSGI app is asked over HTTP whatever Upgrade says; else a2wsgi refuses.
            *(*_UVICORN, *"--ws none loadtests.wsgi_on_uvicorn:app".split()),
        ),
        holds=_everywhere(A2WSGI_THREAD)
        | {"idle": EVENT_LOOP, "slow-headers": EVENT_LOOP},
        app=_WSGI,
        threads=8,
    ),
    Stack(
        id="asgi-uvicorn",
        interface="asgi",
        server="uvicorn",
        worker="httptools",
        argv=(*_UVICORN, *"--http httptools --loop uvloop".split(), *_WS, "{app}"),
        holds=_ON_A_LOOP,
        app=_ASGI,
    ),
    Stack(
        id="asgi-uvicorn-h11",
        interface="asgi",
        server="uvicorn",
        worker="h11",
        argv=(*_UVICORN, *"--http h11 --loop asyncio".split(), *_WS, "{app}"),
        holds=_ON_A_LOOP,
        app=_ASGI,
    ),
    Stack(
        id="asgi-gunicorn",
        interface="asgi",
        server="gunicorn",
        worker="asgi",
        argv=(*_GUNICORN, "asgi", "{app}"),
        holds=_ON_A_LOOP,
        app=_ASGI,
    ),
    Stack(
        id="asgi-gunicorn-uvicorn",
        interface="asgi",
        server="gunicorn",
        worker="uvicorn",
        argv=(*_GUNICORN, "uvicorn_worker.UvicornWorker", "{app}"),
        holds=_ON_A_LOOP,
        app=_ASGI,
    ),
    Stack(
        id="wsgi-gunicorn-gthread-h2",
        interface="wsgi",
        server="gunicorn",
        worker="gthread",
        argv=(*_GUNICORN, "gthread", "--threads", "{threads}", *_GUNICORN_H2, "{app}"),
        holds={},
        app=_WSGI,
        threads=8,
        http2=True,
    ),
    Stack(
        id="asgi-gunicorn-h2",
        interface="asgi",
        server="gunicorn",
        worker="asgi",
        argv=(*_GUNICORN, "asgi", *_GUNICORN_H2, "{app}"),
        holds={},
        app=_ASGI,
        http2=True,
    ),
    Stack(
        id="asgi-uvicorn-h2",
        interface="asgi",
        server="uvicorn",
        worker="zttp",
        argv=(*_UVICORN, *"--http zttp --http2 {app}".split()),
        holds={},
        app=_ASGI,
        http2=True,
    ),
]

STACKS: dict[str, Stack] = {stack.id: stack for stack in _TABLE}
# Those that can be measured.
HTTP1: dict[str, Stack] = {k: stack for k, stack in STACKS.items() if not stack.http2}
HTTP2: dict[str, Stack] = {k: stack for k, stack in STACKS.items() if stack.http2}


def find(stack_id: str) -> Stack:
    """The stack of that id; StackError names those that exist."""
    try:
        return STACKS[stack_id]
    except KeyError:
        known = ", ".join(STACKS)
        raise StackError(f"no stack {stack_id!r}; the stacks are {known}") from None


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
    wanted = f"SERVER={server or 'any'} WORKER={worker or 'any'}"
    raise StackError(f"nothing serves {interface} with {wanted}; there are {pairs}")
