"""What `make bench` prints: the table, the notes and the verdict."""

from __future__ import annotations

import io

import pytest
from rich.console import Console, RenderableType

from loadtests.analysis.agreement import (
    PROBE,
    DrivenPair,
    Turn,
    apart,
    rows,
    unconfirmed,
)
from loadtests.experiments.agreement.tools import COUNTS, TOOLS
from loadtests.report import agreement as table
from tests.report.shown import cut
from tests.rounds import of


@pytest.mark.parametrize(
    ("median_ms", "agrees"), [(1.2, True), (1.3, False), (0.85, True), (0.7, False)]
)
def test_verdict_is_against_either_side_being_off(
    median_ms: float, agrees: bool
) -> None:
    found = rows({PROBE: of(median_ms), "hey": of(1.0)})
    assert [row.instrument for row in apart(found)] == [] if agrees else ["hey"]
    said = shown(table.verdict({"asgi-uvicorn": found}))
    if agrees:
        assert said == "Within 1.25x: the probe's median agrees with hey.\n"
    else:
        where = f"{median_ms:.2f}x that of hey on asgi-uvicorn"
        assert said == f"NOT within 1.25x: the probe's median is {where}.\n"


@pytest.mark.parametrize(
    ("probe_ms", "hey_ms", "wrk_ms", "against", "odd"),
    [
        pytest.param(3.0, 3.0, 3.2, [], [], id="all agree"),
        pytest.param(4.2, 3.0, 3.2, ["hey", "wrk"], [], id="two against the probe"),
        pytest.param(2.0, 3.0, 3.2, ["hey", "wrk"], [], id="it may be faster too"),
        pytest.param(3.9, 3.0, 3.2, [], ["hey"], id="within 1.25x of one of them"),
        pytest.param(3.0, 4.2, 3.2, [], ["hey"], id="hey alone disagrees"),
        pytest.param(3.0, 3.2, 2.0, [], ["wrk"], id="wrk alone disagrees"),
        pytest.param(3.0, 4.2, 5.0, [], ["hey", "wrk"], id="nobody agrees"),
        pytest.param(3.0, 4.2, 4.6, ["hey", "wrk"], [], id="alike by 10 %"),
        pytest.param(3.0, 4.2, 4.7, [], ["hey", "wrk"], id="not alike by 10 %"),
        pytest.param(0.32, 0.42, 0.32, [], ["hey"], id="a fast server"),
        pytest.param(0.60, 0.30, 0.39, ["hey", "wrk"], [], id="alike by 0.1 ms"),
        pytest.param(0.60, 0.30, 0.41, [], ["hey", "wrk"], id="not alike by 0.1 ms"),
    ],
)
def test_probe_fails_only_by_two_tools_that_agree_with_each_other(
    probe_ms: float, hey_ms: float, wrk_ms: float, against: list[str], odd: list[str]
) -> None:
    found = rows({PROBE: of(probe_ms), "hey": of(hey_ms), "wrk": of(wrk_ms)})
    assert [row.instrument for row in apart(found)] == against
    assert [row.instrument for row in unconfirmed(found)] == odd
    said = shown(table.verdict({"asgi-uvicorn": found}), width=400)
    assert said.startswith("NOT within 1.25x") == bool(against)
    assert said.startswith("Undecided") == (len(odd) == 2)
    for tool in odd:
        assert f"On asgi-uvicorn, {tool} disagrees but is not confirmed: " in said


def test_tool_that_disagrees_alone_is_named_with_its_stack() -> None:
    agree = rows({PROBE: of(3.0), "hey": of(3.0), "wrk": of(3.0)})
    slow = rows({PROBE: of(3.0), "hey": of(4.0), "wrk": of(3.0)})
    said = shown(table.verdict({"a": agree, "b": slow}), width=400)
    assert said == (
        "Within 1.25x: the probe's median agrees with wrk. On b, hey disagrees but is "
        "not confirmed: the probe's median is 0.75x that of hey.\n"
    )


def shown(what: RenderableType, width: int = 120) -> str:
    console = Console(file=io.StringIO(), width=width)
    console.print(what)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


@pytest.mark.parametrize("width", [80, 120])
def test_table_is_whole_at_the_usual_widths(width: int) -> None:
    found = rows(
        {PROBE: of(*[11.0] * 6), "hey": of(*[10.0] * 6), "wrk": of(*[9.0] * 6)}
    )
    text = shown(table.table("wsgi-gunicorn-gthread", found, 200), width)
    assert "…" not in text
    assert max(len(line.rstrip()) for line in text.splitlines()) <= width
    [row] = [line for line in text.splitlines() if line.startswith("hey")]
    assert row.split() == "hey 200 of 200 1200 of 1200 10.0 10.0 10.0 1.10".split()


@pytest.mark.parametrize("width", [40, 80, 120])
def test_every_figure_is_whole(width: int) -> None:
    found = rows({PROBE: of(*[11.0, 12.5] * 3), "hey": of(*[10.0, 7.25] * 3)})
    told = [lies for row in found for lies in (row.ratio, *row.percentiles_ms) if lies]
    each = [table._short(of) for one in told for of in (one.low, one.middle, one.high)]
    text = shown(table.table("wsgi-gunicorn-gthread", found, 200), width)
    assert "…" not in text
    assert cut(each, text.replace("-", " ")) == []
    pair = DrivenPair("asgi-uvicorn", True, Turn(9876, 123), Turn(9000, 100))
    text = shown(table.driving([pair]), width)
    assert cut(["123", "100", "1.23", "1.10"], text) == []


def test_table_says_so_where_there_are_too_few_requests() -> None:
    [line] = [
        line
        for line in shown(table.table("x", rows({PROBE: of(1.0)}), 200)).splitlines()
        if line.startswith(PROBE)
    ]
    assert line.split()[-1] == "-"


def test_notes_say_what_each_instrument_counts() -> None:
    text = shown(table.notes(COUNTS))
    assert all(f"\n{name} " in text for name in (PROBE, *TOOLS))


@pytest.mark.parametrize(
    ("cpu_us", "says"),
    [
        (100, "The driver agrees with wrk within 15 % everywhere."),
        (140, "The driver differs from wrk by over 15 % on asgi-uvicorn."),
    ],
)
def test_driver_is_shown_against_wrk(cpu_us: float, says: str) -> None:
    pair = DrivenPair("asgi-uvicorn", True, Turn(9000, cpu_us), Turn(9000, 100))
    text = shown(table.driving([pair]))
    assert says in text
    assert f"{cpu_us / 100:.2f}" in text
