"""What `make load` is asked, and what it says of a run; runs are in test_run.py."""

from __future__ import annotations

import argparse
import io

import pytest
from rich.console import Console

from loadtests import UserError
from loadtests.commands import load
from loadtests.commands.main import _parsed
from loadtests.commands.options import REPORTS
from loadtests.commands.ordered import asked, refuse_beside_resume
from loadtests.commands.progress import tell_overhead
from loadtests.records.cell import Subject

TWO = "--stacks=wsgi-gunicorn-gthread,asgi-uvicorn"


def ordered(*words: str) -> list[Subject]:
    """What is known of each cell before it starts."""
    arguments = _parsed(["load", "--profile=smoke", *words])
    cells = asked(arguments, REPORTS).order.cells()
    return [cell.holding.subject(cell.repeat) for cell in cells]


def test_counts_are_those_of_every_cell_and_of_its_prediction() -> None:
    threaded, loop = ordered(TWO, "--workers=3", "--threads=4")
    assert (threaded.workers, threaded.threads) == (3, 4)
    assert threaded.capacity.predicted_degrades_at == 4
    assert "--threads 4" in " ".join(threaded.argv)
    assert (loop.workers, loop.threads) == (3, None)
    assert "--workers 3" in " ".join(loop.argv)


def test_counts_stay_where_none_are_given() -> None:
    threaded, _ = ordered(TWO)
    assert (threaded.workers, threaded.threads) == (2, 8)


def test_threads_are_refused_where_no_stack_has_any() -> None:
    message = "no threads to set in wsgi-gunicorn-sync, asgi-uvicorn"
    with pytest.raises(UserError, match=message):
        ordered("--stacks=wsgi-gunicorn-sync,asgi-uvicorn", "--threads=4")


@pytest.mark.parametrize("word", ["--workers=3", TWO, "--profile=full", "--seed=0"])
def test_run_that_is_gone_on_with_is_what_was_ordered(word: str) -> None:
    parser = argparse.ArgumentParser()
    load.add(parser)
    refuse_beside_resume(parser.parse_args(["--resume=latest"]))
    with pytest.raises(UserError, match=r"RESUME= goes on with what was ordered"):
        refuse_beside_resume(parser.parse_args(["--resume=latest", word]))


@pytest.mark.parametrize(
    ("measured_s", "took_s", "says"),
    [
        (192, 246, "Took 4.1 minutes: 3.2 measured, 0.9 starting and stopping servers"),
        (18, 28, "Took 28 seconds: 18 measured, 10 starting and stopping servers and"),
    ],
)
def test_time_beside_the_measured_is_named(
    measured_s: float, took_s: float, says: str
) -> None:
    shown = io.StringIO()
    tell_overhead(Console(file=shown, width=200), measured_s, took_s)
    assert shown.getvalue().strip().startswith(says)


def test_websockets_are_measured_on_asgi_stacks_alone() -> None:
    words = [TWO, "--scenarios=sse,ws-idle"]
    found = {(one.stack, one.scenario) for one in ordered(*words)}
    threaded, loop = "wsgi-gunicorn-gthread", "asgi-uvicorn"
    assert found == {(threaded, "sse"), (loop, "sse"), (loop, "ws-idle")}
    arguments = _parsed(["load", "--profile=smoke", *words])
    [line] = asked(arguments, REPORTS).left_out
    assert line.startswith("ws-idle: on ASGI stacks alone, because WSGI has no WebSock")


def test_websockets_without_an_asgi_stack_are_refused() -> None:
    with pytest.raises(UserError, match=r"ws-idle: WSGI has no WebSocket .*ASGI stack"):
        ordered("--stacks=wsgi-gunicorn-sync", "--scenarios=idle,ws-idle")
