"""The stacks: what serves each app, and how many slow clients that should take.

The one rule: a slow client holds something. Whatever a stack lends to a client that is
not finished (a worker, a thread, a greenlet, a file descriptor) is what runs out, and
the stack is predicted to be out when there are as many slow clients as it has of those.
No supply is without end: every stack has a number, and every number can be wrong.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from loadtests import UserError
from loadtests.catalog.contract import Deviation
from loadtests.catalog.phases import Phase
from loadtests.catalog.scenarios import scenario as find_scenario
from loadtests.catalog.stacks.front import Front
from loadtests.catalog.stacks.limits import NONE_FOR_SURE, Ends, Holds, Limit, Supply
from loadtests.catalog.target import RAW

if TYPE_CHECKING:
    from loadtests.catalog.stacks.options import Option

HOST = "127.0.0.1"
ALL_ADDRESSES = "0.0.0.0"
_WORKERS, _THREADS = 2, 8  # of a stack, if nothing else is said
_KEEP_ALIVE = "--keep-alive"  # as gunicorn calls it, the only server with such a stack


class StackError(UserError):
    """A stack that does not exist or cannot be served as asked; one line."""


@dataclass(frozen=True)
class Stack:
    """Interface + server + worker class + counts, and the command that serves it.

    `argv` is spelled out, with `{host}`, `{port}`, `{workers}`, `{threads}` and `{app}`
    left open. `threads` is None where the stack runs no app code in threads. `holds` is
    what an unfinished exchange holds in each of its phases. `packages` are those whose
    versions decide what it does: two runs of it with others are not compared.

    `nofile` is how many descriptors each process may open, 1024 as most deployments
    have it. A worker holds `own_descriptors` before its first client, and
    `siblings_descriptors` more if it is not the only one. `worker_connections` is None
    where the server has no such limit, or does not obey it. `keepalive_s` is None where
    no prediction depends on it, and `until_keepalive` is what is held in those phases
    that keepalive ends.

    `reads_ahead` is how many bytes of a response it takes before it waits for the
    client: a shorter one holds no more than a body that is still to come.

    With `one_process` it has one worker, and as many threads as the others have in all
    of theirs. `connections` is what the server calls its limit of connections, of which
    it takes `own_connections` itself: `all_connections` in `argv` is both.

    `ends`: in which phases it ends a connection by itself: of a client that says
    nothing, sends a header line a second, pauses in its body, or does not read.
    `deviations`: where it answers other than the contract has it.
    `deploy` says which options and limits decide about slow clients.
    `front` is what stands in front, with as many workers. Slow clients and healthy
    requests reach that, and `argv` listens on a port of its own behind it.

    It listens on `host`. `effects`: what a number given to an option that is not in
    `argv` changes. The id of a stack with `options` names its `base`. Nothing is
    predicted of one for which `unmodelled` says what nobody knows.
    With `http2` it speaks HTTP/2 in clear text (RFC 9113, 3.3), and is not measured.
    """

    id: str
    interface: str
    server: str
    worker: str
    argv: tuple[str, ...]
    holds: Mapping[Phase, Holds]
    app: str
    packages: tuple[str, ...]
    workers: int = _WORKERS
    threads: int | None = None
    nofile: int = 1024
    worker_connections: int | None = None
    keepalive_s: int | None = None
    until_keepalive: Callable[[int], Mapping[Phase, Holds]] | None = None
    own_descriptors: int = 0
    siblings_descriptors: int = 0
    one_process: bool = False
    connections: str = "worker_connections"
    own_connections: int = 0
    reads_ahead: int = 0
    deviations: tuple[Deviation, ...] = ()
    ends: Mapping[Phase, Ends] = field(default_factory=dict)
    deploy: str = ""
    http2: bool = False
    front: Front | None = None
    effects: Mapping[str, Callable[[Stack, int], Stack]] = field(default_factory=dict)
    base: str = ""
    options: tuple[Option, ...] = ()
    unmodelled: str = ""
    host: str = HOST

    def command(self, port: int) -> list[str]:
        """The argv to serve this stack on that port. What is behind something else is
        reached from this machine only."""
        host = HOST if self.front else self.host
        counts = {
            "workers": self.workers,
            "threads": self.threads or 1,
            "worker_connections": self.worker_connections,
            "all_connections": (self.worker_connections or 0) + self.own_connections,
        }
        return [
            word.format(host=host, port=port, app=self.app, **counts)
            for word in self.argv
        ]

    @property
    def made_of(self) -> tuple[str, ...]:
        """Packages and programs whose versions decide what it does."""
        return (*self.packages, *([self.front.program] if self.front else []))

    def front_config(self, port: int, behind: int, also: str = "") -> str:
        """How what stands in front is configured, to listen on `port` and to ask this
        server on the port `behind`; empty if there is nothing in front."""
        if self.front is None:
            return ""
        return self.front.configured(self.host, port, behind, self.workers, also)

    def stores(self, scenario: str) -> bool:
        """Whether what stands in front keeps each slow client's answer on disk."""
        phase = find_scenario(scenario).phase
        return self.front is not None and phase in self.front.stores

    def serves(self, scenario: str) -> bool:
        """Whether its interface knows what those slow clients ask for."""
        asked = find_scenario(scenario).phase
        return asked is not Phase.WEBSOCKET or self.interface == "asgi"

    def held_under(self, scenario: str) -> Holds:
        """What each slow client of that scenario holds."""
        return self.holds[find_scenario(scenario).phase]

    def predicted_ran_out(self, scenario: str) -> Supply | None:
        """What runs out first under that scenario; None: nothing does."""
        makes_room = self.held_under(scenario).makes_room
        return None if makes_room else self.limit_under(scenario).supply

    def limit_under(self, scenario: str) -> Limit:
        """The limit that this stack reaches first under that scenario."""
        return self.held_under(scenario).limit(self)

    def predicted_because(self, scenario: str) -> str:
        """Why, with sources: what a slow client holds, and what a full worker does."""
        holds, limit = self.held_under(scenario), self.limit_under(scenario)
        held = f"a slow client holds {holds.what}: {holds.because}"
        if holds.makes_room:
            return held
        return f"{held}. At the limit, {limit.because}"

    def predicted_degrades_at(self, scenario: str) -> int | None:
        """How many slow clients can be the first to do harm; None: no number does."""
        least = self.limit_under(scenario).degrades(self)[0]
        return None if self.held_under(scenario).makes_room else least

    def predicted_degrades_by(self, scenario: str) -> int | None:
        """How many do harm at the latest; None as above."""
        if self.held_under(scenario).makes_room:
            return None
        latest = self.limit_under(scenario).degrades(self)[1]
        return math.floor(latest * self.held_under(scenario).until_late)

    def predicted_out_at(self, scenario: str) -> int | None:
        """How many slow clients can be the first to take this stack out; None as above.
        Where they come by turns, fewer leave some free for part of the time."""
        if self.held_under(scenario).makes_room:
            return None
        least = self.limit_under(scenario).out(self)[0]
        return math.floor(least / self.held_under(scenario).share)

    def predicted_out_by(self, scenario: str) -> int | None:
        """How many take it out at the latest; None as above."""
        holds, limit = self.held_under(scenario), self.limit_under(scenario)
        if holds.makes_room:
            return None
        latest = math.floor(limit.out(self)[1] * holds.until_all_late)
        some = holds.serves_some(limit.each(self) * self.workers)
        return max(latest, NONE_FOR_SURE) if some else latest

    @property
    def idle_descriptors(self) -> int:
        """How many descriptors each worker holds before its first client."""
        siblings = self.siblings_descriptors if self.workers > 1 else 0
        return self.own_descriptors + siblings

    def with_counts(
        self,
        workers: int | None,
        threads: int | None,
        nofile: int | None = None,
        worker_connections: int | None = None,
        keepalive_s: int | None = None,
    ) -> Stack:
        """This stack with other counts; the predictions follow from them."""
        if threads is not None and self.threads is None:
            raise StackError(f"{self.id} has no threads to set: leave THREADS= out")
        if worker_connections is not None and self.worker_connections is None:
            raise StackError(f"{self.id} has no limit of worker_connections to set")
        if self.one_process:
            workers, threads = 1, self._in_one_process(workers, threads)
        found = replace(
            self,
            workers=workers or self.workers,
            threads=threads or self.threads,
            nofile=nofile or self.nofile,
            worker_connections=worker_connections or self.worker_connections,
        )
        if found.nofile <= found.idle_descriptors:
            least = found.idle_descriptors + 1
            raise StackError(f"{self.id} needs {least} descriptors before any client")
        return found if keepalive_s is None else found._kept_alive(keepalive_s)

    def _in_one_process(self, workers: int | None, threads: int | None) -> int | None:
        """As many threads as other stacks have in all workers."""
        if self.threads is None or (workers is None and threads is None):
            return self.threads
        return (workers or _WORKERS) * (threads or _THREADS)

    def _kept_alive(self, keepalive_s: int) -> Stack:
        """This stack with another keepalive; its command names only a changed one."""
        if self.until_keepalive is None:
            raise StackError(f"{self.id} has no keepalive that a prediction follows")
        if keepalive_s == self.keepalive_s:
            return self
        *command, app = self.argv
        return replace(
            self,
            argv=(*command, _KEEP_ALIVE, str(keepalive_s), app),
            holds={**self.holds, **self.until_keepalive(keepalive_s)},
            keepalive_s=keepalive_s,
        )


def everywhere(holds: Holds) -> dict[Phase, Holds]:
    """The same in every phase."""
    return dict.fromkeys(Phase, holds)


WSGI_APP, ASGI_APP = RAW.apps["wsgi"], RAW.apps["asgi"]
