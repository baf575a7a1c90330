"""The phase map as a table: how long a server waits for a slow client, and for whom."""

from __future__ import annotations

from collections import Counter

from loadtests.analysis.phase_map import Judged, by_stack, judged
from loadtests.analysis.predictions import BEYOND, CONFIRMED, REFUTED
from loadtests.catalog.phases import Phase
from loadtests.records.phase_map import PhaseMap
from loadtests.report.blocks import Column, Table
from loadtests.report.values import Name, Value
from loadtests.report.words import NOTHING, figure, when

TITLE = "When a server ends a connection that is slow"
LEGEND = (
    "Seconds until the server ended the connection, and what its client saw. waits: it "
    "did not while it was watched. silent: the client sends nothing. slow head: it "
    "sends a header line a second. pause in body: it sends a part, then nothing. not "
    "reading: it asks for 64 MB."
)
HEADINGS = {
    Phase.SILENT: "silent",
    Phase.HEAD: "slow head",
    Phase.BODY: "pause in body",
    Phase.RESPONSE: "not reading",
}


def table(found: PhaseMap, *, options: bool = False) -> Table:
    """A row for each stack; with `options`, by which option it ends the connection."""
    columns = [Column("stack", "stack", name=True)]
    columns += [Column(phase, heading) for phase, heading in HEADINGS.items()]
    rows: list[dict[str, Value]] = []
    for stack, phases in by_stack(found).items():
        row: dict[str, Value] = {"stack": Name(stack)}
        for phase in HEADINGS:
            row[phase] = Name(said(phases.get(phase), found.watched_s, options))
        rows.append(row)
    return Table(TITLE, columns, rows)


def said(one: Judged | None, watched_s: float, options: bool) -> str:
    """`waits`; `31 s, 500`; `≠ 4.0 s` where something else was predicted."""
    if one is None:
        return NOTHING
    option = f" ({one.predicted.option})" if options and one.predicted else ""
    wrong = "≠ " * (one.verdict == REFUTED)
    if one.found.after_s is None:
        waits = f"over {watched_s:g} s" if one.predicted else "waits"
        return f"{wrong}{waits}{option}"
    seen = f", {one.found.seen}" if one.found.seen else ""
    return f"{wrong}{figure(one.found.after_s)} s{seen}{option}"


def summary(found: PhaseMap) -> str:
    """`55 of 56 as predicted, 1 not tested`, with when and where."""
    counts = Counter(one.verdict for one in judged(found))
    tested = counts[CONFIRMED] + counts[REFUTED]
    beyond = f", {counts[BEYOND]} not tested" if counts[BEYOND] else ""
    on = found.environment
    return (
        f"{counts[CONFIRMED]} of {tested} as predicted{beyond}. Watched for "
        f"{found.watched_s:g} s on {when(found.made_at)}, {on.cpu}, {on.cpus} cores."
    )
