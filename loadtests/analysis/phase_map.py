"""The phase map beside what was predicted: which servers end which slow connections."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from loadtests.analysis.predictions import BEYOND, CONFIRMED, REFUTED
from loadtests.catalog.phases import Phase
from loadtests.catalog.stacks import HTTP1
from loadtests.catalog.stacks.limits import Ends
from loadtests.records.phase_map import Ended, PhaseMap

# A master looks at its workers once a second or two, a loop at its timers less often
# than they are due.
_NEAR_S, _NEAR_SHARE = 2.5, 0.1


@dataclass(frozen=True)
class Judged:
    """One connection, when its server was predicted to end it, and whether it did."""

    found: Ended
    predicted: Ends | None
    verdict: str


def judged(found: PhaseMap) -> list[Judged]:
    """Of the stacks and phases that the catalog has."""
    return [
        Judged(one, predicted, verdict(predicted, one.after_s, found.watched_s))
        for one in found.ended
        if one.stack in HTTP1 and one.phase in set(Phase)
        for predicted in [HTTP1[one.stack].ends.get(Phase(one.phase))]
    ]


def by_stack(found: PhaseMap) -> Mapping[str, Mapping[str, Judged]]:
    """The same by stack and phase."""
    rows: dict[str, dict[str, Judged]] = {}
    for one in judged(found):
        rows.setdefault(one.found.stack, {})[one.found.phase] = one
    return rows


def verdict(predicted: Ends | None, after_s: float | None, watched_s: float) -> str:
    """A time that is longer than was watched is not tested, if nothing came before."""
    if predicted is None or after_s is None:
        later = predicted is not None and predicted.after_s > watched_s
        if later:
            return BEYOND
        return CONFIRMED if (predicted is None) == (after_s is None) else REFUTED
    near_s = max(_NEAR_S, _NEAR_SHARE * predicted.after_s)
    return CONFIRMED if abs(after_s - predicted.after_s) <= near_s else REFUTED
