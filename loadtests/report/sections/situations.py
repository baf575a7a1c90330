"""The situations of which a report says what to deploy in them."""

from __future__ import annotations

from dataclasses import dataclass

from loadtests.catalog.phases import Phase
from loadtests.catalog.scenarios import in_phases
from loadtests.records.run import Run


@dataclass(frozen=True)
class Situation:
    """Something that a reader may be in, and the phases that are slow in it.

    With `threads`, only a stack that lends a thread to each can help, and the number of
    them is what it holds.
    """

    name: str
    phases: tuple[Phase, ...]
    threads: bool = False

    @property
    def scenarios(self) -> tuple[str, ...]:
        """Those that stand for it."""
        return in_phases(*self.phases)


SITUATIONS = (
    Situation(
        "Slow clients (phones, uploads) reach the server, no proxy in front",
        tuple(phase for phase in Phase if phase.client_is_slow),
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
HANDLERS = (
    "A slow handler took 20 s here. Yours matter as far as they are as many and as "
    "long. To wait, an ASGI app needs an async driver, and gevent one in Python. Other "
    "drivers make blocking calls. The one measured was time.sleep. A call that gevent "
    "cannot replace holds a whole gevent worker, as it holds an event loop; that was "
    "not measured. In an ASGI app, hand such calls to threads: asyncio.to_thread, or "
    "FastAPI's def handlers."
)


def about_handlers(run: Run) -> str:
    """What those need to know whose handlers wait or block."""
    return HANDLERS_OF_YOURS if run.target else HANDLERS
