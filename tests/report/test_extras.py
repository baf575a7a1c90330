"""What a run measured beside its cells, as reports show it."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from loadtests.records.facts import NOT_MEASURED, fact
from loadtests.records.run import (
    COST,
    Cost,
    Failure,
    Fates,
    Run,
    SelfRecovery,
    TaskKey,
    load_run,
    save_run,
)
from loadtests.report import reports
from loadtests.report.formats import html, markdown
from loadtests.report.sections import extras
from tests.runs import facts, quick

NOT_STARTED = Failure(
    TaskKey(COST, "x", "raw"), fact(NOT_MEASURED, words="did not start: port in use")
)
STREAM = "GET /stream?chunks=16&size=65536"


def freeing(stack: str = "wsgi-gunicorn-sync", **given: Any) -> SelfRecovery:
    one = SelfRecovery(
        stack=stack,
        scenario="slow-body",
        slow_clients=2,
        watched_s=40.0,
        attempted=4000,
        answered=900,
        freed_s=31.1,
        fates=Fates(reset=2),
        restarts=2,
        kills_logged=2,
        valid=True,
    )
    return dataclasses.replace(one, **given)


def cost(app: str, request: str, us: float, repeat: int = 1, **given: Any) -> Cost:
    one = Cost("asgi-uvicorn", app, request, repeat, 240, 200.0, us, 60.0)
    return dataclasses.replace(one, **given)


def run(*freeings: SelfRecovery, costs: tuple[Cost, ...] = ()) -> Run:
    return dataclasses.replace(
        quick(), self_recoveries=list(freeings), costs=list(costs)
    )


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({}, "31.1 s"),
        ({"freed_s": None}, "never within 40 s"),
        ({"freed_s": 0.0}, "not harmed"),
    ],
)
def test_freeings_tell_after_how_long(given: dict[str, Any], told: str) -> None:
    (row,) = extras.freeings(run(freeing(**given))).rows
    assert [*row] == [
        "slow-body",
        "wsgi-gunicorn-sync",
        "2",
        told,
        "22.5 %",
        "2",
        "2 reset",
    ]


def test_freeings_name_several_fates_and_no_kill() -> None:
    one = freeing(fates=Fates(reset=1, held=1400), kills_logged=0)
    (row,) = extras.freeings(run(one)).rows
    assert [*row[5:]] == ["–", "1 reset and 1,400 held"]


def test_freeings_are_in_order_and_leave_void_ones_out() -> None:
    some = [freeing("asgi-uvicorn"), freeing(), freeing("wsgi-uvicorn", valid=False)]
    rows = extras.freeings(run(*some)).rows
    assert [row[1] for row in rows] == ["wsgi-gunicorn-sync", "asgi-uvicorn"]


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({}, "held by 2: freed in 31.1 s, 2 killed"),
        ({"freed_s": 0.0, "kills_logged": 0}, "held by 2: not harmed"),
        ({"freed_s": None, "kills_logged": 0}, "held by 2: not freed within 40 s"),
        ({"valid": False, "faults": facts("a", "b")}, "void: a; b"),
    ],
)
def test_freeing_is_said_in_a_line(given: dict[str, Any], told: str) -> None:
    one = freeing(**given)
    line = reports.task_line(run(freeing("asgi-uvicorn"), one), one.task).plain
    assert line == f"{'wsgi-gunicorn-sync':22} slow-body     {told}"


def test_costs_are_said_in_a_line() -> None:
    some = cost("raw", "GET /hello", 210.0), cost("raw", "GET /json", 220.4)
    line = reports.task_line(run(costs=some), TaskKey(COST, "asgi-uvicorn", "raw"))
    said = "/hello 210, /json 220 µs"
    assert line.plain == f"{'asgi-uvicorn':22} {'raw':12}  {said}"


def test_failure_is_said_in_a_line() -> None:
    failed = dataclasses.replace(quick(), failures=[NOT_STARTED])
    line = reports.task_line(failed, NOT_STARTED.task).plain
    assert line.endswith(" raw           not measured: did not start: port in use")


def test_prices_are_the_middle_of_the_starts_and_frameworks_times_raw() -> None:
    raw = [cost("raw", "GET /hello", us, n) for n, us in enumerate((200, 210, 900), 1)]
    streams = [cost("raw", STREAM, 1500.0)]
    twins = [
        cost("starlette", "GET /hello", 315.0),
        cost("fastapi", "GET /hello", 420.0, rss_idle_mb=90.4),
    ]
    shown = extras.prices(run(costs=(*twins, *streams, *raw)))
    assert [*shown.headings[2:]] == ["/hello, µs", "1 MB stream, µs", "idle, MB"]
    stacks, apps, hellos, whole, memory = zip(*shown.rows, strict=True)
    assert set(stacks) == {"asgi-uvicorn"}
    assert apps == ("raw", "fastapi", "starlette")
    assert hellos == (
        "210 (200 to 900)",
        "420 (420 to 420), x 2.0",
        "315 (315 to 315), x 1.5",
    )
    assert whole == ("1,500 (1,500 to 1,500)", "–", "–")
    assert memory == ("60", "90", "60")
    assert "the middle of 3 starts" in shown.note


def test_prices_without_the_raw_app_have_no_factor() -> None:
    (row,) = extras.prices(run(costs=(cost("fastapi", "GET /hello", 420.0),))).rows
    assert row[2] == "420 (420 to 420)"


def test_doubts_name_what_could_not_be_measured_and_why() -> None:
    doubted = dataclasses.replace(
        run(freeing(doubts=facts("the log tells of 3")), freeing()),
        failures=[NOT_STARTED],
    )
    assert [(d.cell, d.reason) for d in extras.doubted(doubted)] == [
        ("wsgi-gunicorn-sync, slow-body, at capacity", "the log tells of 3"),
        ("x.raw.1", "did not start: port in use"),
    ]


def test_run_without_any_has_no_such_sections() -> None:
    page, words = html.render(run())["report.html"], markdown.render(run())["report.md"]
    for title in ("What a request costs the server", "How it gets well by itself"):
        assert title not in page
        assert title not in words


def test_run_with_them_shows_them_everywhere_even_without_cells() -> None:
    some = run(freeing(), costs=(cost("raw", "GET /hello", 210.0),))
    bare = dataclasses.replace(some, cells=[])
    for one in (some, bare):
        page = html.render(one)["report.html"]
        words = markdown.render(one)["report.md"]
        for title in ("What a request costs the server", "How it gets well by itself"):
            assert title in page
            assert title in words


def test_freeings_and_costs_are_stored_with_the_run(tmp_path: Any) -> None:
    some = run(freeing(), costs=(cost("raw", "GET /hello", 210.0),))
    save_run(some, tmp_path)
    assert load_run(tmp_path) == some
