"""What `make bench` shows: a table for each stack, a verdict, what the times count."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from loadtests.analysis.agreement import (
    PROBE,
    WITHIN,
    DrivenPair,
    Figure,
    Row,
    apart,
    unconfirmed,
)
from loadtests.report.blocks import Column
from loadtests.report.formats.fitting import Fitting

HEADINGS = ("rate, 1/s", "right", "p50, ms", "p90, ms", "p99, ms", "probe / it")
COLUMNS = (
    Column("instrument", "", name=True),
    *(Column(heading, heading) for heading in HEADINGS),
)
DRIVEN = (
    Column("stack", "", name=True),
    Column("connections", "", name=True),
    Column("ours", "driver, us"),
    Column("wrk", "wrk, us"),
    Column("ratio", "ratio"),
    Column("rate", "rate, driver / wrk"),
)
MISSING = (
    "No load tool to compare it with: apt-get install hey, or wrk. "
    "The figures are the probe's own."
)
NO_WRK = "The driver has nothing to be compared with: apt-get install wrk."
SEGMENTS = (
    "hey and wrk connect with loopback's segments of 64 kB, the probe and the driver "
    "with those of Ethernet. An answer to GET /hello fits into one segment of either, "
    "so here they make no difference."
)
UNDECIDED = "Undecided: no two tools that agree with each other judge the probe."


def table(stack_id: str, found: Sequence[Row], asked_per_s: int) -> RenderableType:
    """The instruments against one stack."""
    return Group(Fitting(stack_id, COLUMNS, [_row(r, asked_per_s) for r in found]), "")


def _row(row: Row, asked_per_s: int) -> dict[str, Text]:
    figures = [
        Text(f"{row.rate_per_s:.0f} of {asked_per_s}"),
        Text(f"{row.right} of {row.made}"),
        *(_cell(percentile) for percentile in row.percentiles_ms),
        Text("") if row.instrument == PROBE else _cell(row.ratio),
    ]
    name = {"instrument": Text(row.instrument)}
    return name | dict(zip(HEADINGS, figures, strict=True))


def _cell(found: Figure | None) -> Text:
    """The figure, and under it between which the rounds lie."""
    if found is None:
        return Text("-")
    lies = f"{_short(found.low)}-{_short(found.high)}"
    return Text.assemble(f"{_short(found.middle)}\n", (lies, "dim"))


def _short(value: float) -> str:
    return f"{value:.2f}" if value < 9.995 else f"{value:.1f}"


def notes(counts: Mapping[str, str]) -> RenderableType:
    """How to read the figures, and what the times of each instrument count."""
    grid = Table.grid(padding=(0, 2, 0, 0))
    for instrument, what in counts.items():
        grid.add_row(instrument, what)
    middle = (
        "Times are over all rounds, with 95 % intervals. A ratio is the middle one of "
        "the rounds, with the lowest and the highest. Times count"
    )
    return Group(Text(middle), grid, "")


def driving(pairs: Sequence[DrivenPair]) -> RenderableType:
    """The driver against wrk: CPU time of a busy server for each request."""
    rows = [_driven(pair) for pair in pairs]
    grid = Fitting("What a request costs a busy server", DRIVEN, rows)
    odd = [pair for pair in pairs if not pair.agrees]
    said = Text("The driver agrees with wrk within 15 % everywhere.", "bold green")
    if odd:
        where = ", ".join(dict.fromkeys(pair.stack for pair in odd))
        said = Text(f"The driver differs from wrk by over 15 % on {where}.", "yellow")
    return Group("", grid, "", said, Text(SEGMENTS))


def _driven(pair: DrivenPair) -> dict[str, Text]:
    said = {
        "stack": pair.stack,
        "connections": "kept alive" if pair.kept_alive else "new connection",
        "ours": f"{pair.ours.cpu_us:.0f}",
        "wrk": f"{pair.wrk.cpu_us:.0f}",
        "ratio": f"{pair.cpu_ratio:.2f}",
        "rate": f"{pair.rate_ratio:.2f}",
    }
    return {key: Text(words) for key, words in said.items()}


def verdict(found: Mapping[str, Sequence[Row]]) -> Text:
    """Whether the probe agrees with the tools, and which tool disagrees where."""
    tools = sorted({r.instrument for rows in found.values() for r in rows if r.ratio})
    if not tools:
        return Text(MISSING, style="yellow")
    against = _pairs(found, apart)
    odd = _pairs(found, unconfirmed)
    beside = [_unconfirmed(stack_id, row) for stack_id, row in odd]
    if against:
        where = "; ".join(f"{_times(row)} on {stack_id}" for stack_id, row in against)
        said = f"NOT within {WITHIN}x: the probe's median is {where}."
        return Text(" ".join([said, *beside]), "bold red")
    odd_tools = {row.instrument for _, row in odd}
    agreeing = [tool for tool in tools if tool not in odd_tools]
    said = UNDECIDED
    if agreeing:
        with_ = " and ".join(agreeing)
        said = f"Within {WITHIN}x: the probe's median agrees with {with_}."
    style = "bold yellow" if odd else "bold green"
    return Text(" ".join([said, *beside]), style)


def _pairs(
    found: Mapping[str, Sequence[Row]], of: Callable[[Sequence[Row]], list[Row]]
) -> list[tuple[str, Row]]:
    return [(stack_id, row) for stack_id, rows in found.items() for row in of(rows)]


def _unconfirmed(stack_id: str, row: Row) -> str:
    return (
        f"On {stack_id}, {row.instrument} disagrees but is not confirmed: the probe's "
        f"median is {_times(row)}."
    )


def _times(row: Row) -> str:
    ratio = f"{row.ratio.middle:.2f}" if row.ratio else "?"
    return f"{ratio}x that of {row.instrument}"
