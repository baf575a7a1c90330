"""The raw records of a cell: every sample is kept, one CSV file for each kind.

The processes that measure write them, the analysis reads them, and nothing is averaged
on the way. Times are seconds of the monotonic clock, the same in every process.
"""

from __future__ import annotations

import csv
import io
import types
import typing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

from loadtests.records.json_file import naming

SAMPLES_FILE = "probe.csv"
RETRIES_FILE = "retries.csv"  # samples too; due when the first try was
VISITS_FILE = "slow-clients.csv"
STEPS_FILE = "steps.csv"
SERVER_FILE = "server.csv"
WORKERS_FILE = "workers.csv"
GENERATOR_FILE = "generator.csv"

NOT_SENT = "generator"  # the fault of a request that our own machine could not send


class Sample(NamedTuple):
    """One healthy request; `fault` is empty if it was answered right and in time."""

    intended_s: float
    started_s: float
    ended_s: float
    fault: str


class Visit(NamedTuple):
    """One connection of a slow client, from before its connect to its end."""

    client: int
    began_s: float
    ended_s: float
    fate: str
    status: int | None


class StepTaken(NamedTuple):
    """One step as the harness took it: from `asked_s` slow clients arrive, from
    `begins_s` they are held.

    A healthy request belongs to the part in which it was due. `in_place` is how many
    slow clients had come, `settled` (1 or 0) whether the server came to rest before the
    holding began. The last row is the leaving: no slow clients, and nothing is held.
    """

    slow_clients: int
    asked_s: float
    begins_s: float
    ends_s: float
    in_place: int
    settled: int

    def arriving(self, recording: Recording) -> list[Sample]:
        return recording.due(self.asked_s, self.begins_s)

    def holding(self, recording: Recording) -> list[Sample]:
        return recording.due(self.begins_s, self.ends_s)

    def has(self, at_s: float) -> bool:
        """Whether that moment belongs to the holding."""
        return self.begins_s <= at_s < self.ends_s


class ServerReading(NamedTuple):
    """What the server's process group had used by then; pids joined by blanks.

    `pss_mb` is its memory with shared pages counted once, `kernel_mb` what the kernel
    holds for its connections: null where they were not taken, which is often, or cannot
    be. So is `disk_mb`, what is stored of answers by what stands in front. `log_mb` is
    all that it has written.
    """

    at_s: float
    cpu_s: float
    rss_mb: float
    pids: str
    pss_mb: float | None
    kernel_mb: float | None
    log_mb: float
    disk_mb: float | None = None


class WorkerReading(NamedTuple):
    """What a process of the server held at the end of a step's holding.

    `descriptors` it had open, and `nofile` it may. `queued` connections waited in the
    backlog, which all share. Null where the kernel hides a figure. `in_front` (1 or 0):
    it stands in front of the server, and connections to the server count too.
    """

    at_s: float
    slow_clients: int
    pid: int
    connections: int | None
    descriptors: int | None
    nofile: int | None
    queued: int | None
    in_front: int = 0


class GeneratorReading(NamedTuple):
    """How busy each generator process was since the reading before; 100 = one core. Of
    several processes of slow clients it is the busiest of this machine.

    `stolen_percent` is how much of the machine's time its hypervisor gave to others,
    `foreign_cpu_s` the CPU time of processes that are not ours, since the beginning:
    null where the server is one of them, and cannot be told from them.
    """

    at_s: float
    probe_percent: float
    slow_clients_percent: float
    stolen_percent: float
    foreign_cpu_s: float | None


@dataclass(frozen=True)
class Recording:
    """All that was seen of one cell.

    `taken` are its steps, the leaving last. `neighbours` are those who used our cores
    beside us: names, and percents of one core.
    """

    samples: list[Sample]
    visits: list[Visit]
    taken: list[StepTaken]
    server: list[ServerReading]
    generator: list[GeneratorReading]
    workers: list[WorkerReading] = field(default_factory=list)
    neighbours: list[tuple[str, float]] = field(default_factory=list)

    @property
    def steps(self) -> list[StepTaken]:
        """The steps that were held, in the order in which they were taken."""
        return self.taken[:-1]

    @property
    def left_s(self) -> float:
        """When the slow clients were let go."""
        return self.taken[-1].asked_s

    def due(self, from_s: float, to_s: float) -> list[Sample]:
        """The healthy requests that were due in that time, but for those that our own
        machine could not send: they say nothing of the server."""
        return [
            sample
            for sample in self.samples
            if from_s <= sample.intended_s < to_s and sample.fault != NOT_SENT
        ]


class SampleWriter:
    """Appends records of one kind to a CSV file, a line each, as they come."""

    def __init__(self, folder: str | Path, name: str, kind: type[Any]) -> None:
        self._path = Path(folder) / name
        self._file = self._path.open("w", newline="", encoding="utf-8", buffering=1)
        self._writer = csv.writer(self._file, lineterminator="\n")
        self.write(kind._fields)

    def write(self, record: tuple[Any, ...]) -> None:
        with naming(self._path):
            self._writer.writerow(record)

    def close(self) -> None:
        with naming(self._path):
            self._file.close()


Record = TypeVar("Record", bound=tuple[Any, ...])


# A generator that cannot write a record ends with so much more than the error's number.
UNWRITTEN = 128


class SamplesTail:
    """The samples of a file that is still being written; it may not be there yet."""

    def __init__(self, folder: Path, name: str = SAMPLES_FILE) -> None:
        self._path = folder / name
        self._at = 0
        self._found: list[Sample] = []

    def so_far(self) -> list[Sample]:
        """All whole samples that are there by now, in the order in which they ended."""
        if not self._path.exists():
            return self._found
        with self._path.open("rb") as file:
            file.seek(self._at)
            data = _whole_lines(file.read())
        header = 0 if self._at else 1
        self._found += _records(data, Sample, header)
        self._at += len(data)
        return self._found


def read_samples(folder: Path, name: str, kind: type[Record]) -> list[Record]:
    """The records of that file, in order. A last line without its end is left out: what
    is there of it can look like a record (`12.3,1` of `12.34,128`)."""
    return _records(_whole_lines((folder / name).read_bytes()), kind, header=1)


def _whole_lines(data: bytes) -> bytes:
    return data[: data.rfind(b"\n") + 1]


def _records(data: bytes, kind: type[Record], header: int) -> list[Record]:
    converters = [_converter(hint) for hint in typing.get_type_hints(kind).values()]
    rows = list(csv.reader(io.StringIO(data.decode(), newline="")))[header:]
    return [
        kind(*(convert(text) for convert, text in zip(converters, row, strict=True)))
        for row in rows
    ]


def _converter(hint: Any) -> Any:
    if isinstance(hint, types.UnionType):
        inner = typing.get_args(hint)[0]
        return lambda text: inner(text) if text else None
    return hint


def read_recording(folder: Path) -> Recording:
    """All raw records of a cell's folder."""
    return Recording(
        samples=read_samples(folder, SAMPLES_FILE, Sample),
        visits=read_samples(folder, VISITS_FILE, Visit),
        taken=read_samples(folder, STEPS_FILE, StepTaken),
        server=read_samples(folder, SERVER_FILE, ServerReading),
        generator=read_samples(folder, GENERATOR_FILE, GeneratorReading),
        workers=read_samples(folder, WORKERS_FILE, WorkerReading),
    )
