"""Stacks about which the finding says the same, under the same scenarios."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from loadtests.analysis.outcomes import Outcome
from loadtests.report.prose import Prose, stacks
from loadtests.report.said import scenarios as said_of


@dataclass(frozen=True)
class Group:
    """Some stacks, what is said of them, and under which scenarios."""

    stacks: Sequence[str]
    what: str
    where: str

    @property
    def who(self) -> Prose:
        return stacks(self.stacks)

    @property
    def were(self) -> str:
        return "was" if len(self.stacks) == 1 else "were"


def by_words(
    some: list[Outcome],
    found: list[Outcome],
    say: Callable[[Outcome], tuple[int, str]],
) -> list[Group]:
    """`some` outcomes by what is to be said of each, in the order of its number."""
    scenarios: dict[tuple[int, str, str], list[str]] = {}
    for outcome in some:
        key = (*say(outcome), outcome.stack)
        scenarios.setdefault(key, []).append(outcome.scenario)
    named: dict[tuple[int, str, str], list[str]] = {}
    every = {o.scenario for o in found}
    for (order, what, stack), under in scenarios.items():
        where = f" under {said_of(under, every)}"
        named.setdefault((order, what, where), []).append(stack)
    ordered = sorted(named.items(), key=lambda item: item[0][0])
    return [Group(stacks, what, where) for (_, what, where), stacks in ordered]
