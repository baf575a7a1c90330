"""What two runs, compared, look like: in the terminal, and in a pull request."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from rich.console import Group, RenderableType
from rich.table import Table
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
from loadtests.records.run import Run
from loadtests.report.formats import syntax
from loadtests.report.formats.comparison_words import alarms, rule, sentence
from loadtests.report.said import NEVER
from loadtests.report.sections.request_costs import CALLED, CONNECTIONS
from loadtests.report.words import NOTHING, amount, count, figure, plain

COLUMNS = ("base", "new", "change", "new - base", "")
NAMES = {
    DEGRADES_AT: "degrades at",
    OUT_AT: "out at",
    IDLE_MEMORY: "idle memory",
    SLOW_CLIENT: "a slow client: server",
    KERNEL: "a slow client: kernel",
}
UNITS = {TIME: "ms", IDLE_MEMORY: "MB", SLOW_CLIENT: "kB", KERNEL: "kB", COST: "µs"}
OTHER_MACHINE = "On another machine only numbers of slow clients compare: {}."
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
        """What counts as a difference; nothing where nothing can be compared."""
        if not self.of(WORSE, BETTER, SAME):
            return ""
        worth = alarms(self.base, self.new, self.threshold)
        return " ".join(filter(None, [rule(self.new, self.threshold), worth]))

    @property
    def sentence(self) -> str:
        comparable = self.of(WORSE, BETTER, SAME)
        if not comparable:
            return "No cell of these runs can be compared."
        numbers = [len(self.of(verdict)) for verdict in (WORSE, BETTER)]
        if not any(numbers):
            return f"No difference in {counted(comparable)} that can be compared."
        worse, better = (number or "none" for number in numbers)
        return (
            f"Of {counted(comparable)} that can be compared, NEW is worse in {worse} "
            f"and better in {better}."
        )

    @property
    def reasons(self) -> list[tuple[str, list[Comparison]]]:
        """Why cells cannot be compared, and which: the reason of the most first."""
        found: dict[str, list[Comparison]] = {}
        for one in self.found:
            for reason in one.reasons:
                found.setdefault(sentence(reason), []).append(one)
        return sorted(found.items(), key=lambda item: -len(item[1]))


def counted(some: Sequence[Comparison]) -> str:
    """`2 cells`, `2 cells and the costs of 1 stack`."""
    cells = sum(bool(one.scenario) for one in some)
    stacks = len(some) - cells
    said = [amount(cells, "cell")] if cells else []
    if stacks:
        said.append(f"the costs of {amount(stacks, 'stack')}")
    return " and ".join(said)


def called(comparison: Comparison) -> str:
    """`asgi-uvicorn, slow-body`."""
    what = comparison.scenario or "CPU time of a request"
    return plain(f"{comparison.stack}, {what}")


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
    """Cells that differ, in full; the others counted."""
    parts: list[RenderableType] = [Text(compared.runs), ""]
    for comparison in compared.of(WORSE, BETTER):
        parts += [_cell(comparison), ""]
    parts += [Text(line) for line in _rest(compared)]
    if compared.rule:
        parts += ["", Text(compared.rule, style="dim")]
    return Group(*parts, "", Text(compared.sentence, style="bold"))


def _rest(compared: Compared) -> list[str]:
    same, other = compared.of(SAME), compared.of(INCOMPARABLE)
    doubtful = [c for c in compared.found if c.times_doubtful]
    some_differ = compared.of(WORSE, BETTER)  # else the last sentence says that
    lines = [f"No difference: {counted(same)}."] if same and some_differ else []
    if doubtful:
        lines.append(
            f"Response times not compared: {counted(doubtful)}. Those of one run at "
            "least are doubtful, and its report says why."
        )
    if counts := [c for c in compared.found if c.machines]:
        lines.append(OTHER_MACHINE.format(counted(counts)))
        lines += [f"  {sentence(reason)}" for reason in counts[0].machines]
    if other:
        lines.append(f"Not comparable: {counted(other)}.")
        lines += [f"  {_which(some)}: {said}" for said, some in compared.reasons]
    return lines


def _which(some: Sequence[Comparison]) -> str:
    return called(some[0]) if len(some) == 1 else counted(some)


def _cell(comparison: Comparison) -> Table:
    title = Text(called(comparison) + ": ", style="bold")
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
    shown.add_column("", min_width=18)
    for heading in COLUMNS:
        shown.add_column(heading, justify="right", no_wrap=True)
    for difference in comparison.differences:
        cells = [Text(value) for value in values(difference)]
        verdict = difference.verdict
        shown.add_row(
            *cells, Text("" if verdict == SAME else verdict, STYLES.get(verdict, ""))
        )
    return shown


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
