"""What two runs, compared, look like: in the terminal, and in a pull request."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from loadtests.analysis import differences
from loadtests.analysis.comparable import DIFFERENT, VOID, Reason
from loadtests.analysis.compare import INCOMPARABLE, Comparison
from loadtests.analysis.differences import (
    BETTER,
    CAPACITIES,
    DEGRADES_AT,
    IDLE_MEMORY,
    OUT_AT,
    SAME,
    SLOW_CLIENT,
    TIME,
    USED,
    WORSE,
    Difference,
    Figure,
)
from loadtests.records.run import Run
from loadtests.report.formats import syntax
from loadtests.report.said import NEVER
from loadtests.report.words import NOTHING, amount, count, figure, plain

COLUMNS = ("base", "new", "change", "new - base", "")
NAMES = {
    DEGRADES_AT: "degrades at",
    OUT_AT: "out at",
    IDLE_MEMORY: "idle memory",
    SLOW_CLIENT: "a slow client",
}
UNITS = {TIME: "ms", IDLE_MEMORY: "MB", SLOW_CLIENT: "kB"}
STYLES = {WORSE: "bold red", BETTER: "bold green"}


@dataclass(frozen=True)
class Compared:
    """Two runs, what was found, and the threshold that it was found with."""

    base: Run
    new: Run
    found: Sequence[Comparison]
    threshold: float

    def of(self, *verdicts: str) -> list[Comparison]:
        return [c for c in self.found if c.verdict in verdicts]

    @property
    def runs(self) -> str:
        named = (("BASE", self.base), ("NEW", self.new))
        return ", ".join(
            f"{which} {plain(run.run.id)} ({plain(run.environment.revision)})"
            for which, run in named
        )

    @property
    def rule(self) -> str:
        """What counts as a difference, and what an interval is."""
        memory = " or ".join(
            f"{used.resolved:g} {UNITS[used.kind]}" for used in USED if used.resolved
        )
        return (
            "A figure differs if it changed by more than "
            f"{100 * self.threshold:.0f} %, and by more than "
            f"{differences.RESOLVED_MS:g} ms (times) or {memory} (memory). If it has a "
            "95 % interval (from three repeats, or from one repeat's own samples), the "
            "interval must leave out 0. A capacity differs by more than "
            f"{amount(differences.RESOLVED_STEPS, 'step')} of the staircase."
        )

    @property
    def sentence(self) -> str:
        comparable = len(self.found) - len(self.of(INCOMPARABLE))
        if not comparable:
            return "No cell of these runs can be compared."
        said = [
            f"{verdict} in {len(self.of(verdict)) or 'none'}"
            for verdict in (WORSE, BETTER)
        ]
        cells = amount(comparable, "cell")
        return f"Of {cells} that can be compared, NEW is {' and '.join(said)}."

    @property
    def reasons(self) -> list[tuple[str, int]]:
        """Why cells cannot be compared, and how many for that reason."""
        return Counter(sentence(r) for c in self.found for r in c.reasons).most_common()


def named(compared: Figure) -> str:
    """What was compared: `out at`, `p90 at 16, ms`."""
    kind = compared.kind
    at = f"p{compared.percent} at {count(compared.slow_clients)}"
    name = at if kind == TIME else NAMES[kind]
    return f"{name}, {UNITS[kind]}" if kind in UNITS else name


def sentence(reason: Reason) -> str:
    """`void in NEW`, `cpus: 2 and 4`."""
    if reason.kind != DIFFERENT:
        return f"{'void' if reason.kind == VOID else 'not'} in {reason.which}"
    return plain(f"{reason.part}: {_part(reason.base)} and {_part(reason.new)}")


def _part(value: object) -> str:
    if value is None:
        return "none"
    return " ".join(map(str, value)) if isinstance(value, list) else str(value)


def table(compared: Compared) -> RenderableType:
    """Cells that differ, in full; the others counted."""
    parts: list[RenderableType] = [Text(compared.runs), ""]
    for comparison in compared.of(WORSE, BETTER):
        parts += [_cell(comparison), ""]
    parts += [Text(line) for line in _rest(compared)]
    parts += ["", Text(compared.rule, style="dim"), "", Text(compared.sentence)]
    return Group(*parts)


def _rest(compared: Compared) -> list[str]:
    same, other = compared.of(SAME), compared.of(INCOMPARABLE)
    lines = [f"No difference: {amount(len(same), 'cell')}."] if same else []
    if other:
        lines.append(f"Not comparable: {amount(len(other), 'cell')}.")
        lines += [f"  {r} ({amount(number, 'cell')})" for r, number in compared.reasons]
    return lines


def _cell(comparison: Comparison) -> Table:
    title = Text(
        plain(f"{comparison.stack}, {comparison.scenario}") + ": ", style="bold"
    )
    title.append(comparison.verdict, style=STYLES[comparison.verdict])
    shown = Table(
        box=None,
        pad_edge=False,
        title=title,
        title_justify="left",
        title_style="",
        header_style="dim",
        padding=(0, 1, 0, 0),
    )
    shown.add_column("", min_width=18, no_wrap=True)
    for heading in COLUMNS:
        shown.add_column(heading, justify="right", no_wrap=True)
    for difference in comparison.differences:
        cells = [Text(value) for value in _values(difference)]
        verdict = difference.verdict
        shown.add_row(
            *cells, Text("" if verdict == SAME else verdict, STYLES.get(verdict, ""))
        )
    return shown


def _values(difference: Difference) -> list[str]:
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
            *(syntax.text(name) for name in (comparison.stack, comparison.scenario)),
            *_values(difference),
            f"**{difference.verdict}**",
        ]
        for comparison in compared.of(WORSE, BETTER)
        for difference in comparison.differences
        if difference.verdict != SAME
    ]
    headings = ["stack", "scenario", "figure", *COLUMNS]
    parts = [
        f"**{syntax.text(compared.sentence)}**",
        *([syntax.table(headings, rows)] if rows else []),
        "\n".join(f"{_bullet(line)}{syntax.text(line)}" for line in _rest(compared)),
        f"{syntax.text(compared.runs)}. {syntax.text(compared.rule)}",
    ]
    return "\n\n".join(filter(None, parts)) + "\n"


def _bullet(line: str) -> str:
    return "  - " if line.startswith(" ") else "- "
