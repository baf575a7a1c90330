"""What a run found, by what a slow client holds: a worker, a thread, or less.

A stack belongs to the mechanism of what it holds while a request's body arrives. Where
a stack holds something else under a scenario, the sentence says so.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from loadtests.analysis.outcomes import Outcome, outcomes
from loadtests.catalog.scenarios import in_order
from loadtests.catalog.stacks import what_is_held
from loadtests.records.run import Run
from loadtests.report.said import scenarios
from loadtests.report.words import amount, count, listed

WORKERS = "Workers"
THREADS = "Threads"
LOOPS = "Event loops and greenlets"
OTHERS = "Other stacks"
MECHANISMS = {"a worker": WORKERS, "a thread": THREADS}  # all else is cheap: LOOPS
USUAL = "slow-body"
SAID = {
    "out": "{clients} stopped {who}{where}.",
    "degraded": "{clients} degraded {who}{where}.",
    "unharmed": "{Who} kept answering beside {clients}{where}.",
}


@dataclass(frozen=True)
class Mechanism:
    """One mechanism and what was found of its stacks, a sentence each."""

    title: str
    sentences: list[str]


def mechanisms(run: Run) -> list[Mechanism]:
    """Those that the run has, in the order of what they bear."""
    found = outcomes(run)
    every = {o.scenario for o in found}
    by_title: dict[str, list[Outcome]] = {}
    for outcome in found:
        by_title.setdefault(_mechanism(outcome.stack), []).append(outcome)
    return [
        Mechanism(title, [*_held(title, by_title[title]), *_found(some, every)])
        for title in (WORKERS, THREADS, LOOPS, OTHERS)
        if (some := by_title.get(title))
    ]


def _mechanism(stack: str) -> str:
    held = what_is_held(stack, USUAL)
    return MECHANISMS.get(held, LOOPS) if held else OTHERS


def _held(title: str, some: list[Outcome]) -> list[str]:
    """What there is of it, if each stack has as many."""
    cells = [cell for outcome in some for cell in outcome.cells]
    whole = {cell.workers * (cell.threads or 1) for cell in cells}
    what = " or ".join(sorted({what_is_held(o.stack, USUAL) for o in some}))
    if title in (WORKERS, THREADS) and len(whole) == 1:
        number, noun = whole.pop(), what.removeprefix("a ")
        what = f"one of {amount(number, noun)}" if number > 1 else f"the only {noun}"
    return [f"A slow client holds {what}."] if what else []


def _found(some: list[Outcome], every: set[str]) -> Iterator[str]:
    """Of stacks that are alike: where they stopped, degraded, and were unharmed."""
    for stacks, group in _alike(some):
        who = listed(stacks)
        for state, here in _ends(group):
            steps = _all_steps(here)
            yield SAID[state].format(
                clients=_clients(steps),
                who=who,
                Who=who[0].upper() + who[1:] if who.startswith("th") else who,
                where=_under(here, every),
            )
            who = "this stack" if len(stacks) == 1 else "these stacks"


def _ends(group: list[Outcome]) -> list[tuple[str, list[Outcome]]]:
    """How they ended, those that hold the same together, in the order of SAID."""
    found: dict[tuple[str, str], list[Outcome]] = {}
    for o in group:
        key = (_state(o), what_is_held(o.stack, o.scenario))
        found.setdefault(key, []).append(o)
    ends = [(state, here) for (state, _), here in found.items()]
    order = list(SAID)
    return sorted(ends, key=lambda end: (order.index(end[0]), min(_all_steps(end[1]))))


def _all_steps(some: list[Outcome]) -> list[int]:
    return [step for o in some for step in _steps(o)]


def _state(outcome: Outcome) -> str:
    if outcome.out:
        return "out"
    return "degraded" if outcome.degraded else "unharmed"


def _steps(outcome: Outcome) -> list[int]:
    """The steps at which the repeats came into the state in which they ended."""
    if outcome.unharmed:
        return [outcome.last.slow_clients]
    return (outcome.out_at if outcome.out else outcome.degrades_at).steps


def _alike(some: list[Outcome]) -> list[tuple[list[str], list[Outcome]]]:
    """The stacks that ended in the same state under each scenario, together."""
    by_stack: dict[str, list[Outcome]] = {}
    for outcome in some:
        by_stack.setdefault(outcome.stack, []).append(outcome)
    groups: dict[tuple[tuple[str, str, str], ...], list[str]] = {}
    for stack, found in by_stack.items():
        ended = tuple(
            (o.scenario, _state(o), what_is_held(stack, o.scenario)) for o in found
        )
        groups.setdefault(ended, []).append(stack)
    return [
        (stacks, [o for stack in stacks for o in by_stack[stack]])
        for stacks in groups.values()
    ]


def _clients(steps: list[int]) -> str:
    low, high = min(steps), max(steps)
    if low == high:
        return amount(low, "slow client")
    return f"{count(low)} to {amount(high, 'slow client')}"


def _under(group: list[Outcome], every: set[str]) -> str:
    said = f" under {scenarios(in_order(o.scenario for o in group), every)}"
    held = {what_is_held(o.stack, o.scenario) for o in group}
    usual = {what_is_held(o.stack, USUAL) for o in group}
    if len(held) == 1 and not held & usual:
        return f"{said}, where each client holds {held.pop()}"
    return said
