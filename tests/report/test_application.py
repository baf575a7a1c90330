"""What a report says of an application that is not ours."""

from __future__ import annotations

import dataclasses

from loadtests.records.run import Run
from loadtests.records.target import OtherTarget
from loadtests.report import reports
from loadtests.report.blocks import Source
from loadtests.report.formats import html, markdown
from loadtests.report.sections import application, capacity
from tests import runs

SHOP = OtherTarget(
    app="shop:create_app",
    interface="wsgi",
    factory=True,
    python="/shop/.venv/bin/python",
    folder="/shop",
    healthy="GET /health",
    upload="POST /items",
    wait="GET /report",
    healthy_ms=12.0,
    wait_s=20.02,
    modelled={"gunicorn": "28.0"},
)


def measured(target: OtherTarget = SHOP) -> Run:
    scenarios = ("idle", "slow-headers", "slow-body", "handler-wait")
    cells = [
        runs.cell("wsgi-gunicorn-sync", scenario, predicted=2) for scenario in scenarios
    ]
    return dataclasses.replace(runs.run(cells), target=target)


def shown(run: Run) -> str:
    return markdown.render(Source(run))["report.md"]


def test_report_names_the_app_and_what_it_was_asked() -> None:
    said = shown(measured())
    assert "`shop:create_app` is WSGI. Its own Python 3.11.7 served it" in said
    rows = [line for line in said.splitlines() if "| GET /" in line or "POST /" in line]
    assert rows[:3] == [
        "| healthy requests | GET /health | 200 in 12 ms; the status is checked |",
        "| slow uploads | POST /items | read to its end |",
        "| slow handlers | GET /report | 20.02 s |",
    ]
    assert "slow downloads" not in said
    assert "gunicorn 28.0. The app was served by version 27.0.1" in said
    assert "time.sleep" not in said.partition("## Method")[0]
    assert html.render(Source(measured()))[reports.PAGE].count("shop:create_app") >= 1


def test_rate_is_explained_where_it_is_lower_than_usual() -> None:
    words = "100 healthy requests a second arrived, fewer than usual, because one takes"
    assert words in shown(measured())
    usual = measured()
    usual = dataclasses.replace(
        usual, method=dataclasses.replace(usual.method, rate_per_s=300.0)
    )
    assert "fewer than usual" not in shown(usual)


def test_download_is_shown_with_its_length_and_the_body_where_it_is_checked() -> None:
    said = shown(
        measured(
            dataclasses.replace(
                SHOP, download="GET /export", download_bytes=10**6, sha256="ab"
            )
        )
    )
    assert "| slow downloads | GET /export | 1,000,000 bytes |" in said
    assert "the body is checked" in said


def test_scenarios_are_told_with_the_requests_of_the_app() -> None:
    assert capacity.scenarios(measured()) == {
        "idle": "connects and says nothing",
        "slow-headers": "sends GET /health, a header line each second",
        "slow-body": "sends 8 bytes of the body of POST /items each second",
        "handler-wait": "asks for GET /report",
    }


def test_slow_link_is_told_with_the_download_of_the_app() -> None:
    cells = [runs.cell("wsgi-gunicorn-sync", "slow-link", predicted=2)]
    shop = dataclasses.replace(SHOP, download="GET /export")
    run = dataclasses.replace(runs.run(cells), target=shop)
    does = "reads the answer to GET /export as fast as its slow link lets it"
    assert capacity.scenarios(run) == {"slow-link": does}


def test_own_applications_have_no_such_section() -> None:
    assert application.blocks(Source(runs.quick())) == []
