"""`make load FLEET= BIND=`: who is waited for, and errors before anything starts."""

from __future__ import annotations

import io
from collections.abc import Sequence

import pytest
from rich.console import Console

from loadtests.commands import fleets
from loadtests.commands.main import main
from loadtests.commands.statuses import Status
from loadtests.records.run import Fleet

LOAD = ("load", "--profile=smoke", "--stacks=asgi-uvicorn")


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["--fleet=2"], "go together"),
        (["--bind=127.0.0.1"], "go together"),
        (["--fleet=2", "--bind=192.0.2.1"], "is no IPv4 address of this machine"),
        (["--fleet=2", "--bind=localhost"], "is no IPv4 address of this machine"),
        (["--fleet=0", "--bind=127.0.0.1"], "a count is a number from 1"),
    ],
)
def test_fleet_that_cannot_be_reached_is_one_line(
    words: Sequence[str], says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*LOAD, *words]) == Status.NOT_DONE
    error = capsys.readouterr().err
    assert says in error
    assert error.count("\n") == 1


def told(fleet: Fleet) -> str:
    out = io.StringIO()
    fleets.tell(Console(file=out, width=200), fleet)
    return out.getvalue()


def test_what_to_run_on_the_other_machines_is_told() -> None:
    assert told(Fleet()) == ""
    here = told(Fleet(2, "127.0.0.1"))
    assert here == "On each of 2 machines: make fleet-worker MASTER=127.0.0.1\n"
    elsewhere = told(Fleet(2, "192.0.2.1"))
    assert "make fleet-worker MASTER=192.0.2.1\n" in elsewhere
    assert "neither authenticated nor encrypted" in elsewhere
