"""The record of a run: what is measured is written here, what is shown is read here.

Measuring and reporting share nothing else, so any report can be made again from a
stored run. A run is a folder: `run.json` (this format), `samples/` (raw), `logs/`,
`charts/` and the reports. Units are in the names: `_s`, `_ms`, `_mb`, `_kb`, `_us`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from loadtests.records import format_1, ranges
from loadtests.records.beside_cells import Cost, SelfRecovery
from loadtests.records.cell import Cell
from loadtests.records.facts import Fact
from loadtests.records.json_file import ResultError as ResultError
from loadtests.records.json_file import read_json, write_json
from loadtests.records.rate import Conditions, Rate
from loadtests.records.target import OtherTarget
from loadtests.records.tasks import Failure

FORMAT = 2
RUN_FILE = "run.json"
LATEST = "latest"  # beside the folders of runs: a link to the newest


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
    """How every cell of the run was measured.

    Slow clients come at `arrive_per_s`, and the server gets up to `settle_s` to come to
    rest. A step is then held for `hold_s`, the baseline and the largest step that was
    held for `long_hold_s`, and `release_s` is watched after the slow clients have left.
    `segment_bytes`: the largest TCP segment (MSS) that the clients announced. A slow
    client sends or reads a little every `gap_s`.

    In format 1 slow clients came at once, `arrive_per_s` and `long_hold_s` are null,
    the first `settle_s` of the `hold_s` of each step did not count, and segments were
    those of loopback, 65,483 bytes.
    """

    rate_per_s: float
    deadline_s: float
    settle_s: float
    hold_s: float
    release_s: float
    healthy_request: str
    cores: str = ""
    segment_bytes: int | None = None
    arrive_per_s: float | None = None
    long_hold_s: float | None = None
    gap_s: float = 1.0


@dataclass(frozen=True)
class Wheel:
    """The wheel that a package was installed from: its version and its tag (PEP 425),
    `py3-none-any` or `cp311-cp311-manylinux_2_28_x86_64`.

    Of several interpreters or ABIs all are named, `py2.py3`, and the first platform.
    """

    version: str
    tag: str


@dataclass(frozen=True)
class Environment:
    """The machine and the versions.

    `wheels` has the packages that serve and measure, and what parses for them. It is
    empty in older records, and without a package that came as no wheel.
    """

    python: str
    kernel: str
    cpu: str
    cpus: int
    memory_mb: int
    nofile_limit: int
    revision: str
    packages: dict[str, str]
    wheels: dict[str, Wheel] = field(default_factory=dict)


@dataclass(frozen=True)
class Fleet:
    """Slow clients on other machines: so many workers, which reach this one at the
    address `bind`. No workers: no fleet was asked for."""

    workers: int = 0
    bind: str = ""

    @property
    def is_elsewhere(self) -> bool:
        """Whether its workers are on other machines: to try it, they may be here."""
        return bool(self.bind) and not self.bind.startswith("127.")


@dataclass(frozen=True)
class Ordered:
    """What was asked for: enough to go on with a run that was stopped.

    Counts are null where each stack has its own, `nofile` where it is the usual one.
    `watch_s` is how long stacks are watched that are held at their capacity; null
    without such tasks and without costs. Under slow-link, all slow clients share a link
    to them of `network_kbit` kilobits a second; 0: none was asked for.
    """

    stacks: list[str]
    scenarios: list[str]
    repeats: int
    workers: int | None
    threads: int | None
    second_tries: bool
    traces: bool
    watch_s: int | None = None
    cost_repeats: int = 0
    cost_s: float = 0.0
    up_to: int = 0
    nofile: int | None = None
    rates: list[str] = field(default_factory=list)
    wait_ms: list[int] = field(default_factory=list)
    conditions: Conditions = field(default_factory=Conditions)
    fleet: Fleet = field(default_factory=Fleet)
    network_kbit: int = 0


@dataclass(frozen=True)
class Run:
    """A whole run; `cells` in the order in which they were measured.

    `self_recoveries` and `costs` are those of a profile that measures them, `failures`
    those of them that could not be measured. `doubts` are about the run as a whole.
    `target` is null where our own applications were served. `rates` are those of a run
    that asks at a rate.
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
    target: OtherTarget | None = None
    rates: list[Rate] = field(default_factory=list)

    @property
    def whole(self) -> bool:
        """Was everything measured, and does all of it count?"""
        measured: list[Cell | SelfRecovery | Rate]
        measured = [*self.cells, *self.self_recoveries, *self.rates]
        return not self.failures and all(one.valid for one in measured)


def save_run(run: Run, folder: Path) -> Path:
    """Write `folder/run.json` whole or not at all: a reader never sees half a file."""
    return write_json(run, folder / RUN_FILE)


def load_run(folder: Path) -> Run:
    """Read a run from its folder (or from the path of its `run.json`).

    Raises ResultError, naming the file and the field, for whatever is not a run.
    """
    path = folder if folder.name == RUN_FILE else folder / RUN_FILE
    run: Run = read_json(path, Run, "run", FORMAT, {1: format_1.upgraded})
    try:
        return ranges.checked(run)
    except ResultError as error:
        raise ResultError(f"{path}: {error}") from None
