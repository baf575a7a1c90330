"""The stacks: what there is to serve the apps with, a file for each server.

A new server is one file here. It lists its `STACKS`, each with the packages whose
versions decide what it does, and what is `SCRUBBED` from its environment because it
would change settings behind the command line's back: names, or beginnings of names as
`UVICORN_*`.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Iterator, Mapping
from types import ModuleType

from loadtests import MAKE
from loadtests.catalog.names import unknown
from loadtests.catalog.scenarios import SCENARIOS
from loadtests.catalog.stacks.front import Front
from loadtests.catalog.stacks.limits import AtLimit, Holds, Limit, Supply
from loadtests.catalog.stacks.options import SIGN, Option, of_id, with_options
from loadtests.catalog.stacks.stack import ALL_ADDRESSES, HOST, Stack, StackError

__all__ = [
    "ALL_ADDRESSES",
    "HOST",
    "HTTP1",
    "HTTP2",
    "STACKS",
    "AtLimit",
    "Front",
    "Holds",
    "Limit",
    "Option",
    "Stack",
    "StackError",
    "Supply",
    "add",
    "choose",
    "find",
    "find_measurable",
    "packages",
    "scrubbed",
    "what_is_held",
]

LISTED = f"{MAKE} stacks lists them all"
# What serves an interface if nothing more is said.
FIRST = {"wsgi": "wsgi-gunicorn-sync", "asgi": "asgi-uvicorn"}
# All of them, in the order of tables. Entries come and go while a program runs.
STACKS: dict[str, Stack] = {}


class _Those(Mapping[str, Stack]):
    """The stacks of which something is true, as they are at the moment. One with other
    options is there too, but not listed."""

    def __init__(self, belongs: Callable[[Stack], bool]) -> None:
        self._belongs = belongs

    def __getitem__(self, stack_id: str) -> Stack:
        base, _, options = stack_id.partition(SIGN)
        if not self._belongs(stack := STACKS[base]):
            raise KeyError(stack_id)
        try:
            return _varied(stack, options)
        except StackError:
            raise KeyError(stack_id) from None

    def __iter__(self) -> Iterator[str]:
        return (name for name, stack in STACKS.items() if self._belongs(stack))

    def __len__(self) -> int:
        return sum(map(self._belongs, STACKS.values()))


HTTP1 = _Those(lambda stack: not stack.http2)  # those that can be measured
HTTP2 = _Those(lambda stack: stack.http2)


def add(*new: Stack) -> None:
    """Enter stacks: what can be measured before what is only served, WSGI before ASGI,
    what has a proxy in front last, and else behind those that are there."""
    for stack in new:
        if stack.id in STACKS:
            raise StackError(f"there is a stack {stack.id!r} already")
        STACKS[stack.id] = stack
    in_order = sorted(STACKS.values(), key=_place)
    STACKS.clear()
    STACKS.update({stack.id: stack for stack in in_order})


def _place(stack: Stack) -> tuple[bool, ...]:
    first = stack.id == FIRST[stack.interface]
    fronted = stack.front is not None
    return stack.http2, stack.interface != "wsgi", fronted, not first


# Those that were there first keep the colours that they have in charts.
_OLDEST = ("gunicorn", "uvicorn")


def _servers() -> Iterator[ModuleType]:
    """The files of this folder that are a server's; the others by name."""
    names = sorted(found.name for found in pkgutil.iter_modules(__path__))
    for name in [*_OLDEST, *(name for name in names if name not in _OLDEST)]:
        module = importlib.import_module(f"{__name__}.{name}")
        if hasattr(module, "STACKS"):
            yield module


SERVERS = tuple(_servers())
for _server in SERVERS:
    add(*_server.STACKS)


def packages() -> tuple[str, ...]:
    """The packages that serve, whose versions belong to a measurement."""
    return tuple(dict.fromkeys(p for stack in STACKS.values() for p in stack.packages))


def scrubbed() -> tuple[str, ...]:
    """What a server must not find in its environment; an end of `*` is any end."""
    return tuple(dict.fromkeys(name for server in SERVERS for name in server.SCRUBBED))


def find(stack_id: str) -> Stack:
    """The stack of that id, with the options that it names; StackError names the
    nearest."""
    base, sign, options = stack_id.partition(SIGN)
    if base not in STACKS:
        raise StackError(unknown("stack", base, STACKS, LISTED))
    if sign and not options:
        raise StackError(f"{stack_id} names no option: {base}{SIGN}<option>=<value>")
    return _varied(STACKS[base], options)


def _varied(stack: Stack, options: str) -> Stack:
    return with_options(stack, of_id(options)) if options else stack


def find_measurable(stack_id: str) -> Stack:
    """The stack of that id; StackError where slow clients cannot speak to it."""
    stack = find(stack_id)
    if stack.http2:
        raise StackError(
            f"{stack_id} cannot be measured: it is for HTTP/2, and the slow clients "
            f"speak HTTP/1.1; {MAKE} serve STACK={stack_id} serves it"
        )
    return stack


def what_is_held(stack_id: str, scenario_id: str) -> str:
    """What a slow client holds there: `a thread`. Nothing if the catalog has none."""
    stack = HTTP1.get(stack_id)
    if stack is None or scenario_id not in SCENARIOS:
        return ""
    return stack.held_under(scenario_id).what


def choose(interface: str, server: str | None, worker: str | None) -> Stack:
    """The first HTTP/1.1 stack of this interface with that server and worker class, and
    nothing in front."""
    of_interface = [
        s for s in HTTP1.values() if s.interface == interface and s.front is None
    ]
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
