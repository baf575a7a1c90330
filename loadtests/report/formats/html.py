"""report.html: one page that holds everything and asks no network for anything.

There is no script in it, and its own policy (CSP) allows none. Each kind of block is
rendered by the macro of its name. Jinja cleans and escapes all that is put into a
template; `Markup` is only what this package made itself: charts, style, and marks.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from loadtests.records.run import Run
from loadtests.report.blocks import Block, Column, Glance, Source, Table
from loadtests.report.charts import inline
from loadtests.report.prose import CODE, STACK, STRESS, Mark, Prose, prose
from loadtests.report.reports import PAGE
from loadtests.report.sections import finding, order, summary
from loadtests.report.sections.matrix import in_order
from loadtests.report.special_blocks import Entry, Matrix
from loadtests.report.values import Value, bare, without_note, written
from loadtests.report.words import NOTHING, amount, visible, when

HERE = Path(__file__).parent
TAGS = {STACK: "b", STRESS: "em", CODE: "code"}


def render(source: Source) -> dict[str, str]:
    """The page, by file name."""
    environment = _environment()
    page = environment.get_template("page.html.j2")
    sections = list(order.filled(source))
    shown = _head(source.run) | {
        "sections": sections,
        "first_screen": sum(s in order.FIRST_SCREEN for s, _ in sections),
        "style": Markup((HERE / "page.css").read_text(encoding="utf-8")),
        "dark": Markup(inline.dark_rules()),
    }
    return {PAGE: page.render(shown).lstrip()}


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


def _head(run: Run) -> dict[str, Any]:
    """What stands above the sections."""
    stacks = {cell.stack for cell in run.cells}
    return {
        "title": f"Slow clients: {run.run.profile} run {run.run.id}",
        "headline": summary.headline(run)
        or prose(f"What slow clients did to {amount(len(stacks), 'server stack')}"),
        "run": run,
        "when": when(run.run.started_at),
        "cells": amount(len(run.cells), "cell"),
        "cores": amount(run.environment.cpus, "core"),
        "notices": finding.notices(run),
    }


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
