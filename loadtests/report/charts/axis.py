"""The axis of all line charts: the number of slow clients, logarithmic.

The one rule: n slow clients stand at log2(1 + n). So the axis has a place for none, and
steps that no two stacks have in common stay where they belong.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Sequence
from typing import Any

from loadtests.analysis.predictions import Prediction
from loadtests.report.charts.style import Spec, number
from loadtests.report.words import count

TITLE = "slow clients (logarithmic)"
BESIDE = 0.3  # how far the axis goes on at both ends
DIGIT = 0.56  # how wide a digit is, in font sizes
GAP = 6  # pixels between two numbers
BACK = "format(pow(2, datum.value) - 1, ',.0f')"  # from a place to its number


def place(slow_clients: int) -> float:
    """Where a number of slow clients stands."""
    return math.log2(1 + slow_clients)


def scale(top: int) -> Spec:
    domain = [-BESIDE, place(top) + BESIDE]
    return {"domain": domain, "nice": False, "zero": False}


def ticks(top: int, width: float, font_size: float) -> list[int]:
    """The numbers below an axis up to `top`: none, powers of two, and `top` itself.

    Every power, or every second, or third, so that no number touches the next.
    """
    unit = width / (place(top) + 2 * BESIDE)
    powers = [2**n for n in range(top.bit_length())]
    every = 1
    while every < len(powers) and _touch([0, *powers[::every]], unit, font_size):
        every += 1
    shown = [0, *powers[::every]]
    while shown[-1] != top and _touch([shown[-1], top], unit, font_size):
        shown.pop()
    return list(dict.fromkeys([*shown, top]))


def _touch(numbers: Sequence[int], unit: float, font_size: float) -> bool:
    """Whether two neighbours are closer than their halves are wide."""
    return any(
        unit * (place(b) - place(a)) < _half(a, font_size) + _half(b, font_size) + GAP
        for a, b in itertools.pairwise(numbers)
    )


def _half(number: int, font_size: float) -> float:
    """Half the width of a number as it is written."""
    return len(count(number)) * font_size * DIGIT / 2


def x(top: int, width: float, font_size: float, title: str | None, **axis: Any) -> Spec:
    """The axis, for columns that hold places."""
    numbers = ticks(top, width, font_size)
    axis = {
        "values": [place(n) for n in numbers],
        "labelExpr": BACK,
        "labelOverlap": False,
        "grid": False,
        "title": title,
        **axis,
    }
    return number("x", scale=scale(top), axis=axis)


def predicted(made: Prediction, top: int) -> Spec | None:
    """Where a prediction, or a range of them, stands; None: not on this axis."""
    low, high = made.low, made.high
    if low is None or high is None or low > top:
        return None
    return {"x": place(low), "until": place(min(high, top)), "within": high <= top}


def ranges(rows: Iterable[Spec]) -> list[Spec]:
    """Predictions that are not one number."""
    return [row for row in rows if row["until"] > row["x"]]


def ends(rows: Sequence[Spec]) -> list[Spec]:
    """Both ends of each prediction, as far as they are on the axis."""
    last = [{**row, "x": row["until"]} for row in ranges(rows) if row["within"]]
    return [*rows, *last]
