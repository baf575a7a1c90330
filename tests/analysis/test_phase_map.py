"""The phase map: what was predicted of each connection, and whether it came."""

from __future__ import annotations

import pytest

from loadtests.analysis.phase_map import by_stack, judged, verdict
from loadtests.analysis.predictions import BEYOND, CONFIRMED, REFUTED
from loadtests.catalog.phases import Phase
from loadtests.catalog.stacks import HTTP1
from loadtests.catalog.stacks.limits import Ends
from loadtests.records.phase_map import Ended, PhaseMap
from tests import runs

KEEP_ALIVE = Ends(5.0, "--keep-alive 5")


def phase_map(*ended: Ended, watched_s: float = 90.0) -> PhaseMap:
    made_at = "2026-11-29T00:40:00+00:00"
    return PhaseMap(made_at, runs.ENVIRONMENT, watched_s, [*ended])


@pytest.mark.parametrize(
    ("predicted", "after_s", "found"),
    [
        (None, None, CONFIRMED),
        (None, 3.0, REFUTED),
        (KEEP_ALIVE, None, REFUTED),
        (KEEP_ALIVE, 5.2, CONFIRMED),
        (KEEP_ALIVE, 7.5, CONFIRMED),
        (KEEP_ALIVE, 7.6, REFUTED),
        (KEEP_ALIVE, 2.4, REFUTED),
        (Ends(60.0, ""), 66.0, CONFIRMED),
        (Ends(60.0, ""), 66.1, REFUTED),
        (Ends(120.0, ""), None, BEYOND),
        (Ends(120.0, ""), 30.0, REFUTED),
        (Ends(91.0, ""), 89.0, CONFIRMED),
    ],
)
def test_time_is_as_predicted_within_what_timers_differ(
    predicted: Ends | None, after_s: float | None, found: str
) -> None:
    assert verdict(predicted, after_s, watched_s=90.0) == found


def test_connections_are_judged_by_their_stack_and_phase() -> None:
    found = phase_map(
        Ended("asgi-hypercorn", Phase.SILENT, 5.1, "closed"),
        Ended("asgi-hypercorn", Phase.BODY, None),
        Ended("of-nobody", Phase.BODY, None),
    )
    silent, body = judged(found)
    assert (silent.verdict, body.verdict) == (CONFIRMED, CONFIRMED)
    assert silent.predicted == HTTP1["asgi-hypercorn"].ends[Phase.SILENT]
    assert by_stack(found) == {
        "asgi-hypercorn": {Phase.SILENT: silent, Phase.BODY: body}
    }
