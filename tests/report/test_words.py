"""How predictions, shares, figures and lists are written."""

from __future__ import annotations

import pytest

from loadtests.analysis.predictions import (
    predicted_out,
)
from loadtests.records.cell import Capacity
from loadtests.report import said
from loadtests.report.words import figure, listed, percent, plain


@pytest.mark.parametrize(
    ("low", "high", "says"),
    [(None, None, "not reached"), (2, None, "2"), (2, 2, "2"), (16, 32, "16 to 32")],
)
def test_prediction_reads_as_it_was_made(
    low: int | None, high: int | None, says: str
) -> None:
    made = predicted_out(Capacity(low, None, None, None, high))
    assert said.prediction(made) == says
    assert said.prediction(None) == "–"


@pytest.mark.parametrize(
    ("part", "whole", "says"),
    [(0, 0, "–"), (0, 9, "0.0 %"), (1, 2000, "< 0.1 %"), (1999, 2000, "99.9 %")],
)
def test_percent_is_rounded_down(part: int, whole: int, says: str) -> None:
    assert percent(part, whole) == says


def test_figures_and_lists_read_well() -> None:
    assert [figure(v, "ms") for v in (None, 1.26, 12.6, 1234.5)] == [
        *("–", "1.3 ms", "13 ms"),
        "1,234 ms",
    ]
    assert listed([]) == ""
    assert listed(["a", "b", "c"]) == "a, b and c"
    assert listed(["a", "b", "c"], 2) == "a, b and 1 more"
    assert plain("a\ud800\x07b\x1b]0;t\x07\tc") == "a��b c"
