"""The stacks: what serves each app, and how many slow clients that should take.

The one rule: a slow client holds something. Whatever a stack lends to a client that is
not finished (a worker, a thread, a greenlet, a file descriptor) is what runs out, and
the stack is predicted to be out when there are as many slow clients as it has of those.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from loadtests import UserError
from loadtests.catalog.phases import Phase
from loadtests.catalog.scenarios import scenario as find_scenario
from loadtests.catalog.target import RAW

HOST = "127.0.0.1"


class StackError(UserError):
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
    left open. `threads` is None where the stack runs no app code in threads. `holds` is
    what an unfinished exchange holds in each of its phases. `packages` are those whose
    versions decide what it does: two runs of it with others are not compared.

    With `http2` it speaks HTTP/2 in clear text to clients that know so beforehand (RFC
    9113, 3.3). It is served and tested; but the slow clients speak HTTP/1.1, so it is
    not measured, and `holds` is empty.
    """

    id: str
    interface: str
    server: str
    worker: str
    argv: tuple[str, ...]
    holds: Mapping[Phase, Holds]
    app: str
    packages: tuple[str, ...]
    workers: int = 2
    threads: int | None = None
    http2: bool = False
    nofile: int = 1024

    def command(self, port: int, host: str = HOST) -> list[str]:
        """The argv to serve this stack on `host:port`."""
        counts = {"workers": self.workers, "threads": self.threads or 1}
        return [
            word.format(host=host, port=port, app=self.app, **counts)
            for word in self.argv
        ]

    def held_under(self, scenario: str) -> Holds:
        """What each slow client of that scenario holds."""
        return self.holds[find_scenario(scenario).phase]

    def predicted_out_at(self, scenario: str) -> int | None:
        """How many slow clients take this stack out; None: more than can be tried."""
        return self.held_under(scenario).supply(self)

    def predicted_out_by(self, scenario: str) -> int | None:
        """How many take it out at the latest, where slow clients fall unevenly.

        Each falls to a worker as if by lot: with twice as many as there are threads,
        the chance that 2 x 8 are not all held is 0.2 %.
        """
        supply = self._spread_out(scenario)
        uneven = self.held_under(scenario).uneven and self.workers > 1
        return 2 * supply if supply and uneven else supply

    def _spread_out(self, scenario: str) -> int | None:
        """The supply for slow clients that do not hold theirs at the same time."""
        supply = self.predicted_out_at(scenario)
        return supply and math.floor(supply / self.held_under(scenario).share)

    def predicted_degrades_at(self, scenario: str) -> int | None:
        """How many slow clients can be the first to do harm; None: no number tried.

        Where slow clients fall evenly, the last free worker answers all: nothing is
        lost before the stack is out. Where they do not, all may fall to one worker.
        """
        supply = self.predicted_out_at(scenario)
        if supply and self.held_under(scenario).uneven:
            return max(1, supply // self.workers)
        return supply

    def predicted_degrades_by(self, scenario: str) -> int | None:
        """How many do harm at the latest: with one fewer, each worker could still have
        something left; with as many, one of them has not."""
        supply = self._spread_out(scenario)
        if supply and self.held_under(scenario).uneven:
            return supply - self.workers + 1
        return supply

    def predicted_ran_out(self, scenario: str) -> str:
        return ""

    def with_counts(self, workers: int | None, threads: int | None) -> Stack:
        """This stack with other counts; the predictions follow from them."""
        if threads is not None and self.threads is None:
            raise StackError(f"{self.id} has no threads to set: leave THREADS= out")
        return replace(
            self, workers=workers or self.workers, threads=threads or self.threads
        )


def workers(stack: Stack) -> int:
    return stack.workers


def threads(stack: Stack) -> int:
    return stack.workers * (stack.threads or 1)


def not_reached(stack: Stack) -> int:
    return stack.workers * (stack.nofile - 20)


BLOCKED_LOOP = Holds(
    "a worker's event loop",
    workers,
    "a blocking call in an `async def` holds the event loop, and with it all clients "
    "of that worker; a loop that is held accepts nobody, so the next falls to another",
)

EVENT_LOOP = Holds(
    "a file descriptor",
    not_reached,
    "the event loop keeps an unfinished connection as a socket and some memory, with "
    "no worker or thread behind it",
)


def everywhere(holds: Holds) -> dict[Phase, Holds]:
    """The same in every phase."""
    return dict.fromkeys(Phase, holds)


ON_A_LOOP = everywhere(EVENT_LOOP) | {Phase.HANDLER_BLOCKS: BLOCKED_LOOP}

WSGI_APP, ASGI_APP = RAW.apps["wsgi"], RAW.apps["asgi"]
