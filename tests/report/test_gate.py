"""What a gate says of each limit."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from loadtests.analysis.gate import CHANGE, HELD, MET, MISSED, P99, UNKNOWN, Check
from loadtests.report import gate


@pytest.mark.parametrize(
    ("check", "wanted", "found"),
    [
        (
            Check(HELD, "a", "idle", MET, 100, 120),
            "holds 100 slow clients",
            "held 120",
        ),
        (Check(HELD, "a", "idle", UNKNOWN, 1), "holds 1 slow client", "not measured"),
        (
            Check(P99, "a", "idle", MISSED, 50.0, 62.0, 8),
            "p99 under 50 ms",
            "62 ms beside 8 slow clients",
        ),
        (
            Check(P99, "a", "idle", UNKNOWN, 50.0, 62.0, 8),
            "p99 under 50 ms",
            "62 ms beside 8 slow clients, doubtful",
        ),
        (Check(CHANGE, "a", "", MET), "is not worse than before", "not worse"),
        (Check(CHANGE, "a", "", MISSED), "is not worse than before", "worse"),
    ],
)
def test_limit_and_what_was_found_are_said(
    check: Check, wanted: str, found: str
) -> None:
    assert (gate.wanted(check), gate.found(check)) == (wanted, found)
    assert found in gate.markdown([check])
    assert 'tests="1"' in gate.junit([check], 3.0)


def test_what_is_not_met_comes_first_and_becomes_an_annotation() -> None:
    checks = [
        Check(HELD, "a", "idle", MET, 1, 2),
        Check(CHANGE, "a", "", UNKNOWN),
        Check(HELD, "b%\n", "idle", MISSED, 3, 2),
    ]
    console = Console(width=120, record=True, file=io.StringIO())
    console.print(gate.table(checks))
    first, *_ = console.export_text().splitlines()
    assert "costs of a request" in first
    warning, error = gate.workflow_commands(checks)
    assert warning.startswith("::warning title=slowbench::a, costs of a request: is")
    assert error == "::error title=slowbench::b%25 , idle: holds 3 slow clients; held 2"
    assert gate.title(checks) == "A limit is missed: 1 met, 1 missed, 1 not known"


@pytest.mark.parametrize("width", [40, 80, 120])
def test_every_limit_and_figure_is_whole(width: int) -> None:
    stack = "wsgi-gunicorn-sync-nginx-unbuffered"
    checks = [
        Check(P99, stack, "slow-headers", UNKNOWN, 50.0, 62.0, 1999),
        Check(HELD, stack, "slow-headers", MISSED, 2345, 1234),
    ]
    console = Console(width=width, record=True, file=io.StringIO())
    console.print(gate.table(checks))
    text = console.export_text()
    assert max(len(line.rstrip()) for line in text.splitlines()) <= width
    words = text.split()
    for word in ("50", "62", "1,999", "2,345", "1,234"):
        assert word in words
