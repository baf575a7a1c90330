"""The record of a run: what is measured is written here, what is shown is read here.

Measuring and reporting share nothing else, so any report can be made again from a
stored run. A run is a folder: `run.json` (this format), `samples/` (raw), `logs/`,
`charts/` and the reports. Units are in the names: `_s`, `_ms`, `_mb`, `_kb`, `_us`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from loadtests.records import format_1
from loadtests.records.facts import Fact
from loadtests.records.json_file import ResultError as ResultError
from loadtests.records.json_file import read_json, write_json

FORMAT = 2
RUN_FILE = "run.json"
# The kinds of task.
CELL, SELF_RECOVERY, COST, TRACES = "cell", "self-recovery", "cost", "traces"


@dataclass(frozen=True)
class RunInfo:
    """Which run this is. `seed` orders the cells; `complete` is false until the end."""

    id: str
    started_at: str
    profile: str
    seed: int
    complete: bool
    argv: list[str]


@dataclass(frozen=True)
class Method:
    """How every cell of the run was measured."""

    rate_per_s: float
    deadline_s: float
    settle_s: float
    hold_s: float
    release_s: float
    healthy_request: str
    cores: str = ""


@dataclass(frozen=True)
class Environment:
    """The machine and the versions."""

    python: str
    kernel: str
    cpu: str
    cpus: int
    memory_mb: int
    nofile_limit: int
    revision: str
    packages: dict[str, str]


@dataclass(frozen=True)
class Capacity:
    """How many slow clients hurt; null means never within this staircase.

    `predicted_out_at` to `predicted_out_by` is where the stack was predicted to be out;
    they are equal where the prediction is one number. So it is with `_degrades_`.
    `predicted_because` is the reason for both; empty where only "out" was predicted.
    `degrades_at`: the first step with under 99 % of healthy requests answered.
    `out_at`: the first step with under 1 %. `held`: the largest step up to which every
    step stayed at 99 % or more (null when not even the baseline did).
    """

    predicted_out_at: int | None
    degrades_at: int | None
    out_at: int | None
    held: int | None
    predicted_out_by: int | None = None
    predicted_degrades_at: int | None = None
    predicted_degrades_by: int | None = None
    predicted_because: str = ""


@dataclass(frozen=True)
class Step:
    """One tread of the staircase, and between which values its figures lie (95 %).

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
    """What the server's whole process group used; null where it cannot be told."""

    cpu_us_per_request: float | None
    rss_idle_mb: float | None
    rss_peak_mb: float | None
    kb_per_slow_client: float | None
    restarts: int


@dataclass(frozen=True)
class GeneratorFigures:
    """How well the load generator kept its own schedule."""

    lag_p99_ms: float | None
    cpu_peak_percent: float | None
    lag_p50_ms: float | None = None
    lag_max_ms: float | None = None
    not_sent: int = 0
    stolen_percent: float | None = None


@dataclass(frozen=True)
class TaskKey:
    """Which task of a run; `what` is the scenario, or the app that was served."""

    kind: str
    stack: str
    what: str
    repeat: int = 1

    @property
    def name(self) -> str:
        """The stem of the task's sample and log files."""
        last = "at-capacity" if self.kind == SELF_RECOVERY else self.repeat
        return f"{self.stack}.{self.what}.{last}"


@dataclass(frozen=True)
class Ordered:
    """What was asked for: enough to go on with a run that was stopped.

    Counts are null where each stack has its own. `levels` are the steps that every
    stack climbs. `watch_s` is how long stacks are watched that are held at their
    capacity; null without such tasks and without costs.
    """

    stacks: list[str]
    scenarios: list[str]
    repeats: int
    workers: int | None
    threads: int | None
    levels: list[int]
    second_tries: bool
    traces: bool
    watch_s: int | None = None
    cost_repeats: int = 0
    cost_s: float = 0.0


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
    """CPU time a request, of one stack with one app behind it; once per server start.

    `app` is `raw`, or the framework that answers the same. A closed loop drives the
    server, over connections that are kept alive or with a new one for each request;
    `busy_percent` is its CPU time meanwhile, 100 for one core. Format 1 asked 200 times
    a second, on new connections: there `busy_percent` is null.
    """

    stack: str
    app: str
    request: str
    repeat: int
    requests: int
    rate_per_s: float
    cpu_us_per_request: float
    rss_idle_mb: float
    kept_alive: bool = False
    busy_percent: float | None = None

    @property
    def task(self) -> TaskKey:
        return TaskKey(COST, self.stack, self.app, self.repeat)


@dataclass(frozen=True)
class Failure:
    """A task beside the cells that could not be measured, and why."""

    task: TaskKey
    reason: Fact


@dataclass(frozen=True)
class Run:
    """A whole run; `cells` in the order in which they were measured.

    `self_recoveries` and `costs` are those of a profile that measures them, `failures`
    those of them that could not be measured. `doubts` are about the run as a whole.
    """

    run: RunInfo
    method: Method
    environment: Environment
    cells: list[Cell]
    format: int = FORMAT
    ordered: Ordered | None = None
    self_recoveries: list[SelfRecovery] = field(default_factory=list)
    costs: list[Cost] = field(default_factory=list)
    failures: list[Failure] = field(default_factory=list)
    doubts: list[Fact] = field(default_factory=list)


def save_run(run: Run, folder: Path) -> Path:
    """Write `folder/run.json` whole or not at all: a reader never sees half a file."""
    return write_json(run, folder / RUN_FILE)


def load_run(folder: Path) -> Run:
    """Read a run from its folder (or from the path of its `run.json`).

    Raises ResultError, naming the file and the field, for whatever is not a run.
    """
    path = folder if folder.name == RUN_FILE else folder / RUN_FILE
    run: Run = read_json(path, Run, "run", FORMAT, {1: format_1.upgraded})
    return run
