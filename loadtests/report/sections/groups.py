"""Stacks about which the finding says the same, under the same scenarios."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from loadtests.analysis.outcomes import Outcome
from loadtests.report.prose import Prose, stacks
from loadtests.report.words import listed

MANY = 3  # scenarios; of more, the one that is missing is named instead


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
        named.setdefault((order, what, under_scenarios(under, every)), []).append(stack)
    ordered = sorted(named.items(), key=lambda item: item[0][0])
    return [Group(stacks, what, where) for (_, what, where), stacks in ordered]


def under_scenarios(scenarios: list[str], every: set[str]) -> str:
    """` under idle and slow-read`, of all that the run has: ` under every scenario`."""
    rest = every - set(scenarios)
    if len(every) > 1 and not rest:
        return " under every scenario"
    if len(rest) == 1 and len(every) > MANY:
        return f" under every scenario but {rest.pop()}"
    return f" under {listed(scenarios)}"
