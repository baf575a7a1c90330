"""The behaviour grid: what breaks a MUST, where servers differ, what has changed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from loadtests.catalog.behaviours import PARSERS, ROWS, Must
from loadtests.catalog.stacks import HTTP1
from loadtests.records.behaviours import (
    CLOSED,
    CUT,
    KEPT,
    MALFORMED,
    REFUSED,
    VARIES,
    WAITS,
    WRONG,
    Behaviour,
    Behaviours,
)

_SILENT = (CLOSED, CUT, MALFORMED, REFUSED)
_ANYBODY = "any stack"


def known(found: Behaviours) -> list[Behaviour]:
    """Those of rows and stacks that the catalog has."""
    return [b for b in found.behaviours if b.row in ROWS and b.stack in HTTP1]


def by_row(found: Behaviours) -> Mapping[str, Mapping[str, Behaviour]]:
    """By row and stack, in the order of the catalog."""
    rows: dict[str, dict[str, Behaviour]] = {name: {} for name in ROWS}
    for one in sorted(known(found), key=lambda one: list(HTTP1).index(one.stack)):
        rows[one.row][one.stack] = one
    return {name: stacks for name, stacks in rows.items() if stacks}


def fact(one: Behaviour) -> Behaviour:
    """What it is, whoever does it: two servers behave alike if theirs are equal."""
    return replace(one, stack=_ANYBODY)


def alike(stacks: Mapping[str, Behaviour]) -> list[tuple[Behaviour, list[str]]]:
    """Each behaviour of a row with the stacks that show it, the commonest first."""
    groups: dict[str, tuple[Behaviour, list[str]]] = {}
    for name, one in stacks.items():
        groups.setdefault(repr(fact(one)), (one, []))[1].append(name)
    return sorted(groups.values(), key=lambda group: -len(group[1]))


def columns(rows: Sequence[Mapping[str, Behaviour]]) -> list[list[str]]:
    """The stacks in groups that behave alike in all of these rows."""
    groups: dict[tuple[str, ...], list[str]] = {}
    for name in HTTP1:
        mine = [repr(fact(row[name])) if name in row else "" for row in rows]
        if any(mine):
            groups.setdefault(tuple(mine), []).append(name)
    return list(groups.values())


def breaks(one: Behaviour) -> bool:
    """Whether it breaks a MUST of the row's clause."""
    must = ROWS[one.row].must
    return must is not None and not _keeps(must, one)


def _keeps(must: Must, one: Behaviour) -> bool:
    if one.kind == VARIES:
        return True
    if one.kind in _SILENT:
        return must.silent
    if one.kind == WAITS and not one.statuses:  # with an interim answer it may wait
        return must.waits
    if one.after == WRONG or (one.after == KEPT and must.closes):
        return False
    interim = any(status < 200 and status != 101 for status in one.statuses)
    return (must.interim or not interim) and _answers(must, one)


def _answers(must: Must, one: Behaviour) -> bool:
    """Whether the app was called as it may be, or the server refused as it may."""
    if one.status not in (None, 101, 200):
        return must.refused is None or one.status in must.refused
    return one.saw not in must.never and (must.saw is None or one.saw in must.saw)


def broken(found: Behaviours) -> Mapping[str, list[str]]:
    """The rows in which each stack breaks a MUST."""
    rows: dict[str, list[str]] = {one.stack: [] for one in known(found)}
    for one in filter(breaks, known(found)):
        rows[one.stack].append(one.row)
    return {name: rows[name] for name in HTTP1 if name in rows}


def differing(found: Behaviours) -> list[str]:
    """The rows in which not all stacks behave alike."""
    return [name for name, row in by_row(found).items() if len(alike(row)) > 1]


@dataclass(frozen=True)
class Change:
    """What a stack does now; `before`: what it did in the record, None if it has none.

    `versions` are those of the packages that are not as they were: name, then, now.
    """

    now: Behaviour
    before: Behaviour | None
    versions: tuple[tuple[str, str, str], ...]

    @property
    def is_unexplained(self) -> bool:
        """Otherwise than the record, with the same versions."""
        return self.before is not None and not self.versions


def changes(base: Behaviours, new: Behaviours) -> Iterator[Change]:
    """Where a stack does not do what the record says; what varies says nothing."""
    before = {(one.stack, one.row): one for one in base.behaviours}
    for one in known(new):
        was = before.get((one.stack, one.row))
        if was != one and VARIES not in (one.kind, was.kind if was else ""):
            yield Change(one, was, versions(base, new, one.stack))


def unexplained(base: Behaviours, new: Behaviours) -> list[str]:
    """The stacks that do something else than the record, with the same versions."""
    found = (one.now.stack for one in changes(base, new) if one.is_unexplained)
    return list(dict.fromkeys(found))


def agreed(first: Behaviours, second: Behaviours) -> Behaviours:
    """What two grids agree on; what they do not varies."""
    again = {(one.stack, one.row): one for one in second.behaviours}
    both = (
        one
        if again.get((one.stack, one.row), one) == one
        else Behaviour(one.stack, one.row, VARIES)
        for one in first.behaviours
    )
    return replace(first, behaviours=[*both])


def versions(
    base: Behaviours, new: Behaviours, stack: str
) -> tuple[tuple[str, str, str], ...]:
    """The packages of a stack, and Python, that are of another version than before."""
    then, now = (_versions(found, stack) for found in (base, new))
    return tuple(
        (name, then.get(name, "none"), version)
        for name, version in now.items()
        if then.get(name) != version
    )


def _versions(found: Behaviours, stack: str) -> dict[str, str]:
    packages = found.environment.packages
    names = HTTP1[stack].packages
    names += tuple(extra for name in names for extra in PARSERS.get(name, ()))
    if front := HTTP1[stack].front:
        names += (front.program,)
    # A third figure of Python changes no server.
    python = ".".join(found.environment.python.split(".")[:2])
    return {"Python": python} | {n: packages.get(n, "none") for n in names}
