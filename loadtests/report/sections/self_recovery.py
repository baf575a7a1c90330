"""How a stack frees itself of slow clients that do not leave: a part of Recovery."""

from __future__ import annotations

from collections.abc import Sequence

from loadtests.analysis.outcomes import by_family
from loadtests.catalog.scenarios import in_order
from loadtests.records.beside_cells import SelfRecovery
from loadtests.records.run import Run
from loadtests.report.blocks import Block, Column, Heading, Table, Text
from loadtests.report.facts import sentences
from loadtests.report.prose import prose
from loadtests.report.sections.fates import listed_fates
from loadtests.report.values import Count, Name, Seconds, Share, Value, written
from loadtests.report.words import count

TITLE = "How a stack frees itself"
NOTE = (
    "As many slow clients as should take the stack out come at once; of a predicted "
    "range, the upper end. They do not leave. Once dropped, they do not come back. "
    "Each stack is watched for {} s, longer than every default timeout of these "
    "servers. *freed after*: from their coming until all healthy requests are answered "
    "for at least 3 s. *answered*: the share of healthy requests answered meanwhile. "
    "*workers killed*: as the server's log says."
)
STILL_HELD = (
    "Some slow clients may still be held when the stack is well again. Slow readers go "
    "on reading what a killed worker had sent. A gthread worker without a free thread "
    "accepts up to 1,000 connections (--worker-connections), then leaves new ones to "
    "the other workers. Stacks that no number of slow clients here takes out are not "
    "in the table."
)
COLUMNS = (
    Column("scenario", "scenario", name=True),
    Column("stack", "stack", name=True),
    Column("slow_clients", "slow clients"),
    Column("freed", "freed after"),
    Column("answered", "answered"),
    Column("killed", "workers killed"),
    Column("fate", "their fate"),
)


def blocks(run: Run) -> Sequence[Block]:
    shown = table(run)
    if not shown.rows:
        return []
    watched_s = max(one.watched_s for one in run.self_recoveries if one.valid)
    return [
        Heading(TITLE),
        shown,
        Text(prose(NOTE, f"{watched_s:g}"), "note"),
        Text(prose(STILL_HELD), "note"),
    ]


def table(run: Run) -> Table:
    counting = [one for one in run.self_recoveries if one.valid]
    order = in_order(one.scenario for one in counting)
    counting.sort(key=lambda o: (order.index(o.scenario), by_family(o.stack)))
    return Table(TITLE, COLUMNS, [_row(one) for one in counting])


def _row(one: SelfRecovery) -> dict[str, Value]:
    return {
        "scenario": Name(one.scenario),
        "stack": Name(one.stack),
        "slow_clients": Count(one.slow_clients),
        "freed": freed(one),
        "answered": Share(one.answered, one.attempted),
        "killed": Count(one.kills_logged or None),
        "fate": Name(listed_fates(one.fates)),
    }


def freed(one: SelfRecovery) -> Seconds:
    return Seconds(
        one.freed_s, one.watched_s, at_once="not harmed", strong=one.freed_s is None
    )


def line(one: SelfRecovery) -> str:
    """One of them in a line of the terminal."""
    if not one.valid:
        return f"void: {sentences(one.faults)}"
    kills = f", {one.kills_logged} killed" if one.kills_logged else ""
    if one.freed_s is None:
        told = f"not freed within {one.watched_s:g} s"
    else:
        told = f"freed in {written(freed(one))}" if one.freed_s else written(freed(one))
    return f"held by {count(one.slow_clients)}: {told}{kills}"
