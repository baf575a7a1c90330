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
    `unpredicted`: nobody predicted anything, because the server is not known.
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
    unpredicted: bool = False


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

    Of the holding alone: `lost` is how many requests were lost, by how (LOST lists the
    ways), `server_cores` how many cores the server used
    (null where a worker was replaced), and `log_mb_per_s` what it wrote to its log.
    `quantiles_ms` are the response times at QUANTILES, for a step that was held for
    long, and else empty. Null there is over the deadline.
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
    lost: dict[str, int] = field(default_factory=dict)
    server_cores: float | None = None
    log_mb_per_s: float | None = None
    quantiles_ms: list[float | None] = field(default_factory=list)


# How a healthy request is lost: no answer within the deadline; the connection reset,
# closed before the answer was whole, or refused; an answer of 400 or above, with and
# without Retry-After; bytes that are no answer; an answer that is not the right one.
LOST = (
    *("late", "reset", "closed", "refused"),
    *("rejected-for-now", "rejected", "malformed", "wrong"),
)

# The shares of requests at which a distribution of response times is recorded. Each of
# the outermost has at least ten of 1,200 requests beyond it.
QUANTILES = (0.01, 0.02, 0.05, *(n / 20 for n in range(2, 19)), 0.95, 0.98, 0.99)


@dataclass(frozen=True)
class Stage:
    """A step as it was taken, in seconds from the beginning of a History: slow clients
    arrive from `asked_s` and are held from `begins_s`. The last one is the leaving."""

    slow_clients: int
    asked_s: float
    begins_s: float
    ends_s: float


@dataclass(frozen=True)
class History:
    """What happened in a cell, in parts of `every_s` from its first healthy request.

    The lists are of equal length. Of the healthy requests that were due in a part:
    `attempted`, `answered` in time, and of these the median and the longest response
    time. At its end: slow clients `connected`, whether accepted or not, the cores that
    the server used meanwhile, and the whole size of its log. `replaced_s` is when a
    worker was found to have taken another's place.
    """

    every_s: float
    stages: list[Stage]
    attempted: list[int]
    answered: list[int]
    p50_ms: list[float | None]
    worst_ms: list[float | None]
    connected: list[int]
    server_cores: list[float | None]
    log_mb: list[float | None]
    replaced_s: list[float]


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
    server's side of the connections. `disk_` is what stands in front stores of its
    answer. Null where the figure is not known. CPU time per
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
    disk_kb_per_slow_client: float | None = None


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
class InFront:
    """What stood in front of the server, and how it was configured. `connections` is
    how many each of its workers has for clients and for the server."""

    program: str
    config: str
    connections: int


@dataclass(frozen=True)
class Subject:
    """What a cell measures: all that is known before it starts.

    Of `capacity` only the predictions are known by then. Of a server that somebody else
    started, `argv` is empty, `workers` 0 and `nofile` null. `front` is null if nothing
    stands in front of the server. `download_mb` is how long the answer was that slow
    readers asked for: null in other scenarios, and in runs that did not record it.
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
    front: InFront | None = field(default=None, kw_only=True)
    download_mb: float | None = field(default=None, kw_only=True)


@dataclass(frozen=True)
class Cell(Subject):
    """One stack under one scenario, once.

    `faults` are why it does not count: then `valid` is false. `doubts` are what to know
    of one that counts, `first_try` the faults of a first try that was void. `history`
    is null in a cell that failed, and in runs that did not record it.
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
    history: History | None = None

    @property
    def task(self) -> TaskKey:
        return TaskKey(CELL, self.stack, self.scenario, self.repeat)
