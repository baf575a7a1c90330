"""The record of a run: what is measured is written here, what is shown is read here.

Measuring and reporting share nothing else, so any report can be made again from a
stored run. A run is a folder: `run.json` (this format), `samples/` (raw), `logs/`,
`charts/` and the reports. Units are in the names: `_s`, `_ms`, `_mb`, `_kb`, `_us`.
"""

from __future__ import annotations

import dataclasses
import functools
import json
import os
import types
import typing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

FORMAT = 1
RUN_FILE = "run.json"


class ResultError(Exception):
    """A stored run that cannot be used; the message names the file and the field."""


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
    they are equal where the prediction is one number.
    `degrades_at`: the first step with under 99 % of healthy requests answered.
    `out_at`: the first step with under 1 %. `held`: the largest step up to which every
    step stayed at 99 % or more (null when not even the baseline did).
    """

    predicted_out_at: int | None
    degrades_at: int | None
    out_at: int | None
    held: int | None
    predicted_out_by: int | None = None


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
class Cell:
    """One stack under one scenario, once."""

    stack: str
    scenario: str
    repeat: int
    argv: list[str]
    workers: int
    threads: int | None
    capacity: Capacity
    steps: list[Step]
    fates: Fates
    recovery_s: float | None
    server: ServerFigures
    generator: GeneratorFigures
    valid: bool
    warnings: list[str] = field(default_factory=list)

    @property
    def key(self) -> tuple[str, str, int]:
        return (self.stack, self.scenario, self.repeat)

    @property
    def name(self) -> str:
        """The stem of the cell's sample and log files."""
        return f"{self.stack}.{self.scenario}.{self.repeat}"


@dataclass(frozen=True)
class Run:
    """A whole run; `cells` in the order in which they were measured."""

    run: RunInfo
    method: Method
    environment: Environment
    cells: list[Cell]
    format: int = FORMAT


def save(run: Run, folder: Path) -> Path:
    """Write `folder/run.json` whole or not at all: a reader never sees half a file."""
    folder.mkdir(parents=True, exist_ok=True)
    target = folder / RUN_FILE
    partial = folder / f".{RUN_FILE}.{os.getpid()}"
    text = json.dumps(dataclasses.asdict(run), indent=1, ensure_ascii=False)
    try:
        # A lone surrogate (an undecodable byte of a path) has no UTF-8, but so written
        # it is an escape of JSON, and is read back the same.
        with partial.open("w", encoding="utf-8", errors="backslashreplace") as file:
            file.write(text + "\n")
            file.flush()
            os.fsync(file.fileno())
        partial.replace(target)
    finally:
        partial.unlink(missing_ok=True)
    return target


def load(folder: Path) -> Run:
    """Read a run from its folder (or from the path of its `run.json`).

    Raises ResultError, naming the file and the field, for whatever is not a run.
    """
    path = folder if folder.name == RUN_FILE else folder / RUN_FILE
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ResultError(f"{path}: cannot be read: {error.strerror}") from None
    except ValueError as error:
        raise ResultError(f"{path}: not JSON, perhaps cut off: {error}") from None
    except RecursionError:
        raise ResultError(f"{path}: nested too deeply to be a run") from None
    found = data.get("format") if isinstance(data, dict) else None
    if found != FORMAT:
        raise ResultError(f"{path}: format: expected {FORMAT}, found {found!r}")
    try:
        return typing.cast(Run, _decode(data, Run, "run"))
    except ResultError as error:
        raise ResultError(f"{path}: {error}") from None


def _decode(value: Any, kind: Any, where: str) -> Any:
    """`value` as `kind`, a type as the dataclasses above use them."""
    origin, arguments = typing.get_origin(kind), typing.get_args(kind)
    if dataclasses.is_dataclass(kind):
        return _decode_record(value, typing.cast(type, kind), where)
    if origin is types.UnionType:
        if value is None:
            return None
        return _decode(value, arguments[0], where)
    if origin is list and isinstance(value, list):
        return [_decode(v, arguments[0], f"{where}[{i}]") for i, v in enumerate(value)]
    if origin is dict and isinstance(value, dict):
        return {k: _decode(v, arguments[1], f"{where}.{k}") for k, v in value.items()}
    if kind is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if isinstance(kind, type) and type(value) is kind:
        return value
    expected = getattr(kind, "__name__", str(kind))
    raise ResultError(f"{where}: expected {expected}, found {str(value)[:40]!r}")


_hints = functools.cache(typing.get_type_hints)


def _decode_record(value: Any, kind: type, where: str) -> Any:
    if not isinstance(value, dict):
        raise ResultError(f"{where}: expected an object, found {str(value)[:40]!r}")
    hints = _hints(kind)
    known: dict[str, Any] = {}
    for entry in dataclasses.fields(kind):
        if entry.name in value:
            path = f"{where}.{entry.name}"
            known[entry.name] = _decode(value[entry.name], hints[entry.name], path)
        elif entry.default is entry.default_factory is dataclasses.MISSING:
            raise ResultError(f"{where}.{entry.name}: missing")
    # Fields that this version does not know are passed over: an older reader can still
    # read a newer run of the same format.
    return kind(**known)
