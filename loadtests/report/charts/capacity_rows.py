"""The rows of the main chart: a row is a mechanism, not a scenario.

The one rule: scenarios in which a slow client of a stack holds the same, and as many
were predicted, are one row, with all that was measured under them. Stacks of which
nothing can be told apart are one row too, which says how many they are.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from loadtests.analysis.outcomes import Outcome
from loadtests.analysis.predictions import REFUTED, UNPREDICTED, Prediction
from loadtests.catalog.scenarios import in_order
from loadtests.catalog.stacks import what_is_held
from loadtests.report.said import prediction, scenarios, span
from loadtests.report.words import listed


@dataclass(frozen=True)
class Group:
    """A row: stacks that hold the same under the same scenarios, with one result."""

    stacks: tuple[str, ...]
    scenarios: tuple[str, ...]
    held: str
    outcomes: tuple[Outcome, ...]

    @property
    def label(self) -> str:
        first, *others = self.stacks
        return f"{first} and {len(others)} more" if others else first

    @property
    def degrades(self) -> Prediction | None:
        return self.outcomes[0].predicted_first

    @property
    def out(self) -> Prediction | None:
        return self.outcomes[0].predicted

    def measured(self, part: str) -> list[int | None]:
        """Of every repeat under every scenario; None: never at any step."""
        return [at for o in self.outcomes for at in getattr(o, part).repeats]

    @property
    def missed(self) -> bool:
        return any(outcome.verdict == REFUTED for outcome in self.outcomes)


def groups(found: Sequence[Outcome]) -> list[Group]:
    """The rows, by what is held, in the order in which that first appears."""
    by_row: dict[tuple[object, ...], list[Outcome]] = {}
    for outcome in found:
        by_row.setdefault(_predicted_row(outcome), []).append(outcome)
    alike: dict[tuple[str, tuple[str, ...], object], list[list[Outcome]]] = {}
    for some in by_row.values():
        first = some[0]
        held = what_is_held(first.stack, first.scenario)
        under = tuple(in_order(o.scenario for o in some))
        results = tuple(map(_result, some))
        alike.setdefault((held, under, results), []).append(some)
    made = [
        Group(
            tuple(some[0].stack for some in same),
            under,
            held,
            tuple(o for some in same for o in some),
        )
        for (held, under, _), same in alike.items()
    ]
    titles = list(dict.fromkeys(group.held for group in made))
    return sorted(made, key=lambda group: titles.index(group.held))


def _predicted_row(outcome: Outcome) -> tuple[object, ...]:
    """What the scenarios of a row have in common, with the prediction."""
    held = what_is_held(outcome.stack, outcome.scenario)
    return outcome.stack, held, outcome.predicted_first, outcome.predicted


def _result(outcome: Outcome) -> object:
    """All that a row shows of it."""
    return (
        outcome.predicted,
        outcome.predicted_first,
        set(outcome.degrades_at.repeats) == set(outcome.out_at.repeats),
        tuple(sorted(set(outcome.degrades_at.steps))),
        tuple(sorted(set(outcome.out_at.steps))),
        outcome.verdict,
    )


def said(found: Sequence[Outcome]) -> str:
    """The rows in words."""
    every = {outcome.scenario for outcome in found}
    return " ".join(_said(group, every) for group in groups(found))


def _said(group: Group, every: set[str]) -> str:
    degraded, out = (_measured(group, part) for part in ("degrades_at", "out_at"))
    held = f", where a slow client holds {group.held}" if group.held else ""
    who = f"{listed(group.stacks)} under {scenarios(group.scenarios, every)}{held}"
    made = f"predicted {prediction(group.out)}" if group.out else UNPREDICTED
    return f"{who}: degraded at {degraded}, out at {out}, {made}."


def _measured(group: Group, part: str) -> str:
    known = sorted(at for at in group.measured(part) if at is not None)
    if not known:
        return "no step"
    some = "" if len(known) == len(group.measured(part)) else " or no step"
    return f"{span(known[0], known[-1])}{some}"
