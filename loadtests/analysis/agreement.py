"""Does the probe agree with other load tools? The rows that say so, made of rounds.

A row has percentiles, and how many times the tool's median is the probe's.
"""

from __future__ import annotations

import itertools
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from loadtests.analysis import intervals

PROBE = "probe"
WITHIN = 1.25  # of the probe to a tool
DRIVEN_WITHIN = 0.15  # of the driver to wrk: CPU time per request, and rate
ALIKE, ALIKE_MS = 1.10, 0.1  # of two tools: one of both is enough
SHARES = (0.50, 0.90, 0.99)


@dataclass(frozen=True)
class Round:
    """What one instrument saw in one round: how long each request took that was
    answered right, in order of size; how many were made, and at which rate."""

    times_ms: Sequence[float]
    made: int
    rate_per_s: float


@dataclass(frozen=True)
class Figure:
    """A figure, and between which values it lies.

    Of a percentile, over the requests of all rounds: its 95 % interval. Of the ratio,
    the middle of the rounds', and the lowest and highest: of six rounds, all lie on the
    same side of the true middle once in 32 times.
    """

    middle: float
    low: float
    high: float


@dataclass(frozen=True)
class Row:
    """One instrument against one stack. A percentile is None where fewer than 10 of
    all requests lie beyond it; the ratio is the probe's median to this one's."""

    instrument: str
    rate_per_s: float
    made: int
    right: int
    percentiles_ms: Sequence[Figure | None]
    ratio: Figure | None


@dataclass(frozen=True)
class Turn:
    """One turn: requests a second, and CPU time of the server for each, in us."""

    rate_per_s: float
    cpu_us: float


@dataclass(frozen=True)
class DrivenPair:
    """A stack under both, one kind of connection: the middle of each one's turns."""

    stack: str
    kept_alive: bool
    ours: Turn
    wrk: Turn

    @property
    def cpu_ratio(self) -> float:
        return self.ours.cpu_us / self.wrk.cpu_us

    @property
    def rate_ratio(self) -> float:
        return self.ours.rate_per_s / self.wrk.rate_per_s

    @property
    def agrees(self) -> bool:
        return all(
            abs(r - 1) <= DRIVEN_WITHIN for r in (self.cpu_ratio, self.rate_ratio)
        )


def figure(values: Sequence[float]) -> Figure:
    return Figure(statistics.median(values), min(values), max(values))


def rows(rounds: Mapping[str, Sequence[Round]]) -> list[Row]:
    """A row for each instrument; each has as many rounds, and the probe is the first.

    A ratio is of two rounds that followed each other, so that a machine that is slow
    for a while is so for both.
    """
    probe = [_p50(round_) for round_ in rounds[PROBE]]
    return [
        _row(name, found, None if name == PROBE else probe)
        for name, found in rounds.items()
    ]


def _row(name: str, rounds: Sequence[Round], probe: Sequence[float] | None) -> Row:
    ratio = None
    if probe is not None:
        pairs = zip(probe, rounds, strict=True)
        ratio = figure([ours / _p50(theirs) for ours, theirs in pairs])
    return Row(
        instrument=name,
        rate_per_s=statistics.median(round_.rate_per_s for round_ in rounds),
        made=sum(round_.made for round_ in rounds),
        right=sum(len(round_.times_ms) for round_ in rounds),
        percentiles_ms=[_percentile(rounds, share) for share in SHARES],
        ratio=ratio,
    )


def _p50(found: Round) -> float:
    return intervals.nearest_rank(found.times_ms, 0.50)


def _percentile(rounds: Sequence[Round], share: float) -> Figure | None:
    times_ms = sorted(itertools.chain.from_iterable(r.times_ms for r in rounds))
    within = intervals.of_percentile(times_ms, share)
    if within is None:
        return None
    middle = intervals.nearest_rank(times_ms, share)
    return Figure(middle, within.low, within.high)


def apart(found: Sequence[Row]) -> list[Row]:
    """The tools that prove the probe wrong: it fails by them.

    One tool that disagrees may be wrong itself. Two that agree with each other, and
    not with the probe, are not. Where there is one tool only, it decides.
    """
    off, tools = _off(found), [row for row in found if row.ratio]
    if len(tools) == 1:
        return off
    return [row for row in off if any(_alike(row, other) for other in off)]


def unconfirmed(found: Sequence[Row]) -> list[Row]:
    """The tools that disagree with the probe, and do not prove it wrong."""
    proof = apart(found)
    return [row for row in _off(found) if row not in proof]


def _off(found: Sequence[Row]) -> list[Row]:
    """The tools with which the probe does not agree, whichever of the two says more."""
    return [
        row
        for row in found
        if row.ratio and not 1 / WITHIN <= row.ratio.middle <= WITHIN
    ]


def _alike(one: Row, other: Row) -> bool:
    """Whether two different tools say the same, by their medians."""
    medians = one.percentiles_ms[0], other.percentiles_ms[0]
    if one is other or not medians[0] or not medians[1]:
        return False
    less, more = sorted(median.middle for median in medians if median)
    return more <= less * ALIKE or more - less <= ALIKE_MS
