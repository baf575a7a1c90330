"""A server of somebody else: recognised, tried out, measured, reported, left alone."""

from __future__ import annotations

import dataclasses
import sys
from pathlib import Path

import pytest

from loadtests import ROOT, UserError
from loadtests.analysis.predictions import CONFIRMED, UNPREDICTED, verdict
from loadtests.catalog.scenarios import SCENARIOS
from loadtests.catalog.stacks import STACKS
from loadtests.experiments.order import Order, order_of
from loadtests.experiments.own_command import _python
from loadtests.experiments.own_server import own_stack
from loadtests.experiments.run import begin_run, go_on, resume_run
from loadtests.experiments.trying_out import tried_out
from loadtests.experiments.your_app import look_again
from loadtests.records.run import Run
from loadtests.records.target import OtherTarget, OwnCommand, RunningServer
from loadtests.report.blocks import Source
from loadtests.report.formats import markdown
from loadtests.servers.processes import Guard
from loadtests.servers.server import running
from tests.experiments.held import SHORT

PYTHON = Path(sys.executable)
OURS = OtherTarget(
    app="",
    interface="",
    factory=False,
    python="",
    folder=str(ROOT),
    healthy="GET /hello",
)
CONF = """
import os
bind = f"127.0.0.1:{os.environ['PORT']}"
workers = 1
threads = 2
accesslog = None
"""


def of_command(*words: str, folder: Path = ROOT) -> OtherTarget:
    command = OwnCommand(list(words))
    return dataclasses.replace(
        OURS, app=" ".join(words), folder=str(folder), command=command
    )


def tried(other: OtherTarget, guard: Guard, folder: Path) -> OtherTarget:
    stack = own_stack(other)
    assert stack is not None
    return tried_out(other, stack, 60.0, folder, guard)


MOST_TRIES = 4


def measured(other: OtherTarget, guard: Guard, folder: Path) -> tuple[Run, Path]:
    """One cell of it, under slow headers; again where the machine was too busy."""
    for number in range(MOST_TRIES):
        run, into = once(other, guard, folder / f"reports-{number}")
        if run.whole:
            break
    return run, into


def once(other: OtherTarget, guard: Guard, reports: Path) -> tuple[Run, Path]:
    stack = own_stack(other, 128)
    assert stack is not None
    scenarios = [SCENARIOS["slow-headers"]]
    order = Order(SHORT, [stack], scenarios, 1, 7, nofile=128, other=other)
    seen = look_again(other, reports / "log")
    run, into = begin_run(order, ["load"], reports, seen)
    for _, grown in go_on(run, into, order, guard, lambda *_: None):
        run = grown
    return run, into


@pytest.mark.long
def test_gunicorn_of_a_file_is_predicted_by_its_own_configuration(
    guard: Guard, tmp_path: Path
) -> None:
    (tmp_path / "gunicorn.conf.py").write_text(CONF)
    words = (str(PYTHON.with_name("gunicorn")), "-c", f"{tmp_path}/gunicorn.conf.py")
    found = tried(of_command(*words, "wsgi_app:app"), guard, tmp_path)
    command = found.command
    assert command is not None
    assert (command.server, command.stack) == ("gunicorn", "wsgi-gunicorn-gthread")
    assert (command.port, command.workers, command.threads) == (0, 1, 2)
    assert (command.keepalive_s, command.worker_connections) == (2, 1000)
    assert found.python == sys.executable

    run, folder = measured(found, guard, tmp_path)
    [cell] = run.cells
    assert cell.valid, cell.faults
    assert cell.argv[:2] == ["env", "PORT=8000"]
    assert cell.capacity.predicted_out_at == cell.capacity.out_at == 2, cell.capacity
    assert verdict(cell) == CONFIRMED
    assert run.environment.packages["gunicorn"]
    said = markdown.render(Source(run))["report.md"]
    assert "predictions are those of wsgi-gunicorn-gthread with 1 worker, 2 th" in said
    again, _ = resume_run(folder)
    assert order_of(again).cells()[0].holding.subject(1).argv == cell.argv


def test_server_is_recognised_behind_a_script(guard: Guard, tmp_path: Path) -> None:
    script = f"exec {PYTHON} -m uvicorn asgi_app:app --no-access-log --port {{port}}"
    found = tried(of_command("sh", "-c", script), guard, tmp_path)
    command = found.command
    assert command is not None
    assert (command.stack, command.workers) == ("asgi-uvicorn", 1)
    assert found.python == sys.executable
    stack = own_stack(found, 128)
    assert stack is not None
    assert stack.id == "command"
    assert stack.idle_descriptors == command.own_descriptors
    room = 128 - (command.own_descriptors or 0)
    assert stack.predicted_degrades_at("idle") == room


def test_server_that_nobody_knows_has_no_prediction(
    guard: Guard, tmp_path: Path
) -> None:
    serve = (
        "import os, wsgiref.simple_server as simple; from wsgi_app import app; "
        "port = int(os.environ['PORT']); "
        "simple.make_server('127.0.0.1', port, app).serve_forever()"
    )
    found = tried(of_command(str(PYTHON), "-c", serve), guard, tmp_path)
    command = found.command
    assert command is not None
    assert (command.server, command.stack, command.workers) == ("", "", 1)
    stack = own_stack(found)
    assert stack is not None
    assert stack.unmodelled
    assert look_again(found, tmp_path / "log").python.startswith("3.")


def test_running_server_is_measured_without_a_prediction_and_left_alone(
    guard: Guard, tmp_path: Path
) -> None:
    alone = STACKS["wsgi-gunicorn-sync"].with_counts(1, None)
    with running(alone, guard, tmp_path / "log") as server:
        where = RunningServer("127.0.0.1", server.port, server.group.id)
        other = dataclasses.replace(OURS, app=server.url, folder="", running=where)
        found = tried(other, guard, tmp_path)
        assert found.command is None
        run, folder = measured(found, guard, tmp_path)
        assert server.broken() is None
        before = {process.pid for process in server.members()}
    [cell] = run.cells
    assert cell.valid, cell.faults
    assert (cell.capacity.degrades_at, cell.capacity.out_at) == (1, 1)
    assert verdict(cell) == UNPREDICTED
    assert len(before) == 2
    assert (cell.server.rss_idle_mb or 0) > 10
    assert "not predicted" in markdown.render(Source(run))["report.md"]
    assert order_of(resume_run(folder)[0]).stacks == [own_stack(found)]


def test_running_server_that_answers_otherwise_is_told(
    guard: Guard, tmp_path: Path
) -> None:
    with running(STACKS["asgi-uvicorn"], guard, tmp_path / "log") as server:
        where = RunningServer("127.0.0.1", server.port)
        other = dataclasses.replace(
            OURS, app=server.url, running=where, healthy="GET /nowhere"
        )
        with pytest.raises(UserError, match="HEALTHY=GET /nowhere answers 404"):
            tried(other, guard, tmp_path)


def test_app_of_which_no_server_is_named_has_no_stack_of_its_own() -> None:
    assert own_stack(None) is own_stack(OURS) is None


def test_interpreter_is_not_guessed() -> None:
    assert _python(["A=1", "no-such-program"], "/") == ""
    assert _python(["sh", "-c", "x"], "/") == ""


def test_counts_that_were_not_seen_are_those_of_the_catalog() -> None:
    known = STACKS["wsgi-gunicorn-gthread"]
    command = OwnCommand(["gunicorn"], stack=known.id, threads=3, workers=0)
    stack = own_stack(dataclasses.replace(OURS, command=command))
    assert stack is not None
    assert (stack.workers, stack.threads, stack.id) == (1, 3, "command")
    assert stack.own_descriptors == known.own_descriptors
    assert stack.predicted_out_at("slow-body") == 3
