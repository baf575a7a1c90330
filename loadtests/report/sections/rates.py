"""How many requests a second a stack sustains while each waits for something."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from loadtests.analysis.outcomes import by_family
from loadtests.analysis.predictions import BEYOND, CONFIRMED, UNPREDICTED
from loadtests.analysis.rates import verdict
from loadtests.catalog.rates import RATE_SCENARIOS, TOP_PER_S
from loadtests.records.rate import Rate, RateStep
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
from loadtests.report.facts import sentence
from loadtests.report.prose import Prose, prose
from loadtests.report.sections.overload import WAYS
from loadtests.report.values import Count, Figure, Name, Share, Value
from loadtests.report.words import NOTHING, amount, count, figure

TITLE = "How many requests a second, when each waits"
LEAD = (
    "Little's law predicts how many requests a second a stack sustains: places for "
    "requests, divided by how long each waits. {} of {} predictions were confirmed "
    "within 10 %."
)
UNTESTED = "The rates that were asked did not test {}."
VOID = "{} void: {}."
NOTE = (
    "*places*: how many requests can wait at a time. *predicted*: places / wait, or "
    "what the CPU time of a request leaves if that is less. *sustained*: the highest "
    "rate at which 99 % of requests were answered within {} s. *failed at*: the "
    "lowest rate above it at which they were not. Requests arrive at even intervals, "
    "each on a new connection, whatever became of the earlier ones. The load "
    "generator sends {} a second at most; a prediction above that is not tested. "
    "Nor is one that lies between two rates that were named."
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
ASKED = "Each rate that was asked"
ASKED_COLUMNS = (
    Column("scenario", "scenario", name=True),
    Column("stack", "stack", name=True),
    Column("rate", "asked, /s"),
    Column("answered", "answered in time"),
    Column("again", "answered at a later try"),
    Column("p50", "p50, ms"),
    Column("p99", "p99, ms"),
    Column("lost", "the others"),
)


def blocks(source: Source) -> Sequence[Block]:
    found = valid(source.run)
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
        *_asked(found),
        *([Reasons("What a handler does under each scenario", does)] if does else []),
    ]


def points(run: Run) -> list[Prose]:
    """The finding: how predictions fared. Nothing without rates."""
    found = valid(run)
    verdicts = Counter(map(verdict, found))
    predicted = verdicts.total() - verdicts[UNPREDICTED] - verdicts[BEYOND]
    lead = prose(LEAD, str(verdicts[CONFIRMED]), str(predicted))
    untested = prose(UNTESTED, amount(verdicts[BEYOND], "prediction"))
    lost = [rate.faults[0] for rate in run.rates if not rate.valid]
    return [
        *([lead] if predicted else []),
        *([untested] if verdicts[BEYOND] else []),
        *([prose(VOID, amount(len(lost), "rate"), sentence(lost[0]))] if lost else []),
    ]


def valid(run: Run) -> list[Rate]:
    """Those that count, in the order of tables."""
    order = list(RATE_SCENARIOS)
    found = [rate for rate in run.rates if rate.valid]
    return sorted(
        found, key=lambda r: (_place(r.scenario, order), by_family(r.stack), r.wait_ms)
    )


def table(run: Run) -> Table:
    return Table(TITLE, COLUMNS, [_row(rate) for rate in valid(run)])


def _asked(found: Sequence[Rate]) -> list[Block]:
    """Each rate, where they were named or clients asked again."""
    shown = [
        _asked_row(rate, step)
        for rate in found
        if rate.conditions.rates_per_s or rate.conditions.retries
        for step in rate.steps
    ]
    table = Table(ASKED, ASKED_COLUMNS, shown)
    return [Heading(ASKED), table] if shown else []


def _asked_row(rate: Rate, step: RateStep) -> dict[str, Value]:
    tried = rate.conditions.retries
    return {
        "scenario": Name(under(rate)),
        "stack": Name(rate.stack),
        "rate": Figure(step.rate_per_s),
        "answered": Share(step.answered, step.attempted),
        "again": Share(step.answered_again, step.attempted) if tried else Name(NOTHING),
        "p50": Figure(step.p50_ms),
        "p99": Figure(step.p99_ms),
        "lost": Name(mostly(step.lost)),
    }


def under(rate: Rate) -> str:
    """The scenario, and what else happened meanwhile."""
    given, said = rate.conditions, rate.scenario
    if given.scenario:
        said += f" beside {count(given.slow_clients)} {given.scenario}"
    if given.retries:
        said += f", asked again {as_often(given.retries)}"
    return said


def as_often(retries: int) -> str:
    """`once`, `up to 2 times`."""
    return "once" if retries == 1 else f"up to {retries} times"


def mostly(lost: Mapping[str, int]) -> str:
    """What became of most of those that were not answered in time."""
    if not lost:
        return NOTHING
    numbers = {way.key: sum(lost.get(how, 0) for how in way.of) for way in WAYS}
    return max(numbers, key=lambda key: numbers[key]).replace("_", " ")


def _place(scenario: str, order: list[str]) -> int:
    return order.index(scenario) if scenario in order else len(order)


def _row(rate: Rate) -> dict[str, Value]:
    most = _at(rate, rate.sustained_per_s)
    return {
        "scenario": Name(under(rate)),
        "stack": Name(rate.stack),
        "wait": Name(count(rate.wait_ms)),
        "places": Count(rate.places),
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
        return f"void: {sentence(rate.faults[0])}"
    predicted = f"(predicted {figure(rate.predicted_per_s)}/s: {rate.limited_by})"
    if rate.predicted_per_s is None:
        predicted = "(not predicted)"
    failed = rate.failed_per_s
    fails = "" if failed is None else f", fails at {figure(failed)}/s"
    if rate.sustained_per_s is None:
        return f"sustains no rate{fails} {predicted}"
    return f"sustains {figure(rate.sustained_per_s)}/s{fails} {predicted}"


SECTION = Section("rates", TITLE, blocks, short="Rates")
