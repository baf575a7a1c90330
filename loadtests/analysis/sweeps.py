"""A stack at several values of one option: what of a run belongs together."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from loadtests.analysis.outcomes import Outcome, outcomes
from loadtests.catalog.stacks import HTTP1, Option
from loadtests.records.run import Run


@dataclass(frozen=True)
class Point:
    """A value of the option, and what the stack that has it did by scenario."""

    value: int
    stack: str
    outcomes: dict[str, Outcome]


@dataclass(frozen=True)
class Sweep:
    """A stack and the option that its points, at least two, differ in; they have the
    `other` options in common."""

    base: str
    option: str
    other: tuple[Option, ...]
    points: tuple[Point, ...]

    @property
    def name(self) -> str:
        """`wsgi-gunicorn-gthread`, with what all points have."""
        return "@".join(
            [self.base, *(["+".join(map(str, self.other))] * bool(self.other))]
        )


def sweeps(run: Run) -> list[Sweep]:
    """Those of a run, in the order of its stacks. The last option of an id is swept."""
    found: dict[tuple[str, str, tuple[Option, ...]], dict[int, str]] = {}
    for stack_id in dict.fromkeys(o.stack for o in outcomes(run)):
        stack = HTTP1.get(stack_id)
        if stack is None or not stack.options:
            continue
        *other, last = stack.options
        if last.value.isdecimal():
            key = (stack.base, last.name, tuple(other))
            found.setdefault(key, {})[int(last.value)] = stack_id
    return [
        Sweep(base, option, other, tuple(_points(run, at.items())))
        for (base, option, other), at in found.items()
        if len(at) > 1
    ]


def _points(run: Run, stacks: Iterable[tuple[int, str]]) -> list[Point]:
    found = outcomes(run)
    return [
        Point(value, stack, {o.scenario: o for o in found if o.stack == stack})
        for value, stack in sorted(stacks)
    ]


def is_one_stack(run: Run) -> bool:
    """Whether all that was measured is one stack with different options."""
    ids = {outcome.stack for outcome in outcomes(run)}
    known = [stack for stack in map(HTTP1.get, ids) if stack]
    return len(known) > 1 and len({stack.base or stack.id for stack in known}) == 1
