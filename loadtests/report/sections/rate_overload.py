"""What more requests a second do than a stack sustains, and how it gets over them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from loadtests.analysis.rates import has_a_cliff
from loadtests.catalog.rates import OVERLOADS, STEP_S
from loadtests.records.rate import Overload, Rate
from loadtests.records.run import Run
from loadtests.report.blocks import (
    Block,
    Column,
    Points,
    Section,
    Source,
    Table,
    Text,
)
from loadtests.report.prose import Prose, joined, prose, stack, stacks
from loadtests.report.sections.rates import as_often, mostly, under, valid
from loadtests.report.values import Figure, Name, Seconds, Value
from loadtests.report.words import count, figure, listed

TITLE = "More requests a second than a stack sustains"
CLIFF = (
    "Answers fall off a cliff: {}. Overload left less than 80 % of the sustained rate."
)
PLATEAU = "Under overload, {} still answered 80 % of the sustained rate or more."
THEN = "Then half of the sustained rate was asked, a second at a time: {} "
WELL_AGAIN = THEN + "answered all within {} s{}."
AT_ONCE = THEN + "answered all at once{}."
NOT_WELL = THEN + "did not answer all within {} s{}."
RETRIED = ", while clients asked again {}"
NOTE = (
    "For {} s or more each: {} times the sustained rate. *answered in time*: at the "
    "end, and at the first try. *the others*: what became of most of them, in the "
    "words of the section on stacks that are out. *well again after*: a second at half "
    "of the sustained rate is asked, and another one when that has ended, until all of "
    "a second's requests are answered in time."
)
COLUMNS = (
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
    shown = table(source.run)
    if not shown.rows:
        return []
    times = listed([f"{times:g}" for times in OVERLOADS])
    note = Text(prose(NOTE, f"{STEP_S:g}", times), "note")
    return [Points(points(source.run)), shown, note]


def points(run: Run, who: Callable[[Sequence[str]], Prose] = stacks) -> list[Prose]:
    """The finding: what overload did, and what came after. Nothing where none was.
    `who` names stacks, where all were asked under one scenario."""
    found = [rate for rate in valid(run) if rate.overloads]
    several = len({rate.scenario for rate in found}) > 1

    def named(some: Sequence[Rate]) -> Prose:
        return _under_each(some) if several else who(_stacks(some))

    falls = [rate for rate in found if has_a_cliff(rate)]
    goes_on = [rate for rate in found if not has_a_cliff(rate)]
    return [
        *([prose(CLIFF, named(falls))] if falls else []),
        *([prose(PLATEAU, named(goes_on))] if goes_on else []),
        *_recovery(found, named),
    ]


def _recovery(
    found: Sequence[Rate], named: Callable[[Sequence[Rate]], Prose]
) -> Iterator[Prose]:
    """How long it took after overload until all was well, or that it did not end."""
    for retries in sorted({rate.conditions.retries for rate in found}):
        some = [rate for rate in found if rate.conditions.retries == retries]
        again = RETRIED.format(as_often(retries)) if retries else ""
        stuck = [rate for rate in some if None in _recovered(rate)]
        if well := [rate for rate in some if rate not in stuck]:
            most_s = max(t for rate in well for t in _recovered(rate) if t is not None)
            words = WELL_AGAIN if most_s else AT_ONCE
            figures = [figure(most_s)] if most_s else []
            yield prose(words, named(well), *figures, again)
        if stuck:
            watched_s = max(o.watched_s for rate in stuck for o in rate.overloads)
            yield prose(NOT_WELL, named(stuck), f"{watched_s:g}", again)


def _recovered(rate: Rate) -> list[float | None]:
    return [one.recovered_s for one in rate.overloads]


def _stacks(some: Sequence[Rate]) -> list[str]:
    return list(dict.fromkeys(rate.stack for rate in some))


def _under_each(some: Sequence[Rate]) -> Prose:
    """`a under backend-def and backend-pool; b under backend-def`."""
    of_each = {name: [r for r in some if r.stack == name] for name in _stacks(some)}
    parts = [
        prose("{} under {}", stack(name), listed([rate.scenario for rate in rates]))
        for name, rates in of_each.items()
    ]
    return joined(parts, "; ")


def table(run: Run) -> Table:
    rows = [_row(rate, one) for rate in valid(run) for one in rate.overloads]
    return Table(TITLE, COLUMNS, rows)


def _row(rate: Rate, one: Overload) -> dict[str, Value]:
    return {
        "scenario": Name(under(rate)),
        "stack": Name(rate.stack),
        "wait": Name(count(rate.wait_ms)),
        "sustained": Figure(rate.sustained_per_s),
        "rate": Figure(one.rate_per_s),
        "goodput": Figure(one.goodput_per_s),
        "lost": Name(mostly(one.lost)),
        "recovered": Seconds(one.recovered_s, one.watched_s),
        "rss": Figure(one.rss_mb),
    }


SECTION = Section("rate-overload", TITLE, blocks, short="Overload by rate")
