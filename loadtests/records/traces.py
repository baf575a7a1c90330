"""The record of two requests to both apps: every call that crossed either interface.

`make load` makes it at the end of a run, a report draws it. Times are in milliseconds
since the application was called.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from loadtests.records.json_file import ResultError, read_json, write_json
from loadtests.records.ranges import see_figures

FORMAT = 1
TRACES_FILE = "traces.json"
FAST, SLOW = "fast-client", "slow-reader"
BY_SERVER, BY_APP = "server", "app"


@dataclass(frozen=True)
class Crossing:
    """One call across the interface. `by`: who made it; `end_ms` null: still out.

    `runner` is the thread or the task that made it; `text` the call and what came back.
    """

    name: str
    by: str
    runner: str
    start_ms: float
    end_ms: float | None
    text: str


@dataclass(frozen=True)
class Action:
    """What the client did, as it saw itself."""

    at_ms: float
    what: str


@dataclass(frozen=True)
class Side:
    """One call of one application, served by a stack."""

    stack: str
    crossings: list[Crossing]
    client: list[Action]

    @property
    def lasted_ms(self) -> float:
        """From the app's being called to the last call across the interface."""
        times = [(c.start_ms, c.end_ms or 0) for c in self.crossings]
        return max(time for some in times for time in some)


@dataclass(frozen=True)
class Trace:
    """The same request to both apps; `id`: FAST or SLOW; `visit` says it in words."""

    id: str
    visit: str
    wsgi: Side
    asgi: Side

    @property
    def sides(self) -> tuple[Side, Side]:
        return self.wsgi, self.asgi


@dataclass(frozen=True)
class Traces:
    """All that was traced at the end of a run."""

    traces: list[Trace]
    format: int = FORMAT


def save_traces(traces: Traces, folder: Path) -> Path:
    """Write `folder/traces.json` whole or not at all."""
    return write_json(traces, folder / TRACES_FILE)


def load_traces(folder: Path) -> Traces:
    """Read a run's traces; ResultError, naming the file and the field, if unusable."""
    path = folder / TRACES_FILE
    traces: Traces = read_json(path, Traces, "record", FORMAT)
    try:
        see_figures(traces, "record")
        _check_ids([trace.id for trace in traces.traces])
        for index, trace in enumerate(traces.traces):
            for name, side in zip(("wsgi", "asgi"), trace.sides, strict=True):
                _check(side, f"record.traces[{index}].{name}")
    except ResultError as error:
        raise ResultError(f"{path}: {error}") from None
    return traces


def _check_ids(ids: list[str]) -> None:
    if not set(ids) <= {FAST, SLOW} or len(set(ids)) < len(ids):
        found = ", ".join(ids)[:60]
        raise ResultError(
            f"record.traces: expected {FAST} and {SLOW}, each once, found {found!r}"
        )


def _check(side: Side, where: str) -> None:
    """What cannot be drawn is refused: no call at all, and an end before its start."""
    if not side.crossings:
        raise ResultError(f"{where}.crossings: expected a call, found none")
    for index, crossing in enumerate(side.crossings):
        end_ms = crossing.start_ms if crossing.end_ms is None else crossing.end_ms
        if end_ms < crossing.start_ms:
            raise ResultError(
                f"{where}.crossings[{index}]: expected times in order, found "
                f"{crossing.start_ms} to {crossing.end_ms}"
            )
        if crossing.by not in (BY_SERVER, BY_APP):
            raise ResultError(
                f"{where}.crossings[{index}].by: expected {BY_SERVER} or {BY_APP}, "
                f"found {crossing.by[:40]!r}"
            )
