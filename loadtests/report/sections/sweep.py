"""A stack at several values of one option: what more of it buys, and what it costs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from loadtests.analysis.outcomes import Outcome
from loadtests.analysis.predictions import CONFIRMED
from loadtests.analysis.sweeps import Sweep, sweeps
from loadtests.records.run import Run
from loadtests.report.blocks import (
    Block,
    Chart,
    Column,
    Heading,
    Section,
    Source,
    Table,
    Text,
)
from loadtests.report.charts import drawing
from loadtests.report.charts.sweep import cpu_us, idle_mb, scenarios
from loadtests.report.prose import Prose, joined, prose, stack
from loadtests.report.sections.costs import slow_client
from loadtests.report.sections.request_costs import of_hello
from loadtests.report.values import At, Count, Figure, Judged, Name, Predicted, Value
from loadtests.report.words import count, figure, listed

TITLE = "One option at several values"
LEAD = "{} was measured with {} {}."
GROWS = "Under {} it was out at {} slow clients."
COSTS = "Idle, its processes took {} of memory, and {} with the most."
NOTE = (
    "*predicted*: from the value, before the measurement. *idle*: memory of all "
    "processes of the server before the first slow client; pages that they share count "
    "once. *a slow client*: memory of the server and of the kernel. *CPU*: of a "
    "request for /hello on a connection that is kept alive, on one core."
)


COLUMNS = (
    Column("scenario", "scenario", name=True),
    Column("held", "held"),
    Column("degrades_at", "degrades at"),
    Column("predicted_first", "predicted"),
    Column("out_at", "out at"),
    Column("predicted", "predicted"),
    Column("verdict", "prediction"),
    Column("idle", "idle, MB"),
    Column("each", "a slow client, kB"),
    Column("cpu", "CPU, µs"),
)


def blocks(source: Source) -> Sequence[Block]:
    found: list[Block] = []
    for sweep in sweeps(source.run):
        costs = of_hello(source.run.costs)
        picture = drawing.sweep(source.run, sweep, costs)
        found += [
            Heading(f"{sweep.name}, {sweep.option}"),
            Text(_said(sweep)),
            *([Chart(picture, "Sweep, chart")] if picture else []),
            table(source.run, sweep),
        ]
    return [*found, Text(prose(NOTE), "note")] if found else []


def _said(sweep: Sweep) -> Prose:
    values = listed([count(point.value) for point in sweep.points])
    parts = [prose(LEAD, stack(sweep.name), sweep.option, values)]
    for scenario in scenarios(sweep):
        found = [point.outcomes.get(scenario) for point in sweep.points]
        out = [o.out_at.middle for o in found if o]
        if all(out) and len(out) == len(found):
            numbers = listed([count(at) for at in out if at])
            parts.append(prose(GROWS, scenario, numbers))
    first, last = (idle_mb(point) for point in (sweep.points[0], sweep.points[-1]))
    if first and last:
        parts.append(prose(COSTS, figure(first, "MB"), figure(last, "MB")))
    parts.append(prose(_verdicts(sweep)))
    return joined(parts)


def _verdicts(sweep: Sweep) -> str:
    every = Counter(o.verdict for p in sweep.points for o in p.outcomes.values())
    return (
        f"The measurement confirmed {every[CONFIRMED]} of {every.total()} predictions."
    )


def table(run: Run, sweep: Sweep) -> Table:
    costs = of_hello(run.costs)
    rows = [
        {
            **_row(point.value, scenario, outcome),
            "idle": Figure(idle_mb(point)),
            "cpu": Figure(cpu_us(point, costs)),
        }
        for scenario in scenarios(sweep)
        for point in sweep.points
        if (outcome := point.outcomes.get(scenario))
    ]
    columns = (COLUMNS[0], Column("value", sweep.option, name=True), *COLUMNS[1:])
    known = [c for c in columns if c.name or any(_is_known(r[c.key]) for r in rows)]
    return Table(f"{sweep.name}, {sweep.option}", known, rows)


def _is_known(value: Value) -> bool:
    return not isinstance(value, Figure) or value.value is not None


def _row(value: int, scenario: str, o: Outcome) -> Mapping[str, Value]:
    typical = slow_client(o)
    return {
        "scenario": Name(scenario),
        "value": Name(count(value)),
        "held": Count(o.held.middle),
        "degrades_at": At(o.degrades_at),
        "predicted_first": Predicted(o.predicted_first),
        "out_at": At(o.out_at),
        "predicted": Predicted(o.predicted),
        "verdict": Judged(o),
        "each": Figure(typical.sum_kb if typical else None),
    }


SECTION = Section("sweep", TITLE, blocks, short="Sweep")
