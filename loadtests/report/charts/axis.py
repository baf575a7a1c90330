"""The axis of slow clients, logarithmic.

The one rule: n slow clients stand at log2(1 + n). So the axis has a place for none, and
no mark has to be moved off its value.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence

from loadtests.report.words import count

BESIDE = 0.3  # how far the axis goes on at both ends
DIGIT = 0.56  # how wide a digit is, in font sizes
GAP = 6  # pixels between two numbers
BACK = "format(pow(2, datum.value) - 1, ',.0f')"  # from a place to its number


def place(slow_clients: int) -> float:
    """Where a number of slow clients stands."""
    return math.log2(1 + slow_clients)


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
