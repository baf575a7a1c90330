"""The situations of which a report says what to deploy in them."""

from __future__ import annotations

from dataclasses import dataclass

from loadtests.catalog.phases import Phase
from loadtests.catalog.scenarios import in_phases
from loadtests.catalog.stacks import HTTP1
from loadtests.records.claims import HOLDS, ONLY_WITH, REFUTED
from loadtests.records.run import Run
from loadtests.report.blocks import Source
from loadtests.report.words import listed


@dataclass(frozen=True)
class Situation:
    """Something that a reader may be in, and the phases that are slow in it.

    With `threads`, only a stack that lends a thread to each can help, and the number of
    them is what it holds. `fronted` is whether a proxy stands in front of the stacks
    that it is about; None: whether or not.
    """

    name: str
    phases: tuple[Phase, ...]
    threads: bool = False
    fronted: bool | None = None

    @property
    def scenarios(self) -> tuple[str, ...]:
        """Those that stand for it."""
        return in_phases(*self.phases)

    def is_about(self, stack: str) -> bool:
        """Whether that stack belongs to it; one that is not known has no proxy."""
        known = HTTP1.get(stack)
        has_one = known is not None and known.front is not None
        return self.fronted is None or has_one is self.fronted


_SLOW_CLIENTS = tuple(phase for phase in Phase if phase.client_is_slow)
SITUATIONS = (
    Situation(
        "Slow clients (phones, uploads) reach the server, no proxy in front",
        _SLOW_CLIENTS,
        fronted=False,
    ),
    Situation(
        "Slow clients reach nginx in front of the server",
        _SLOW_CLIENTS,
        fronted=True,
    ),
    Situation(
        "Handlers wait for a database, proxy or not (async driver; gevent: one in "
        "Python)",
        (Phase.HANDLER_WAITS,),
    ),
    Situation(
        "Handlers block in a C library (tried with time.sleep)",
        (Phase.HANDLER_BLOCKS,),
        threads=True,
    ),
    Situation(
        "Handlers block in calls that gevent replaces (sockets, sleep)",
        (Phase.HANDLER_BLOCKS,),
    ),
    Situation("Streams without an end, such as server-sent events", (Phase.STREAM,)),
    Situation("Open WebSockets", (Phase.WEBSOCKET,)),
)
KINDS_OF_CLIENTS = (
    Situation("Clients that are slow to ask, or silent", (Phase.SILENT, Phase.HEAD)),
    Situation("Long uploads", (Phase.BODY,)),
    Situation("Long downloads, streams", (Phase.RESPONSE,)),
)
HANDLERS_OF_YOURS = (
    "The app's own handler was asked. To wait, an ASGI app needs an async driver, and "
    "gevent one in Python. Other drivers make blocking calls, which hold an event loop "
    "or a gevent worker. In an ASGI app, hand such calls to threads: "
    "asyncio.to_thread, or FastAPI's def handlers."
)
# What those need to know who have a proxy in front.
PROXY = (
    "nginx, by default, takes in a whole request before it passes it on, and takes in "
    "an answer as fast as the server writes it, to memory and then to disk (1 GB, "
    "proxy_max_temp_file_size). Streams with buffering off still reach the server. {}"
)
NO_PROXY = "This run did not measure a proxy."
MEASURED = "This run measured nginx in front of {}."
CLAIMED = "A claim below tried nginx: {}."
PROXY_CLAIM = "nginx-fixes-sync"  # of the ledger, where nginx was tried
# What those need to know whose handlers wait or block.
HANDLERS = (
    "A slow handler took 20 s here. What counts for yours is how many run at a time. "
    "To wait, an ASGI app needs an async driver, and gevent one in Python. Other "
    "drivers make blocking calls. The one measured was time.sleep. A call that gevent "
    "cannot replace holds a whole gevent worker, as it holds an event loop; that was "
    "not measured. In an ASGI app, hand such calls to threads: asyncio.to_thread, or "
    "FastAPI's def handlers."
)


def about_handlers(run: Run) -> str:
    """What those need to know whose handlers wait or block."""
    return HANDLERS_OF_YOURS if run.target else HANDLERS


def of_a_proxy(source: Source) -> str:
    """What this run measured, or the ledger beside it found, with nginx."""
    fronted = dict.fromkeys(cell.stack for cell in source.run.cells if cell.front)
    if fronted:
        return MEASURED.format(listed(sorted(fronted)))
    verdicts = source.beside.ledger.verdicts if source.beside.ledger else []
    for verdict in verdicts:
        if verdict.id == PROXY_CLAIM and verdict.kind in (HOLDS, ONLY_WITH, REFUTED):
            return CLAIMED.format(verdict.evidence)
    return NO_PROXY
