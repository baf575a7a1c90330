"""What more requests a second do than a stack sustains, and how it gets over them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence

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
from loadtests.report.prose import Prose, prose, stacks
from loadtests.report.sections.rates import as_often, mostly, under, valid
from loadtests.report.values import Figure, Name, Seconds, Value
from loadtests.report.words import count, figure, listed

TITLE = "More requests a second than a stack sustains"
CLIFF = (
    "Answers fall off a cliff: {}. Overload left less than 80 % of the sustained rate."
)
PLATEAU = "Under overload, {} still answered 80 % of the sustained rate or more."
WELL_AGAIN = "Back at half of the sustained rate, {} answered all within {} s{}."
AT_ONCE = "Back at half of the sustained rate, {} answered all at once{}."
NOT_WELL = "Back at half of the sustained rate, {} did not answer all within {} s{}."
RETRIED = ", while clients asked again {}"
NOTE = (
    "For {} s or more each: {} times the sustained rate. *answered in time*: at the "
    "end, and at the first try. *the others*: what became of most of them, in the "
    "words of the section on stacks that are out. *well again after*: at half of the "
    "sustained rate, until all of a second's requests are answered."
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
    `who` names stacks."""
    found = [rate for rate in valid(run) if rate.overloads]
    falls = _stacks(rate for rate in found if has_a_cliff(rate))
    goes_on = [stack for stack in _stacks(found) if stack not in falls]
    return [
        *([prose(CLIFF, who(falls))] if falls else []),
        *([prose(PLATEAU, who(goes_on))] if goes_on else []),
        *_recovery(found, who),
    ]


def _recovery(
    found: Sequence[Rate], who: Callable[[Sequence[str]], Prose]
) -> Iterator[Prose]:
    """How long it took after overload until all was well, or that it did not end."""
    for retries in sorted({rate.conditions.retries for rate in found}):
        some = [rate for rate in found if rate.conditions.retries == retries]
        again = RETRIED.format(as_often(retries)) if retries else ""
        lasted = [(r.stack, o.recovered_s) for r in some for o in r.overloads]
        stuck = dict.fromkeys(stack for stack, time_s in lasted if time_s is None)
        well = dict.fromkeys(stack for stack, _ in lasted if stack not in stuck)
        if well:
            most_s = max(t for stack, t in lasted if t is not None and stack in well)
            words = WELL_AGAIN if most_s else AT_ONCE
            figures = [figure(most_s)] if most_s else []
            yield prose(words, who([*well]), *figures, again)
        if stuck:
            watched_s = max(o.watched_s for r in some for o in r.overloads)
            yield prose(NOT_WELL, who([*stuck]), f"{watched_s:g}", again)


def _stacks(some: Iterable[Rate]) -> list[str]:
    return list(dict.fromkeys(rate.stack for rate in some))


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
