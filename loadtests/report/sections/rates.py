"""How many requests a second a stack sustains while each waits for something."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from loadtests.analysis.outcomes import by_family
from loadtests.analysis.predictions import CONFIRMED
from loadtests.analysis.rates import has_a_cliff, verdict
from loadtests.catalog.rates import RATE_SCENARIOS
from loadtests.records.rate import Overload, Rate, RateStep
from loadtests.records.run import Run
from loadtests.report.blocks import (
    Block,
    Column,
    Heading,
    Points,
    Reasons,
    Section,
    Source,
    Table,
    Text,
)
from loadtests.report.prose import prose, stacks
from loadtests.report.sections.overload import WAYS
from loadtests.report.values import Figure, Name, Seconds, Value
from loadtests.report.words import NOTHING, count, figure

TITLE = "How many requests a second, when each waits"
LEAD = (
    "Little's law predicts the rate: as many requests as have a place at a time, "
    "divided by how long each waits. {} of {} predictions were confirmed within 10 %."
)
NOTE = (
    "*places*: how many requests can wait at a time. *predicted*: places / wait, or "
    "what the CPU time of a request leaves if that is less. *sustained*: the highest "
    "rate at which 99 % of requests were answered within {} s. *failed at*: the "
    "lowest rate above it at which they were not. Requests arrive at even intervals, "
    "each on a new connection, whatever became of the earlier ones. The load "
    "generator sends {} a second at most; a prediction above that is not tested."
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
OVERLOAD = "What more than that does"
CLIFF = (
    "Answers fall off a cliff: {}. Overload left less than 80 % of the sustained rate."
)
PLATEAU = "Answers go on: {}. Overload left 80 % of the sustained rate or more."
OVERLOAD_NOTE = (
    "For 13 s each: 1.5 and 3 times the sustained rate. *answered in time*: at the "
    "end. *the others*: what became of most of them, in the words of the "
    "section above. *well again after*: at half of the sustained rate, until all of "
    "a second's requests are answered; watched for {} s."
)
OVERLOAD_COLUMNS = (
    Column("scenario", "scenario", name=True),
    Column("stack", "stack", name=True),
    Column("wait", "wait, ms"),
    Column("sustained", "sustained, /s"),
    Column("rate", "asked, /s"),
    Column("goodput", "answered in time, /s"),
    Column("lost", "the others"),
    Column("recovered", "well again after"),
    Column("rss", "memory, MB"),
)
RECOVERS_IN_S = 15.0  # experiments/rate.py watches for so long
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
    overloaded = overload_table(found)
    return [
        Text(lead),
        table(source.run),
        note,
        *_overload(found, overloaded),
        Reasons("What a handler does under each scenario", does),
    ]


def table(run: Run) -> Table:
    found = [rate for rate in run.rates if rate.valid]
    order = list(RATE_SCENARIOS)
    found.sort(key=lambda r: (_place(r.scenario, order), by_family(r.stack), r.wait_ms))
    return Table(TITLE, COLUMNS, [_row(rate) for rate in found])


def _overload(found: Sequence[Rate], shown: Table) -> list[Block]:
    """What more than the sustained rate does, where it was tried."""
    if not shown.rows:
        return []
    cliffs = {rate.stack: has_a_cliff(rate) for rate in found if rate.overloads}
    groups = {
        said: [stack for stack, has in cliffs.items() if bool(has) is cliff]
        for cliff, said in ((True, CLIFF), (False, PLATEAU))
    }
    points = [prose(said, stacks(some)) for said, some in groups.items() if some]
    note = prose(OVERLOAD_NOTE, f"{RECOVERS_IN_S:g}")
    return [Heading(OVERLOAD), Points(points), shown, Text(note, "note")]


def overload_table(found: Sequence[Rate]) -> Table:
    rows = [_overload_row(rate, one) for rate in found for one in rate.overloads]
    return Table(OVERLOAD, OVERLOAD_COLUMNS, rows)


def _overload_row(rate: Rate, one: Overload) -> dict[str, Value]:
    return {
        "scenario": Name(rate.scenario),
        "stack": Name(rate.stack),
        "wait": Name(count(rate.wait_ms)),
        "sustained": Figure(rate.sustained_per_s),
        "rate": Figure(one.rate_per_s),
        "goodput": Figure(one.goodput_per_s),
        "lost": Name(_mostly(one)),
        "recovered": Seconds(one.recovered_s, RECOVERS_IN_S),
        "rss": Figure(one.rss_mb),
    }


def _mostly(one: Overload) -> str:
    """What became of most of those that were not answered in time."""
    if not one.lost:
        return NOTHING
    numbers = {way.key: sum(one.lost.get(how, 0) for how in way.of) for way in WAYS}
    return max(numbers, key=lambda key: numbers[key]).replace("_", " ")


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
