"""What a run measured beside its cells, as reports show it."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

import pytest

from loadtests.records.beside_cells import Cost, SelfRecovery
from loadtests.records.cell import Fates
from loadtests.records.facts import NOT_MEASURED, fact
from loadtests.records.run import Run, load_run, save_run
from loadtests.records.tasks import COST, Failure, TaskKey
from loadtests.report import reports
from loadtests.report.blocks import Source
from loadtests.report.formats import html, markdown
from loadtests.report.prose import text
from loadtests.report.sections import doubts, request_costs, self_recovery
from loadtests.report.values import Value, written
from tests.runs import facts, quick

NOT_STARTED = Failure(
    TaskKey(COST, "x", "raw"), fact(NOT_MEASURED, words="did not start: port in use")
)
STREAM = "GET /stream?chunks=16&size=65536"


def held(stack: str = "wsgi-gunicorn-sync", **given: Any) -> SelfRecovery:
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


def run(*self_recoveries: SelfRecovery, costs: tuple[Cost, ...] = ()) -> Run:
    return dataclasses.replace(
        quick(), self_recoveries=list(self_recoveries), costs=list(costs)
    )


def shown(row: Mapping[str, Value]) -> list[str]:
    return [written(value) for value in row.values()]


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({}, "31.1 s"),
        ({"freed_s": None}, "never within 40 s"),
        ({"freed_s": 0.0}, "not harmed"),
    ],
)
def test_self_recoveries_tell_after_how_long(given: dict[str, Any], told: str) -> None:
    (row,) = self_recovery.table(run(held(**given))).rows
    assert shown(row) == [
        "slow-body",
        "wsgi-gunicorn-sync",
        "2",
        told,
        "22.5 %",
        "2",
        "2 reset",
    ]


def test_self_recoveries_name_several_fates_and_no_kill() -> None:
    one = held(fates=Fates(reset=1, held=1400), kills_logged=0)
    (row,) = self_recovery.table(run(one)).rows
    assert shown(row)[5:] == ["–", "1 reset and 1,400 held"]


def test_self_recoveries_are_in_order_and_leave_void_ones_out() -> None:
    some = [held("asgi-uvicorn"), held(), held("wsgi-uvicorn", valid=False)]
    rows = self_recovery.table(run(*some)).rows
    assert [written(row["stack"]) for row in rows] == [
        "wsgi-gunicorn-sync",
        "asgi-uvicorn",
    ]


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({}, "held by 2: freed in 31.1 s, 2 killed"),
        ({"freed_s": 0.0, "kills_logged": 0}, "held by 2: not harmed"),
        ({"freed_s": None, "kills_logged": 0}, "held by 2: not freed within 40 s"),
        ({"valid": False, "faults": facts("a", "b")}, "void: a; b"),
    ],
)
def test_self_recovery_is_said_in_a_line(given: dict[str, Any], told: str) -> None:
    one = held(**given)
    line = reports.task_line(run(held("asgi-uvicorn"), one), one.task).plain
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


def test_costs_are_the_middle_of_the_starts_and_frameworks_times_raw() -> None:
    raw = [cost("raw", "GET /hello", us, n) for n, us in enumerate((200, 210, 900), 1)]
    streams = [cost("raw", STREAM, 1500.0)]
    twins = [
        cost("starlette", "GET /hello", 315.0),
        cost("fastapi", "GET /hello", 420.0, rss_idle_mb=90.4),
    ]
    found = request_costs.table(run(costs=(*twins, *streams, *raw)))
    assert [c.heading for c in found.columns[2:]] == [
        "/hello, µs",
        "1 MB stream, µs",
        "idle, MB",
    ]
    stacks, apps, hellos, whole, memory = zip(*map(shown, found.rows), strict=True)
    assert set(stacks) == {"asgi-uvicorn"}
    assert apps == ("raw", "fastapi", "starlette")
    assert hellos == (
        "210 (200 to 900)",
        "420 (420 to 420), x 2.0",
        "315 (315 to 315), x 1.5",
    )
    assert whole == ("1,500 (1,500 to 1,500)", "–", "–")
    assert memory == ("60", "90", "60")
    note = text(request_costs.note(run(costs=(*twins, *streams, *raw))))
    assert "the middle of 3 starts" in note


def test_costs_of_requests_without_the_raw_app_have_no_factor() -> None:
    (row,) = request_costs.table(
        run(costs=(cost("fastapi", "GET /hello", 420.0),))
    ).rows
    assert shown(row)[2] == "420 (420 to 420)"


def test_doubts_name_what_could_not_be_measured_and_why() -> None:
    doubted = dataclasses.replace(
        run(held(doubts=facts("the log tells of 3")), held()),
        failures=[NOT_STARTED],
    )
    assert doubts.beside_the_cells(doubted) == [
        ("wsgi-gunicorn-sync, slow-body, at capacity", "the log tells of 3"),
        ("x.raw.1", "did not start: port in use"),
    ]


def test_run_without_any_has_no_such_sections() -> None:
    page, words = (
        html.render(Source(run()))["report.html"],
        markdown.render(Source(run()))["report.md"],
    )
    for title in ("What a request costs the server", "How a stack frees itself"):
        assert title not in page
        assert title not in words


def test_run_with_them_shows_them_everywhere_even_without_cells() -> None:
    some = run(held(), costs=(cost("raw", "GET /hello", 210.0),))
    bare = dataclasses.replace(some, cells=[])
    for one in (some, bare):
        page = html.render(Source(one))["report.html"]
        words = markdown.render(Source(one))["report.md"]
        for title in ("What a request costs the server", "How a stack frees itself"):
            assert title in page
            assert title in words


def test_self_recoveries_and_costs_are_stored_with_the_run(tmp_path: Any) -> None:
    some = run(held(), costs=(cost("raw", "GET /hello", 210.0),))
    save_run(some, tmp_path)
    assert load_run(tmp_path) == some
