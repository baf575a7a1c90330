"""report.html: one page that holds everything and asks no network for anything.

There is no script in it, and its own policy (CSP) allows none. The template decides
what stands where; the figures are those of the other reports. A section for which the
run has no data is left out. Jinja escapes all that is put into the template; `Markup`
is only what this package made itself: charts, style, and the few marks made here.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from loadtests.analysis.outcomes import key_of
from loadtests.records.folder import ALONE, Beside
from loadtests.records.run import Run
from loadtests.report.blocks import Strong
from loadtests.report.charts import drawing, inline
from loadtests.report.formats.syntax import Rows
from loadtests.report.reports import PAGE
from loadtests.report.sections import advice, calls, claims, extras, smalls, tables
from loadtests.report.sections.finding import incomplete, sentences
from loadtests.report.sections.matrix import WHAT, Matrix, in_order, matrix, pivoted
from loadtests.report.words import NOTHING, amount, plain, visible, when

HERE = Path(__file__).parent
MEMORY = "Memory of a slow client, kB"
COSTS = {  # the columns of that table that are shown at a glance
    MEMORY: 5,
    "CPU time of a healthy request, µs": 2,
}
MOST_OPEN = 16  # rows; a longer table is folded away
# How a mark of the charts is drawn beside a name, around 0, 0.
SHAPES = {
    "square": "M-4-4H4V4H-4Z",
    "diamond": "M0-5.5 5.5 0 0 5.5-5.5 0Z",
    "circle": "M4.5 0A4.5 4.5 0 1 1-4.5 0 4.5 4.5 0 1 1 4.5 0Z",
    "cross": "M-2-5H2V-2H5V2H2V5H-2V2H-5V-2H-2Z",
    "triangle-up": "M0-5 5 4H-5Z",
}


def render(run: Run, beside: Beside = ALONE) -> dict[str, str]:
    """The page, by file name."""
    shown = _shown(run) | _beside(run, beside)
    return {PAGE: _template().render(shown).lstrip()}


def _template() -> Any:
    environment = Environment(
        loader=FileSystemLoader(HERE),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=lambda value: visible(value) if type(value) is str else value,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"marked": _marked, "plain": plain}
    environment.filters["by_scenario"] = _by_scenario
    environment.tests["strong"] = lambda value: isinstance(value, Strong)
    return environment.get_template("page.html.j2")


def _shown(run: Run) -> dict[str, Any]:
    """Everything that the template may ask for."""
    head = {
        "title": f"Slow clients: {plain(run.run.profile)} run {plain(run.run.id)}",
        "headline": _headline(run),
        "run": run,
        "when": when(run.run.started_at),
        "cells": amount(len(run.cells), "cell"),
        "cores": amount(run.environment.cpus, "core"),
        "incomplete": incomplete(run),
        "finding": [_named(run, plain(sentence)) for sentence in sentences(run)],
    }
    page = {
        "style": Markup((HERE / "page.css").read_text(encoding="utf-8")),
        "dark": Markup(inline.dark_rules()),
        "what": WHAT,
        "shapes": SHAPES,
        "most_open": MOST_OPEN,
    }
    return head | page | _evidence(run) | _background(run)


def _headline(run: Run) -> str:
    stacks = len({key_of(cell)[0] for cell in run.cells})
    return f"What slow clients did to {amount(stacks, 'server stack')}"


def _evidence(run: Run) -> dict[str, Any]:
    """What was found, section by section."""
    answered = smalls.answered(run)
    recovery = tables.recovery(run)
    return {
        "answered": answered,
        "anchors": {small.scenario: small.id for small in answered},
        "matrix": matrix(run),
        "capacity": tables.capacity(run),
        "advice": advice.grouped(run),
        "advice_notes": advice.notes(run),
        "looks": smalls.looks(run),
        "times_plots": smalls.response_times(run),
        "times": tables.response_times(run),
        "fates": tables.fates(run),
        "recovery": recovery,
        "recovery_grid": pivoted(recovery, 2),
        "void": tables.void(run),
        "freeings": extras.freeings(run),
        "reasons": tables.reasons(run),
        "warned": [*tables.warned(run), *extras.doubted(run)],
        **_pictures(run),
        **_costs(run),
    }


def _pictures(run: Run) -> dict[str, Markup]:
    """The charts that the page shows as they are."""
    pictures = {picture.file: picture for picture in drawing.plan(run)}
    shown = {}
    for name in ("capacity", "fates"):
        found = pictures.get(f"{drawing.FOLDER}/{name}.svg")
        shown[f"{name}_picture"] = inline.embedded(found, name) if found else Markup("")
    return shown


def _costs(run: Run) -> dict[str, Any]:
    costs = tables.costs(run)
    prices = extras.prices(run)
    # Where requests were priced by themselves, those of the cells say less.
    shown = {n: column for n, column in COSTS.items() if n == MEMORY or not prices.rows}
    grids = {name: pivoted(costs, column) for name, column in shown.items()}
    known = {name: grid for name, grid in grids.items() if _known(grid)}
    return {"costs": costs, "costs_grids": known, "prices": prices}


def _known(grid: Matrix) -> bool:
    return any(e.number != NOTHING for row in grid.rows.values() for e in row)


def _beside(run: Run, beside: Beside) -> dict[str, Any]:
    """What the run's folder holds besides: traced calls, and claims that were tried."""
    drawn = zip(beside.traces, calls.pictures(beside.traces), strict=True)
    return {
        "calls_title": calls.TITLE,
        "calls_lead": calls.LEAD,
        "calls": [
            {
                "heading": calls.NAMES[trace.id],
                "sentences": calls.sentences(trace),
                "svg": inline.embedded(picture, f"trace-{trace.id}"),
            }
            for trace, picture in drawn
        ],
        "claims_title": claims.TITLE,
        "claims_lead": claims.lead(beside.ledger, run) if beside.ledger else "",
        "claims": claims.groups(beside.ledger) if beside.ledger else [],
    }


def _background(run: Run) -> dict[str, Any]:
    """How and on what it was measured."""
    packages = run.environment.packages.items()
    code: Callable[[str], str] = Markup("<code>{}</code>").format
    return {
        "method": [Markup(s) for s in tables.method(run, lambda w: code(plain(w)))],
        "machine": tables.machine(run),
        "packages": {plain(name): plain(version) for name, version in packages},
        "commands": tables.commands(run),
        "again": tables.again(run),
    }


def _by_scenario(rows: Rows) -> list[tuple[str, Rows]]:
    """A table's rows, grouped by its first column."""
    order = in_order(row[0] for row in rows)
    return [(name, [row for row in rows if row[0] == name]) for name in order]


def _marked(text: str) -> Markup:
    """Words between asterisks are set apart, as in Markdown."""
    return Markup(re.sub(r"\*([^*]+)\*", r"<em>\1</em>", str(escape(text))))


def _named(run: Run, sentence: str) -> Markup:
    """The sentence, with the stacks in it set apart."""
    names = {plain(stack) for stack, _ in map(key_of, run.cells) if stack}
    longest_first = sorted(map(re.escape, names), key=len, reverse=True)
    if not names:
        return escape(sentence)
    # Not within another name: `asgi-uvicorn` is the start of `asgi-uvicorn-h11`. With
    # the bracket that opens before it, for no line is to end with that.
    pattern = rf"(\(?(?<![\w-])(?:{'|'.join(longest_first)})(?![\w-]))"
    parts = re.split(pattern, sentence)
    apart = Markup("<b>{}</b>").format
    return Markup("").join(
        apart(part) if index % 2 else part for index, part in enumerate(parts)
    )
