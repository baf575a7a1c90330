"""report.html: one page that holds everything and asks no network for anything.

There is no script in it, and its own policy (CSP) allows none. Each kind of block is
rendered by the macro of its name. Jinja cleans and escapes all that is put into a
template; `Markup` is only what this package made itself: charts, style, and marks.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from loadtests.catalog.scenarios import in_order
from loadtests.records.run import Run
from loadtests.report.blocks import Block, Column, Glance, Section, Source, Table
from loadtests.report.charts import inline
from loadtests.report.prose import CODE, STACK, STRESS, Mark, Prose, prose
from loadtests.report.reports import PAGE
from loadtests.report.said import measured
from loadtests.report.sections import finding, headline, order
from loadtests.report.special_blocks import Entry, Matrix
from loadtests.report.values import Value, bare, without_note, written
from loadtests.report.words import NOTHING, amount, visible, when

HERE = Path(__file__).parent
TAGS = {STACK: "b", STRESS: "em", CODE: "code"}


def render(source: Source) -> dict[str, str]:
    """The page, by file name."""
    sections = list(order.filled(source))
    first = sum(section in order.FIRST_SCREEN for section, _ in sections)
    return {PAGE: page(_head(source.run), sections, first)}


@dataclass(frozen=True)
class Head:
    """What stands above the sections: the title of the window, the result in one line,
    what was measured, and what a reader must know before all else."""

    title: str
    headline: Prose
    facts: str
    notices: Sequence[str] = ()


def page(
    head: Head, sections: Sequence[tuple[Section, Sequence[Block]]], first_screen: int
) -> str:
    """A whole page; the contents come after so many sections."""
    template = _environment().get_template("page.html.j2")
    shown = {
        "head": head,
        "sections": sections,
        "first_screen": first_screen,
        "style": Markup((HERE / "page.css").read_text(encoding="utf-8")),
        "dark": Markup(inline.dark_rules()),
    }
    return template.render(shown).lstrip()


def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(HERE),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=lambda value: visible(value) if type(value) is str else value,
    )
    environment.filters |= {
        "prose": _prose,
        "written": written,
        "embedded": inline.embedded,
        "swatch": inline.swatch,
        "without_note": without_note,
        "grouped": _grouped,
        "groups": _groups,
        "grid": _grid,
    }
    macros: Any = environment.get_template("macros.html.j2").module

    def block(one: Block) -> Markup:
        """A block as the macro of its name renders it."""
        name = type(one).__name__.lower()
        return Markup(getattr(macros, name)(one, block))

    environment.globals["block"] = block
    return environment


def _head(run: Run) -> Head:
    stacks = {cell.stack for cell in run.cells} | {rate.stack for rate in run.rates}
    number = amount(len(stacks), "server stack")
    plain_one = f"What slow clients did to {number}"
    if run.rates and not run.cells:
        plain_one = f"How many requests a second {number} sustained"
    on = run.environment
    facts = (
        f"{run.run.profile} run {run.run.id}",
        when(run.run.started_at),
        measured(run),
        f"{on.cpu}, {amount(on.cpus, 'core')}",
        headline.counts(run),
    )
    return Head(
        title=f"Slow clients: {run.run.profile} run {run.run.id}",
        headline=headline.headline(run) or prose(plain_one),
        facts=" · ".join(filter(None, facts)),
        notices=finding.notices(run),
    )


def _prose(said: Prose) -> Markup:
    """A sentence with its marks as elements."""
    found = Markup("")
    for part in said:
        text = escape(visible(part.text if isinstance(part, Mark) else part))
        if not isinstance(part, Mark):
            found += text
            continue
        tag = TAGS.get(part.kind, "b")
        # With the bracket before a name, for no line is to end with that.
        bracket = "(" if tag == "b" and found.endswith("(") else ""
        found = Markup(found.removesuffix("(")) if bracket else found
        found += Markup("<{0}>{1}{2}</{0}>").format(tag, bracket, text)
    return found


Row = Mapping[str, Value]


def _grouped(table: Table) -> list[tuple[str, list[Row]]]:
    """The rows of a table, those of one group together, by what the group is called."""
    if len(table.names) < 2:
        return [("", list(table.rows))]
    first = table.names[0].key
    groups = itertools.groupby(table.rows, lambda row: written(row[first]))
    return [(name, list(rows)) for name, rows in groups]


def _groups(columns: Sequence[Column]) -> list[tuple[str, list[Column]]]:
    """Columns that stand side by side in one group, by its name."""
    found = itertools.groupby(columns, lambda column: column.group)
    return [(group, list(some)) for group, some in found]


def _grid(glance: Glance, key: str) -> Matrix | None:
    """One column of a table: stacks by scenarios. None where no figure is known."""
    known = {
        (written(row["stack"]), written(row["scenario"])): bare(row[key])
        for row in glance.table.rows
    }
    if set(known.values()) <= {NOTHING}:
        return None
    scenarios = in_order(scenario for _, scenario in known)
    stacks: Sequence[str] = list(dict.fromkeys(stack for stack, _ in known))
    rows = {
        stack: [_figure(known.get((stack, scenario))) for scenario in scenarios]
        for stack in stacks
    }
    return Matrix(scenarios, rows)


def _figure(said: str | None) -> Entry:
    return Entry("figure", number=said or NOTHING)
