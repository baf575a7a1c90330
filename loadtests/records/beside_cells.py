"""The records of what is measured beside the cells: own timeouts, and costs."""

from __future__ import annotations

from dataclasses import dataclass, field

from loadtests.records.cell import Fates
from loadtests.records.facts import Fact
from loadtests.records.tasks import COST, SELF_RECOVERY, TaskKey


@dataclass(frozen=True)
class SelfRecovery:
    """A stack held exactly at its predicted capacity, by clients that do not come back.

    `watched_s` is longer than every default timeout. `freed_s`: from the slow clients'
    coming until all healthy requests are answered, and 99 % of them soon; null where
    that was not seen for 3 s while watched, 0 where none went unanswered.
    `kills_logged`: workers that the server's log says it killed for their timeout;
    `restarts`: those that were replaced.
    """

    stack: str
    scenario: str
    slow_clients: int
    watched_s: float
    attempted: int
    answered: int
    freed_s: float | None
    fates: Fates
    restarts: int
    kills_logged: int
    valid: bool
    faults: list[Fact] = field(default_factory=list)
    doubts: list[Fact] = field(default_factory=list)

    @property
    def task(self) -> TaskKey:
        return TaskKey(SELF_RECOVERY, self.stack, self.scenario)


@dataclass(frozen=True)
class Cost:
    """CPU time per request, of one stack with one app behind it; once per server start.

    `app` is `raw`, or the framework that answers the same. A closed loop drives the
    server, over connections that are kept alive or with a new one for each request;
    `busy_percent` is its CPU time meanwhile, 100 for one core. Format 1 asked 200 times
    a second, on new connections: there `busy_percent` is null.
    """

    stack: str
    app: str
    method: str
    target: str
    repeat: int
    requests: int
    rate_per_s: float
    cpu_us_per_request: float
    rss_idle_mb: float
    kept_alive: bool
    busy_percent: float | None

    @property
    def task(self) -> TaskKey:
        return TaskKey(COST, self.stack, self.app, self.repeat)
