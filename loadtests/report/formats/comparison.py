"""What two runs, compared, look like: in the terminal, and in a pull request."""

from __future__ import annotations

import math
from collections.abc import Sequence

from rich.console import Group, RenderableType
from rich.text import Text

from loadtests.analysis.capacities import CAPACITIES
from loadtests.analysis.changes import (
    BETTER,
    COST,
    DEGRADES_AT,
    IDLE_MEMORY,
    KERNEL,
    OUT_AT,
    SAME,
    SLOW_CLIENT,
    TIME,
    WORSE,
    Difference,
    Figure,
)
from loadtests.analysis.compare import INCOMPARABLE, Comparison
from loadtests.report.formats import syntax
from loadtests.report.formats.compared import Compared, called, counted, notes
from loadtests.report.said import NEVER
from loadtests.report.sections.request_costs import CALLED, CONNECTIONS
from loadtests.report.words import NOTHING, count, figure, plain

COLUMNS = ("base", "new", "change", "new - base", "")
NAMES = {
    DEGRADES_AT: "degrades at",
    OUT_AT: "out at",
    IDLE_MEMORY: "idle memory",
    SLOW_CLIENT: "a slow client: server",
    KERNEL: "a slow client: kernel",
}
UNITS = {TIME: "ms", IDLE_MEMORY: "MB", SLOW_CLIENT: "kB", KERNEL: "kB", COST: "µs"}
STYLES = {WORSE: "bold red", BETTER: "bold green"}


def named(compared: Figure) -> str:
    """What was compared: `out at`, `p90 at 16, ms`, `flask, /hello, kept alive, µs`."""
    kind = compared.kind
    if kind == TIME:
        name = f"p{compared.percent} at {count(compared.slow_clients)}"
    elif kind == COST:
        target = CALLED.get(compared.target, compared.target)
        how = CONNECTIONS[compared.kept_alive]
        name = plain(f"{compared.app}, {target}, {how}")
    else:
        name = NAMES[kind]
    return f"{name}, {UNITS[kind]}" if kind in UNITS else name


def table(compared: Compared) -> RenderableType:
    """A line for each cell that differs; the others counted."""
    parts: list[RenderableType] = [Text(compared.runs), ""]
    for comparison in compared.of(WORSE, BETTER):
        parts.append(_cell(comparison))
    differ = len(parts) > 2
    parts += [*[""] * differ, *map(Text, _rest(compared))]
    if compared.rule:
        parts += ["", Text(compared.rule, style="dim")]
    return Group(*parts, "", Text(compared.sentence, style="bold"))


def _rest(compared: Compared) -> list[str]:
    lines = notes(compared)
    if other := compared.of(INCOMPARABLE):
        lines.append(f"Not comparable: {counted(other)}.")
        lines += [f"  {_which(some)}: {said}" for said, some in compared.reasons]
    return lines


def _which(some: Sequence[Comparison]) -> str:
    return called(some[0]) if len(some) == 1 else counted(some)


def _cell(comparison: Comparison) -> Text:
    """A verdict, and the figures that differ."""
    line = Text(called(comparison) + ": ", style="bold")
    line.append(comparison.verdict, style=STYLES[comparison.verdict])
    shown = [d for d in comparison.differences if d.verdict != SAME]
    line.append("".join(f"; {_said(difference)}" for difference in shown), style="")
    return line


def _said(difference: Difference) -> str:
    """`out at 2 → 1 (-50 %)`, and by how much at the least and the most."""
    name, base, new, *changed = values(difference)
    known = ", by ".join(change for change in changed if change != NOTHING)
    return f"{name}: {base} → {new}{f' ({known})' if known else ''}"


def values(difference: Difference) -> list[str]:
    """What was compared, in both runs, and how it changed: the COLUMNS of a row."""
    capacity = difference.figure.kind in CAPACITIES
    said = [
        _level(v) if capacity else figure(v) for v in (difference.base, difference.new)
    ]
    return [named(difference.figure), *said, _change(difference), _interval(difference)]


def _level(value: float | None) -> str:
    return NEVER if value is None else count(int(value))


def _change(difference: Difference) -> str:
    base, new = difference.base, difference.new
    if base is None or new is None or base <= 0:
        return NOTHING
    return f"{100 * (new / base - 1):+,.0f} %"


def _interval(difference: Difference) -> str:
    within = difference.interval
    if within is None:
        return NOTHING
    whole = difference.figure.kind in CAPACITIES
    low, high = (_signed(bound, whole) for bound in (within.low, within.high))
    if math.isinf(within.high):
        return NOTHING if math.isinf(within.low) else f"{low} or more"
    return f"{high} or less" if math.isinf(within.low) else f"{low} to {high}"


def _signed(value: float, whole: bool) -> str:
    sign = "+" if value > 0 else ""
    return sign + (f"{value:,.0f}" if whole else figure(value))


def markdown(compared: Compared) -> str:
    """The same for a pull request: of cells that differ, only the figures that do."""
    rows = [
        [
            syntax.text(called(comparison)),
            *(syntax.text(value) for value in values(difference)),
            f"**{difference.verdict}**",
        ]
        for comparison in compared.of(WORSE, BETTER)
        for difference in comparison.differences
        if difference.verdict != SAME
    ]
    headings = ["cell", "figure", *COLUMNS]
    parts = [
        f"**{syntax.text(compared.sentence)}**",
        *([syntax.table(headings, rows)] if rows else []),
        "\n".join(f"{_bullet(line)}{syntax.text(line)}" for line in _rest(compared)),
        f"{syntax.text(compared.runs)}. {syntax.text(compared.rule)}".strip(),
    ]
    return "\n\n".join(filter(None, parts)) + "\n"


def _bullet(line: str) -> str:
    return "  - " if line.startswith(" ") else "- "
