"""Load tools that others wrote: how to ask one for a rate, and what it answered.

Only those are here that can hold a rate with a new connection for each request, and
that say how long every single request took. Both wait for an answer before they ask
again. With answers that come sooner than the next request is due that is an open
workload too, and so it is on an idle server.
"""

from __future__ import annotations

import csv
import io
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

from loadtests.analysis.agreement import PROBE, Round
from loadtests.catalog.target import RAW
from loadtests.records.samples import Sample
from loadtests.servers.programs import ProcessError

PACED = Path(__file__).with_name("paced.lua")
_HEY_STEP_MS = 0.1


class ToolError(ProcessError):
    """An instrument that did not do its part; one line."""


@dataclass(frozen=True)
class Task:
    """What an instrument is to do in one round."""

    url: str
    rate_per_s: int
    lasts_s: int
    cores: int

    @property
    def count(self) -> int:
        return self.rate_per_s * self.lasts_s


@dataclass(frozen=True)
class Tool:
    """A load tool: its command, and the meaning of what it writes."""

    name: str
    argv: Callable[[Task], list[str]]
    read: Callable[[str, Task], Round]
    counts: str


def of_probe(samples: Sequence[Sample]) -> Round:
    """A round of our own probe, from its raw records."""
    times_ms = [(s.ended_s - s.intended_s) * 1000 for s in samples if not s.fault]
    started_s = [sample.started_s for sample in samples]
    return Round(sorted(times_ms), len(samples), _rate_per_s(started_s))


def _rate_per_s(started_s: Sequence[float]) -> float:
    took_s = max(started_s) - min(started_s) if started_s else 0.0
    return (len(started_s) - 1) / took_s if took_s else 0.0


def _hey_argv(task: Task) -> list[str]:
    # Its workers tick in step: with more than one, requests would come in bursts.
    return [
        *("hey", "-n", str(task.count), "-c", "1", "-q", str(task.rate_per_s)),
        *("-cpus", str(task.cores), "-t", "1", "-disable-keepalive"),
        *("-disable-compression", "-o", "csv", task.url),
    ]


def _read_hey(text: str, task: Task) -> Round:
    """One row for each request that was answered; one that failed has none."""
    try:
        rows = list(csv.DictReader(io.StringIO(text)))
        started_s = [float(row["offset"]) for row in rows]
        times_ms = [
            float(row["response-time"]) * 1000
            for row in rows
            if row["status-code"] == "200"
        ]
    except (KeyError, TypeError, ValueError):
        raise ToolError("hey did not write the CSV of its version 0.1.4") from None
    return Round(spread(times_ms, _HEY_STEP_MS), task.count, _rate_per_s(started_s))


def spread(values: Sequence[float], step: float) -> list[float]:
    """Values that were rounded to a step, in order, with those that have become equal
    spread evenly over it. A percentile of them is not moved by half a step."""
    found: list[float] = []
    for value, equal in groupby(sorted(values)):
        count = len(list(equal))
        found += [value + step * ((n + 0.5) / count - 0.5) for n in range(count)]
    return found


def _wrk_argv(task: Task) -> list[str]:
    body = RAW.body.decode()
    return [
        *("wrk", "-t", "1", "-c", "1", "-d", f"{task.lasts_s}s", "--timeout", "1s"),
        *("-H", "Connection: close", "-s", str(PACED), task.url),
        *("--", str(task.rate_per_s), body),
    ]


def _read_wrk(text: str, _: Task) -> Round:
    """The lines that `paced.lua` writes, among wrk's own."""
    lines = [line.split() for line in text.splitlines() if line.startswith("request ")]
    try:
        found = [(float(began), float(end), fault) for _, began, end, fault in lines]
    except ValueError:
        raise ToolError("wrk did not write what paced.lua says") from None
    times_ms = [(end - began) * 1000 for began, end, fault in found if fault == "right"]
    return Round(sorted(times_ms), len(found), _rate_per_s([b for b, *_ in found]))


_TABLE = [
    Tool(
        "hey",
        _hey_argv,
        _read_hey,
        "from when its timer woke it, before the connect, to the body's end; the body "
        "is not looked at; in tenths of a millisecond",
    ),
    Tool(
        "wrk",
        _wrk_argv,
        _read_wrk,
        "from when its pause was over, before the connect, to the body's end, which is "
        "checked after that; a script of ours holds the rate, which wrk cannot, and "
        "reads the clock, for wrk's own begins after the connect",
    ),
]
TOOLS: Mapping[str, Tool] = {tool.name: tool for tool in _TABLE}
COUNTS: Mapping[str, str] = {
    PROBE: "from when the request was due, before the connect, to the body's end; the "
    "body is checked after that",
    **{tool.name: tool.counts for tool in _TABLE},
}


def installed() -> list[Tool]:
    """Those of the tools that this machine has."""
    return [tool for tool in TOOLS.values() if shutil.which(tool.name)]
