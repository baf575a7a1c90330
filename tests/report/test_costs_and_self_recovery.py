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
STREAM = "/stream?chunks=16&size=65536"


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


def cost(app: str, target: str, us: float, repeat: int = 1, **given: Any) -> Cost:
    """As format 1 measured it: on new connections, of a server that was not busy."""
    one = Cost(
        stack="asgi-uvicorn",
        app=app,
        method="GET",
        target=target,
        repeat=repeat,
        requests=240,
        rate_per_s=200.4,
        cpu_us_per_request=us,
        rss_idle_mb=60.0,
        kept_alive=False,
        busy_percent=None,
    )
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
    some = cost("raw", "/hello", 210.0), cost("raw", "/json", 220.4)
    line = reports.task_line(run(costs=some), TaskKey(COST, "asgi-uvicorn", "raw"))
    said = "/hello 210, /json 220 µs"
    assert line.plain == f"{'asgi-uvicorn':22} {'raw':12}  {said}"
    kept = busy("raw", 31.0), busy("raw", 60.0, kept_alive=False)
    line = reports.task_line(run(costs=kept), TaskKey(COST, "asgi-uvicorn", "raw"))
    assert line.plain.endswith("  /hello 31 (new connection 60) µs")


def test_failure_is_said_in_a_line() -> None:
    failed = dataclasses.replace(quick(), failures=[NOT_STARTED])
    line = reports.task_line(failed, NOT_STARTED.task).plain
    assert line.endswith(" raw           not measured: did not start: port in use")


def test_costs_are_the_middle_of_the_starts_and_frameworks_times_raw() -> None:
    raw = [cost("raw", "/hello", us, n) for n, us in enumerate((200, 210, 900), 1)]
    streams = [cost("raw", STREAM, 1500.0)]
    twins = [
        cost("starlette", "/hello", 315.0),
        cost("fastapi", "/hello", 420.0, rss_idle_mb=90.4),
    ]
    found = request_costs.table(run(costs=(*twins, *streams, *raw)))
    assert [c.heading for c in found.columns[2:]] == [
        "/hello, new connection, µs",
        "1 MB stream, new connection, µs",
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


def busy(app: str, us: float, **given: Any) -> Cost:
    given = {"kept_alive": True, "busy_percent": 97.0} | given
    return cost(app, "/hello", us, **given)


def test_costs_of_a_busy_server_are_by_connection_and_for_each_core() -> None:
    """The multiple is that of kept-alive connections; so are requests per core."""
    some = (
        *(busy("raw", us, repeat=n) for n, us in enumerate((40.0, 50.0, 60.0), 1)),
        busy("raw", 100.0, kept_alive=False),
        busy("fastapi", 125.0),
        busy("fastapi", 200.0, kept_alive=False),
    )
    found = request_costs.table(run(costs=some))
    assert [c.heading for c in found.columns[2:]] == [
        "/hello, kept alive, µs",
        "/hello, new connection, µs",
        "/hello per second and core",
        "idle, MB",
    ]
    raw, fastapi = (shown(row)[2:5] for row in found.rows)
    assert raw == ["50 (40 to 60)", "100 (100 to 100)", "20,000"]
    assert fastapi == ["125 (125 to 125), x 2.5", "200 (200 to 200)", "8,000"]


def test_note_says_how_the_costs_were_measured() -> None:
    old = text(request_costs.note(run(costs=(cost("raw", "/hello", 210.0, 3),))))
    assert "the middle of 3 starts" in old
    assert "about 200 requests a second, each on a new connection" in old
    assert "kept busy" not in old
    some = busy("raw", 40.0), busy("raw", 90.0, busy_percent=95.4, kept_alive=False)
    new = text(request_costs.note(run(costs=some)))
    assert "kept busy, at 95 to 97 % of one core" in new
    assert "requests a second, each" not in new


def test_costs_of_requests_without_the_raw_app_have_no_factor() -> None:
    (row,) = request_costs.table(run(costs=(cost("fastapi", "/hello", 420.0),))).rows
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
    some = run(held(), costs=(cost("raw", "/hello", 210.0),))
    bare = dataclasses.replace(some, cells=[])
    for one in (some, bare):
        page = html.render(Source(one))["report.html"]
        words = markdown.render(Source(one))["report.md"]
        for title in ("What a request costs the server", "How a stack frees itself"):
            assert title in page
            assert title in words


def test_self_recoveries_and_costs_are_stored_with_the_run(tmp_path: Any) -> None:
    some = run(held(), costs=(cost("raw", "/hello", 210.0),))
    save_run(some, tmp_path)
    assert load_run(tmp_path) == some
