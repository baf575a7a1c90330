"""The behaviour grid in words: a cell of it, who differs, what has changed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from loadtests.analysis.behaviours import (
    Change,
    alike,
    breaks,
    broken,
    by_row,
    changes,
    differing,
    known,
)
from loadtests.catalog.behaviours import ROWS, How
from loadtests.records.behaviours import (
    ANSWERED,
    CLOSED,
    DEAF,
    KEPT,
    LEFT,
    MALFORMED,
    NOT_KEPT,
    WAITS,
    WRONG,
    Behaviour,
    Behaviours,
)
from loadtests.report.blocks import Column, Table
from loadtests.report.values import Count, Name, Value
from loadtests.report.words import amount, count, listed, when

BREAKS = "✗"
_MOST_ROWS = 6
LEGEND = (
    ("200 abc", "the status of the answer, and what the app saw of what matters"),
    ("100, 200", "an interim answer came first"),
    ("closes, kept", "what becomes of the connection, where that matters"),
    ("next is wrong", "the next request on the connection gets another answer"),
    ("closed", "the connection ends without an answer; a reset counts as an end"),
    ("cut", "the answer does not come to its end"),
    ("waits", "nothing comes for 1.5 s"),
    ("no HTTP", "the answer has no status line of HTTP/1"),
    ('""', "the app saw it, and it was empty"),
    ("whole", "the app read its body to the end, as far as the app can tell"),
    ("short", "the app read less than Content-Length says"),
    (
        "no length, no end",
        "the app cannot read its body: it has no length or no end",
    ),
    ("http.disconnect, close()", "the app hears so that its client has gone"),
    ("sent all", "the app does not hear that its client has gone"),
    (BREAKS, "breaks a MUST of the clause"),
)
_KINDS = {MALFORMED: "no HTTP", NOT_KEPT: "none is idle"}
_AFTER = {KEPT: "kept", CLOSED: "closes", DEAF: "then deaf", WRONG: "next is wrong"}
_STOPS = {ANSWERED: "whole", CLOSED: "ends", WAITS: "does not end"}


def cell(one: Behaviour) -> tuple[str, str]:
    """A behaviour in few words, and what the app saw, if that matters."""
    row = ROWS[one.row]
    if row.how is How.STOPPING:
        return _STOPS.get(one.kind) or _KINDS.get(one.kind, one.kind), ""
    if row.growing:
        return _grown(one, row.growing.of), ""
    if one.kind == LEFT:
        return one.saw, ""
    statuses = ", ".join(map(str, one.statuses)) if one.kind == ANSWERED else ""
    said = statuses or _KINDS.get(one.kind, one.kind)
    if one.kind == WAITS and one.statuses:
        said = f"{', '.join(map(str, one.statuses))}, waits"
    return said, _saw(one)


def _saw(one: Behaviour) -> str:
    """What the app saw, controls escaped; `""` for nothing at all."""
    if not one.saw and not (ROWS[one.row].asks and one.status == 200):
        return ""
    return "".join(c if c.isprintable() else repr(c)[1:-1] for c in one.saw) or '""'


def after(one: Behaviour) -> str:
    """`closes`, where the row is about that."""
    return _AFTER[one.after] if one.after and ROWS[one.row].tells_after else ""


def _grown(one: Behaviour, of: str) -> str:
    """`to 6,000 bytes, then 431`."""
    last = str(one.status) if one.status else _KINDS.get(one.kind, one.kind)
    if one.accepted is None:
        return f"{last} at once"
    to = f"to {count(one.accepted)} {of}"
    return f"{to} at least" if one.status == 200 else f"{to}, then {last}"


def plainly(one: Behaviour) -> str:
    """The whole cell in one line."""
    said, saw = cell(one)
    return ", ".join(filter(None, (f"{said} {saw}".strip(), after(one))))


def answers(row: Mapping[str, Behaviour]) -> Iterator[tuple[Behaviour, str, bool]]:
    """Each behaviour of a row, who shows it, and whether it breaks a MUST."""
    groups = alike(row)
    for index, (one, names) in enumerate(groups):
        most = index == 0 and len(groups) > 1 and 2 * len(names) > len(row)
        who = "Most stacks" if most else listed(names)
        yield one, "All stacks" if len(groups) == 1 else who, breaks(one)


def summary(found: Behaviours) -> str:
    """How many rows and stacks, where they differ, and when it was measured."""
    rows, stacks = by_row(found), broken(found)
    bad = sum(map(breaks, known(found)))
    on = found.environment
    return (
        f"{amount(len(rows), 'row')}, {amount(len(stacks), 'stack')}. The stacks "
        f"differ in {amount(len(differing(found)), 'row')}. A MUST is broken in "
        f"{count(bad)} of {amount(len(known(found)), 'cell')}. Measured on "
        f"{when(found.made_at)}, Python {on.python}."
    )


def where(found: Behaviours) -> list[str]:
    """Where all stacks behave alike, and which MUST the most stacks break."""
    differ = set(differing(found))
    same = [name for name in by_row(found) if name not in differ]
    counts = Counter(one.row for one in filter(breaks, known(found)))
    most = [f"{name} ({number})" for name, number in counts.most_common(_MOST_ROWS)]
    alike_in = f"All stacks behave alike in {listed(same)}." if same else ""
    broken_in = f"A MUST is broken by the most stacks in {listed(most)}."
    return [*filter(None, (alike_in, broken_in if most else ""))]


def table(found: Behaviours) -> Table:
    """How many MUSTs each stack breaks."""
    columns = [Column("stack", "stack", name=True), Column("broken", "breaks a MUST")]
    rows: list[dict[str, Value]] = [
        {"stack": Name(name), "broken": Count(len(rows))}
        for name, rows in broken(found).items()
    ]
    return Table("The behaviour grid", columns, rows)


def changed(base: Behaviours, new: Behaviours) -> list[str]:
    """A line for each change, those of the same versions first."""
    found = sorted(changes(base, new), key=lambda one: not one.is_unexplained)
    return [line(one) for one in found]


def line(one: Change) -> str:
    """`asgi-uvicorn host-twice: 200 a,b, in the record 400 (the same versions)`."""
    was = plainly(one.before) if one.before else "nothing"
    return (
        f"{one.now.stack} {one.now.row}: {plainly(one.now)}; in the record {was} "
        f"({versions(one.versions)})"
    )


def versions(some: Sequence[tuple[str, str, str]]) -> str:
    """`uvicorn 0.54.0, then 0.53.0`."""
    said = [f"{name} {now}, then {then}" for name, then, now in some]
    return listed(said) or "the same versions"
