"""The record of a cell: what was measured of one stack under one scenario."""

from __future__ import annotations

from dataclasses import dataclass, field

from loadtests.records.facts import Fact
from loadtests.records.tasks import CELL, TaskKey


@dataclass(frozen=True)
class Capacity:
    """How many slow clients hurt; null means never at any step taken.

    `predicted_out_at` to `predicted_out_by` is where the stack was predicted to be out;
    they are equal where the prediction is one number. So it is with `_degrades_`.
    `predicted_because` is the reason for both; empty where only "out" was predicted.
    `degrades_at`: the fewest slow clients with which under 99 % of healthy requests
    were answered; `out_at`: with which under 1 % were. `held`: the most up to which
    every step stayed at 99 % or more (null when not even the baseline did). The search
    is exact to one client up to 64, and to 5 % above. `ran_out` names what ran out
    where it degraded, from evidence, and `predicted_ran_out` what was predicted to.
    """

    predicted_out_at: int | None
    degrades_at: int | None
    out_at: int | None
    held: int | None
    predicted_out_by: int | None = None
    predicted_degrades_at: int | None = None
    predicted_degrades_by: int | None = None
    predicted_because: str = ""
    predicted_ran_out: str = ""
    ran_out: str | None = None


@dataclass(frozen=True)
class Arrival:
    """What it did to a server that the slow clients of a step came, before it held.

    From their being asked for until all were in place and the server's CPU had come to
    rest, `lasted_s`; `settled` is false where it had not after ten seconds. `worst_ms`
    is the longest response time meanwhile, null where a request went unanswered.
    `server_cpu_s` is the CPU time of the server in that time, null where a worker was
    replaced. `came` is how many came: those of the step before were there already. It
    is not above zero where some left instead.
    """

    lasted_s: float
    settled: bool
    attempted: int
    answered: int
    worst_ms: float | None
    server_cpu_s: float | None
    came: int | None = None


@dataclass(frozen=True)
class Step:
    """One number of slow clients, held, and the bounds of its figures (95 %).

    A percentile counts all requests, an unanswered one as slower than every answered
    one. It is null where under 10 requests lie beyond it, and where it falls on an
    unanswered one: it is then over the deadline. A bound is null where the figure is,
    and an upper bound also where it is over the deadline.
    """

    slow_clients: int
    attempted: int
    answered: int
    p50_ms: float | None
    p90_ms: float | None
    p99_ms: float | None
    answered_low_percent: float | None = None
    answered_high_percent: float | None = None
    p50_low_ms: float | None = None
    p50_high_ms: float | None = None
    p90_low_ms: float | None = None
    p90_high_ms: float | None = None
    p99_low_ms: float | None = None
    p99_high_ms: float | None = None
    arrival: Arrival | None = None  # format 1 did not tell arriving from holding
    by_worker: list[int] = field(default_factory=list)  # connections of each worker


@dataclass(frozen=True)
class Fates:
    """What became of the slow clients, counted by visit (a client comes back)."""

    served: int = 0
    rejected: int = 0
    reset: int = 0
    closed: int = 0
    refused: int = 0
    held: int = 0


@dataclass(frozen=True)
class ServerFigures:
    """The memory of the server's whole process group, its restarts, its log.

    Memory is resident memory with shared pages counted once (PSS), in format 1 with
    each as often as it was mapped. What a slow client takes is the slope over all steps
    with its bounds (95 %): of that memory, and of what the kernel holds for the
    server's side of the connections. Null where the figure is not known. CPU time per
    request is measured by itself, on a busy server: see `Cost`.
    """

    rss_idle_mb: float | None
    rss_peak_mb: float | None
    kb_per_slow_client: float | None
    restarts: int
    kb_low: float | None = None
    kb_high: float | None = None
    kernel_kb_per_slow_client: float | None = None
    kernel_kb_low: float | None = None
    kernel_kb_high: float | None = None
    log_mb: float | None = None


@dataclass(frozen=True)
class GeneratorFigures:
    """How well the load generator kept its own schedule."""

    lag_p99_ms: float | None
    cpu_peak_percent: float | None
    lag_p50_ms: float | None = None
    lag_max_ms: float | None = None
    not_sent: int = 0
    stolen_percent: float | None = None
    foreign_cpu_percent: float | None = None  # of one core, by processes not ours


@dataclass(frozen=True)
class Subject:
    """What a cell measures: all that is known before it starts.

    Of `capacity` only the predictions are known by then.
    """

    stack: str
    scenario: str
    repeat: int
    argv: list[str]
    workers: int
    threads: int | None
    capacity: Capacity
    nofile: int | None = field(default=None, kw_only=True)
    worker_connections: int | None = field(default=None, kw_only=True)


@dataclass(frozen=True)
class Cell(Subject):
    """One stack under one scenario, once.

    `faults` are why it does not count: then `valid` is false. `doubts` are what to know
    of one that counts, `first_try` the faults of a first try that was void.
    """

    steps: list[Step]
    fates: Fates
    recovery_s: float | None
    server: ServerFigures
    generator: GeneratorFigures
    valid: bool
    faults: list[Fact] = field(default_factory=list)
    doubts: list[Fact] = field(default_factory=list)
    first_try: list[Fact] = field(default_factory=list)

    @property
    def task(self) -> TaskKey:
        return TaskKey(CELL, self.stack, self.scenario, self.repeat)
