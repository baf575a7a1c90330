"""How many requests a second a stack sustains while each waits for something."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from loadtests.analysis.outcomes import by_family
from loadtests.analysis.predictions import CONFIRMED
from loadtests.analysis.rates import has_a_cliff, verdict
from loadtests.catalog.rates import (
    OVERLOADS,
    RATE_SCENARIOS,
    RECOVERS_IN_S,
    STEP_S,
    TOP_PER_S,
)
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
from loadtests.report.prose import Prose, prose, stacks
from loadtests.report.sections.overload import WAYS
from loadtests.report.values import Figure, Name, Seconds, Value
from loadtests.report.words import NOTHING, amount, count, figure, listed

TITLE = "How many requests a second, when each waits"
LEAD = (
    "Little's law predicts how many requests a second a stack sustains: places for "
    "requests, divided by how long each waits. {} of {} predictions were confirmed "
    "within 10 %."
)
VOID = "{} void, because requests left late: the machine was too busy."
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
    Column("wait", "wait, ms", rank=1),
    Column("places", "places", rank=3),
    Column("limited_by", "limited by", rank=2),
    Column("predicted", "predicted, /s", short="predicted"),
    Column("sustained", "sustained, /s", short="sustained"),
    Column("failed", "failed at, /s", short="fails at"),
    Column("p99", "p99 there, ms", rank=4),
    Column("verdict", "prediction"),
)
OVERLOAD = "What more than that does"
CLIFF = (
    "Answers fall off a cliff: {}. Overload left less than 80 % of the sustained rate."
)
PLATEAU = "Answers go on: {}. Overload left 80 % of the sustained rate or more."
OVERLOAD_NOTE = (
    "For {} s each: {} times the sustained rate. *answered in time*: at the end. "
    "*the others*: what became of most of them, in the words of the "
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


def blocks(source: Source) -> Sequence[Block]:
    found = _valid(source.run)
    if not source.run.rates:
        return []
    deadline = f"{source.run.method.deadline_s:g}"
    note = Text(prose(NOTE, deadline, count(int(TOP_PER_S))), "note")
    ids = dict.fromkeys(rate.scenario for rate in found)
    rows: list[Block] = [table(source.run), note] if found else []
    does = {s: RATE_SCENARIOS[s].what for s in ids if s in RATE_SCENARIOS}
    return [
        Points(points(source.run)),
        *rows,
        *_overload(found),
        *([Reasons("What a handler does under each scenario", does)] if does else []),
    ]


def points(run: Run) -> list[Prose]:
    """The finding: how predictions fared, what overload did. Nothing without rates."""
    found = _valid(run)
    verdicts = Counter(map(verdict, found))
    lead = prose(LEAD, str(verdicts[CONFIRMED]), str(len(found)))
    void = prose(VOID, amount(len(run.rates) - len(found), "rate"))
    falls = _stacks(rate for rate in found if has_a_cliff(rate))
    tried = _stacks(rate for rate in found if rate.overloads)
    goes_on = [stack for stack in tried if stack not in falls]
    return [
        *([lead] if found else []),
        *([prose(CLIFF, stacks(falls))] if falls else []),
        *([prose(PLATEAU, stacks(goes_on))] if goes_on else []),
        *([void] if len(found) < len(run.rates) else []),
    ]


def _stacks(some: Iterable[Rate]) -> list[str]:
    return list(dict.fromkeys(rate.stack for rate in some))


def _valid(run: Run) -> list[Rate]:
    """Those that count, in the order of tables."""
    order = list(RATE_SCENARIOS)
    found = [rate for rate in run.rates if rate.valid]
    return sorted(
        found, key=lambda r: (_place(r.scenario, order), by_family(r.stack), r.wait_ms)
    )


def table(run: Run) -> Table:
    return Table(TITLE, COLUMNS, [_row(rate) for rate in _valid(run)])


def _overload(found: Sequence[Rate]) -> list[Block]:
    """What more than the sustained rate does, where it was tried."""
    shown = overload_table(found)
    if not shown.rows:
        return []
    times = listed([f"{times:g}" for times in OVERLOADS])
    note = prose(OVERLOAD_NOTE, f"{STEP_S:g}", times, f"{RECOVERS_IN_S:g}")
    return [Heading(OVERLOAD), shown, Text(note, "note")]


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
