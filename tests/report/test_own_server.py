"""What a report says of a server that its user started."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from loadtests.analysis.outcomes import outcomes
from loadtests.records.cell import Cell
from loadtests.records.run import Run
from loadtests.records.target import OtherTarget, OwnCommand, RunningServer
from loadtests.report import reports
from loadtests.report.blocks import Source, Text
from loadtests.report.charts import drawing
from loadtests.report.formats import html, markdown, readme
from loadtests.report.prose import text
from loadtests.report.said import found
from loadtests.report.sections import (
    advice,
    application,
    arrivals,
    commands,
    finding,
)
from tests import runs

COMMAND = OwnCommand(
    words=["gunicorn", "shop:app"],
    variables={"WEB_CONCURRENCY": "2"},
    server="gunicorn",
    stack="wsgi-gunicorn-gthread",
    threads=8,
    worker_connections=1000,
    keepalive_s=2,
    workers=2,
    seen_threads=[1, 3],
)
SHOP = OtherTarget(
    app="gunicorn shop:app",
    interface="",
    factory=False,
    python="",
    folder="/shop",
    healthy="GET /health",
    upload="POST /items",
)
URL = dataclasses.replace(
    SHOP,
    app="http://127.0.0.1:9000/shop",
    folder="",
    healthy="GET /shop",
    upload="POST /shop/items",
    headers=["Host: 127.0.0.1:9000"],
    running=RunningServer("127.0.0.1", 9000),
)


def unpredicted(stack: str = "url", **given: Any) -> Cell:
    answered = given.pop("answered", {0: 150, 1: 150, 2: 80, 4: 0})
    cell = runs.cell(stack, answered=answered, workers=0, argv=[], **given)
    capacity = dataclasses.replace(cell.capacity, unpredicted=True)
    return dataclasses.replace(cell, capacity=capacity)


def run(target: OtherTarget, *cells: Cell) -> Run:
    made = runs.run(cells or [unpredicted()])
    alone = dataclasses.replace(made.environment, python="", packages={})
    return dataclasses.replace(made, target=target, environment=alone)


def of_command(**changes: Any) -> OtherTarget:
    return dataclasses.replace(SHOP, command=dataclasses.replace(COMMAND, **changes))


def served(target: OtherTarget) -> str:
    [first, *_] = application.blocks(Source(run(target)))
    assert isinstance(first, Text)
    return text(first.said)


def test_command_is_named_with_what_its_predictions_follow_from() -> None:
    assert served(of_command()) == (
        "gunicorn shop:app was started as it is, in the environment of make. Only PORT "
        "was set, to a free port. Variables that change servers were set: "
        "WEB_CONCURRENCY=2. Processes that take connections: 2, with 1 and 3 threads "
        "when idle. It was recognised as gunicorn. The predictions are those of "
        "wsgi-gunicorn-gthread with 2 workers, 8 threads each, worker_connections 1000 "
        "and keep-alive 2 s."
    )


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"port": 9000}, "It listens on port 9000 whatever PORT is."),
        ({"stack": "", "server": ""}, "no server of the catalog was recognised in"),
        (
            {"stack": "", "unmodelled": "--reload"},
            "Nothing was predicted, because of its --reload.",
        ),
        ({"seen_threads": [4, 4]}, "with 4 threads each when idle"),
        ({"workers": 1, "seen_threads": [1]}, "connections: 1, with 1 thread when"),
        (
            {
                "stack": "asgi-uvicorn",
                "server": "uvicorn",
                "threads": None,
                "worker_connections": None,
                "keepalive_s": None,
                "variables": {},
                "seen_threads": [],
            },
            "set, to a free port. It was recognised as uvicorn. The predictions are "
            "those of asgi-uvicorn with 2 workers.",
        ),
    ],
)
def test_what_is_known_of_a_command_is_told(changes: dict[str, Any], says: str) -> None:
    assert says in served(of_command(**changes))


@pytest.mark.parametrize(
    ("where", "says"),
    [
        (RunningServer("127.0.0.1", 9000), "PID= did not name its process"),
        (RunningServer("127.0.0.1", 9000, 7), "those of process 7 and its children"),
        (RunningServer("192.0.2.1", 80, remote=True), "It runs at 192.0.2.1, so its"),
    ],
)
def test_what_is_known_of_a_running_server_is_told(
    where: RunningServer, says: str
) -> None:
    said = served(dataclasses.replace(URL, running=where))
    assert "was running already. This run neither started, pinned nor ended it." in said
    assert says in said


def test_nothing_is_confirmed_where_nothing_was_predicted() -> None:
    made = run(URL)
    said = markdown.render(Source(made))["report.md"]
    assert text(finding.predictions(made)).startswith("Nothing was predicted")
    assert "not predicted" in said
    for word in ("confirmed |", "refuted |", "≠ |"):
        assert word not in said
    assert "The search began with one slow client" in said
    assert "the server was already running" in said.lower()
    assert "Each process of a server may open" not in said
    page = html.render(Source(made))[reports.PAGE]
    assert "0 workers" not in page
    assert "not predicted" in page
    assert "confirmed 0 of 0" in readme._predictions(outcomes(made))


def test_search_that_was_not_predicted_is_written_so() -> None:
    assert found(unpredicted()) == ("holds 1, degrades at 2, out at 4 (not predicted)")
    held = unpredicted(answered={0: 150, 4096: 150})
    assert found(held) == "holds 4,096 (not predicted)"


def test_chart_has_no_prediction_that_nobody_made() -> None:
    made = drawing.capacity(run(URL))
    assert made is not None
    assert made.title == "How many slow clients it takes"
    assert made.alternative.endswith("degraded at 2, out at 4, not predicted.")
    assert made.draw()


def test_one_server_leaves_nothing_to_choose() -> None:
    assert advice.blocks(Source(run(URL))) == []
    assert advice.advice(run(URL)) == []
    assert advice.blocks(Source(run(of_command()))) == []


def test_method_tells_how_each_server_was_started() -> None:
    said = markdown.render(Source(run(of_command(), unpredicted("command"))))
    assert "Each cell starts the command anew" in said["report.md"]
    remote = RunningServer("192.0.2.1", 80, remote=True)
    elsewhere = run(dataclasses.replace(URL, running=remote))
    said = markdown.render(Source(elsewhere))
    assert "The server runs on another machine" in said["report.md"]


@pytest.mark.parametrize(
    ("target", "says"),
    [
        (
            of_command(),
            "'CMD=gunicorn shop:app' APP_DIR=/shop 'HEALTHY=GET /health' "
            "'UPLOAD=POST /items' PROFILE=quick SEED=7",
        ),
        (
            URL,
            "URL=http://127.0.0.1:9000/shop 'UPLOAD=POST /items' "
            "'HEADERS=Host: 127.0.0.1:9000' PROFILE=quick SEED=7",
        ),
        (
            dataclasses.replace(
                URL, headers=[], upload="", running=RunningServer("192.0.2.1", 80, 7)
            ),
            "URL=http://127.0.0.1:9000/shop PID=7 ALLOW_REMOTE=127.0.0.1 "
            "PROFILE=quick SEED=7",
        ),
        (
            dataclasses.replace(SHOP, app="shop:make", factory=True, python="python"),
            "'APP=shop:make()' APP_PYTHON=python APP_DIR=/shop 'HEALTHY=GET /health' "
            "'UPLOAD=POST /items' PROFILE=quick SEED=7",
        ),
    ],
)
def test_command_to_repeat_names_the_target(target: OtherTarget, says: str) -> None:
    assert commands.again(run(target)) == f"make load {says}"


def test_command_of_a_running_server_is_not_ours() -> None:
    assert list(commands.commands(run(URL))) == ["this run"]


def test_cpu_time_of_arrivals_is_shown_where_the_process_is_named() -> None:
    named = dataclasses.replace(URL, running=RunningServer("127.0.0.1", 9000, 7))
    for target, shown in ((URL, False), (named, True)):
        columns = [column.key for column in arrivals.table(run(target)).columns]
        assert ("cpu" in columns) is shown
