"""docs/sizing.html: a calculator for workers and threads, one file without network."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, select_autoescape
from markupsafe import Markup

from loadtests.analysis.outcomes import Outcome, outcomes
from loadtests.analysis.sizing import supplies
from loadtests.catalog.stacks import HTTP1, Stack
from loadtests.records.rate import Rate
from loadtests.records.run import Run
from loadtests.report.sections.costs import slow_client
from loadtests.report.sections.request_costs import of_hello
from loadtests.report.words import figure, plain, when

HERE = Path(__file__).parent
# What is measured of a stack beside its sizes, and in which words.
MEASURED = {
    "slow-body": "slow uploads",
    "slow-read": "slow readers",
    "handler-wait": "waiting handlers",
}


def page(run: Run) -> str:
    """The whole page; with the points that the run measured."""
    environment = Environment(
        loader=FileSystemLoader(HERE),
        autoescape=select_autoescape(("j2", "html")),
        keep_trailing_newline=True,
    )
    known = {(o.stack, o.scenario): o for o in outcomes(run)}
    costs = of_hello(run.costs)
    data = [
        _stack(stack, known, costs.get(stack.id, []), run.rates)
        for stack in HTTP1.values()
        if stack.front is None
    ]
    # Escaped, because `<` may end a script element (HTML, 4.12.1.3).
    text = json.dumps(data, indent=1, ensure_ascii=False).replace("<", "\\u003c")
    on = run.environment
    return environment.get_template("sizing.html.j2").render(
        data=Markup(text),
        css=Markup((HERE / "sizing.css").read_text(encoding="utf-8")),
        script=Markup((HERE / "sizing.js").read_text(encoding="utf-8")),
        machine=plain(f"{on.cpu}, {on.cpus} cores, {when(run.run.started_at)}"),
    )


def _stack(
    stack: Stack,
    known: dict[tuple[str, str], Outcome],
    costs: list[float],
    rates: Sequence[Rate],
) -> dict[str, Any]:
    """What the page's script knows of a stack."""
    mine = [o for (stack_id, _), o in known.items() if stack_id == stack.id]
    idle = [mb for o in mine if (mb := o.typical(lambda c: c.server.rss_idle_mb))]
    each = [f.sum_kb for o in mine if (f := slow_client(o)) and f.sum_kb]
    return {
        "id": stack.id,
        "one": stack.one_process,
        "own": stack.own_descriptors,
        "siblings": stack.siblings_descriptors,
        "connections": stack.worker_connections or 1,
        "supplies": [[s.name, s.kind, s.handler, s.body] for s in supplies(stack)],
        "idle": max(idle, default=None),
        "measuredWorkers": stack.workers,
        "each": max(each, default=None),
        "cpu": sorted(costs)[len(costs) // 2] if costs else None,
        "measured": [
            f"held {o.held_by_all:,} {what}"
            for scenario, what in MEASURED.items()
            if (o := known.get((stack.id, scenario)))
        ]
        + [
            f"sustained {_at_least(r)} requests/s that wait {r.wait_ms} ms"
            for r in rates
            if (r.stack, r.scenario) == (stack.id, "backend-wait")
            and r.valid
            and r.sustained_per_s
        ],
    }


def _at_least(rate: Rate) -> str:
    """`144`; or `1,000 or more`, if that was the most that was asked."""
    more = " or more" if rate.failed_per_s is None else ""
    return f"{figure(rate.sustained_per_s)}{more}"
