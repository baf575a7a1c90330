"""The raw records of a cell: every sample is kept, one CSV file for each kind.

The processes that measure write them, the analysis reads them, and nothing is averaged
on the way. Times are seconds of the monotonic clock, the same in every process.
"""

from __future__ import annotations

import csv
import io
import types
import typing
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

SAMPLES_FILE = "probe.csv"
VISITS_FILE = "slow-clients.csv"
LEVELS_FILE = "levels.csv"
SERVER_FILE = "server.csv"
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


class Level(NamedTuple):
    """The moment at which that many slow clients were asked for."""

    at_s: float
    slow_clients: int


class ServerReading(NamedTuple):
    """What the server's process group had used by then; pids joined by blanks."""

    at_s: float
    cpu_s: float
    rss_mb: float
    pids: str


class GeneratorReading(NamedTuple):
    """How busy each generator process was since the reading before; 100 = one core.

    `stolen_percent` is how much of the machine's time its hypervisor gave to others.
    """

    at_s: float
    probe_percent: float
    slow_clients_percent: float
    stolen_percent: float


@dataclass(frozen=True)
class Recording:
    """All that was seen of one cell."""

    samples: list[Sample]
    visits: list[Visit]
    levels: list[Level]
    server: list[ServerReading]
    generator: list[GeneratorReading]


@dataclass(frozen=True)
class Tread:
    """One step's window in time: requests due in [begins_s, ends_s) count for it."""

    slow_clients: int
    begins_s: float
    ends_s: float

    def samples(self, recording: Recording) -> list[Sample]:
        """The healthy requests that were due in it, but for those that our own machine
        could not send: they say nothing of the server."""
        return [
            sample
            for sample in recording.samples
            if self.begins_s <= sample.intended_s < self.ends_s
            and sample.fault != NOT_SENT
        ]

    def has(self, at_s: float) -> bool:
        return self.begins_s <= at_s < self.ends_s


class SampleWriter:
    """Appends records of one kind to a CSV file, a line each, as they come."""

    def __init__(self, folder: str | Path, name: str, kind: type[Any]) -> None:
        path = Path(folder) / name
        self._file = path.open("w", newline="", encoding="utf-8", buffering=1)
        self._writer = csv.writer(self._file, lineterminator="\n")
        self._writer.writerow(kind._fields)

    def write(self, record: tuple[Any, ...]) -> None:
        self._writer.writerow(record)

    def close(self) -> None:
        self._file.close()


Record = TypeVar("Record", Sample, Visit, Level, ServerReading, GeneratorReading)


def read_samples(folder: Path, name: str, kind: type[Record]) -> list[Record]:
    """The records of that file, in order. A last line without its end is left out: what
    is there of it can look like a record (`12.3,1` of `12.34,128`)."""
    converters = [_converter(hint) for hint in typing.get_type_hints(kind).values()]
    data = (folder / name).read_bytes()
    whole = data[: data.rfind(b"\n") + 1].decode()
    rows = list(csv.reader(io.StringIO(whole, newline="")))[1:]
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
        levels=read_samples(folder, LEVELS_FILE, Level),
        server=read_samples(folder, SERVER_FILE, ServerReading),
        generator=read_samples(folder, GENERATOR_FILE, GeneratorReading),
    )
