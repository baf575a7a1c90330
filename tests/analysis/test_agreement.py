"""Whether the probe and other tools agree: ratios, percentiles, who is apart."""

from __future__ import annotations

from loadtests.analysis.agreement import PROBE, Figure, rows
from tests.rounds import of


def test_ratio_is_the_middle_one_of_the_rounds() -> None:
    [probe, hey] = rows({PROBE: of(1.0, 9.0, 1.2), "hey": of(1.0, 3.0, 1.0)})
    assert probe.ratio is None
    assert hey.ratio == Figure(1.2, 1.0, 3.0)
    assert (hey.made, hey.right, hey.rate_per_s) == (600, 600, 200.0)


def test_percentile_needs_ten_requests_beyond_it() -> None:
    [row] = rows({PROBE: of(*[1.0] * 6)})
    assert row.percentiles_ms == [Figure(1.0, 1.0, 1.0)] * 3
    [row] = rows({PROBE: of(1.0, 1.0)})
    assert row.percentiles_ms[2] is None
