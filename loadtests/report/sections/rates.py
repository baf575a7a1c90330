"""How many requests a second a stack sustains while each waits for something."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from loadtests.analysis.outcomes import by_family
from loadtests.analysis.predictions import CONFIRMED
from loadtests.analysis.rates import verdict
from loadtests.catalog.rates import RATE_SCENARIOS
from loadtests.records.rate import Rate, RateStep
from loadtests.records.run import Run
from loadtests.report.blocks import Block, Column, Reasons, Section, Source, Table, Text
from loadtests.report.prose import prose
from loadtests.report.values import Figure, Name, Value
from loadtests.report.words import count, figure

TITLE = "How many requests a second, when each waits"
LEAD = (
    "Little's law predicts the rate: as many requests as have a place at a time, "
    "divided by how long each waits. {} of {} predictions were confirmed within 10 %."
)
NOTE = (
    "*places*: how many requests can wait at a time. *predicted*: places / wait, or what "
    "the CPU time of a request leaves if that is less. *sustained*: the highest rate at "
    "which 99 % of requests were answered within {} s. *failed at*: the lowest rate above "
    "it at which they were not. Requests arrive at even intervals, each on a new "
    "connection, whatever became of the earlier ones. The load generator sends {} a "
    "second at most; a prediction above that is not tested."
)
COLUMNS = (
    Column("scenario", "scenario", name=True),
    Column("stack", "stack", name=True),
    Column("wait", "wait, ms"),
    Column("places", "places"),
    Column("limited_by", "limited by"),
    Column("predicted", "predicted, /s"),
    Column("sustained", "sustained, /s"),
    Column("failed", "failed at, /s"),
    Column("p99", "p99 there, ms"),
    Column("verdict", "prediction"),
)
TOP_PER_S = 1000  # of the load generator (experiments/rate.py)


def blocks(source: Source) -> Sequence[Block]:
    found = [rate for rate in source.run.rates if rate.valid]
    if not found:
        return []
    verdicts = Counter(map(verdict, found))
    lead = prose(LEAD, str(verdicts[CONFIRMED]), str(len(found)))
    deadline = f"{source.run.method.deadline_s:g}"
    note = Text(prose(NOTE, deadline, count(TOP_PER_S)), "note")
    ids = dict.fromkeys(rate.scenario for rate in found)
    does = {s: RATE_SCENARIOS[s].what for s in ids if s in RATE_SCENARIOS}
    return [
        Text(lead),
        table(source.run),
        note,
        Reasons("What a handler does under each scenario", does),
    ]


def table(run: Run) -> Table:
    found = [rate for rate in run.rates if rate.valid]
    order = list(RATE_SCENARIOS)
    found.sort(
        key=lambda r: (_place(r.scenario, order), by_family(r.stack), r.wait_ms)
    )
    return Table(TITLE, COLUMNS, [_row(rate) for rate in found])


def _place(scenario: str, order: list[str]) -> int:
    return order.index(scenario) if scenario in order else len(order)


def _row(rate: Rate) -> dict[str, Value]:
    most = _at(rate, rate.sustained_per_s)
    return {
        "scenario": Name(rate.scenario),
        "stack": Name(rate.stack),
        "wait": Name(count(rate.wait_ms)),
        "places": Name(count(rate.places)),
        "limited_by": Name(rate.limited_by),
        "predicted": Figure(rate.predicted_per_s),
        "sustained": Figure(rate.sustained_per_s),
        "failed": Figure(rate.failed_per_s),
        "p99": Figure(most.p99_ms if most else None),
        "verdict": Name(verdict(rate)),
    }


def _at(rate: Rate, per_s: float | None) -> RateStep | None:
    return next((step for step in rate.steps if step.rate_per_s == per_s), None)


def line(rate: Rate) -> str:
    """For the terminal: `sustains 150/s, fails at 176/s (predicted 160/s: threads)`."""
    if not rate.valid:
        return "void: requests left late"
    predicted = f"(predicted {figure(rate.predicted_per_s)}/s: {rate.limited_by})"
    failed = rate.failed_per_s
    fails = "" if failed is None else f", fails at {figure(failed)}/s"
    if rate.sustained_per_s is None:
        return f"sustains no rate{fails} {predicted}"
    return f"sustains {figure(rate.sustained_per_s)}/s{fails} {predicted}"


SECTION = Section("rates", TITLE, blocks, short="Rates")
