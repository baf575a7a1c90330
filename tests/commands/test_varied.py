"""`make load WITH=... SWEEP=...` as its user types it."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from loadtests import UserError
from loadtests.commands.at_rates import waits
from loadtests.commands.main import _parsed
from loadtests.commands.ordered import asked, refuse_beside_resume
from loadtests.commands.targets import TARGETS
from loadtests.commands.typed import command_line
from loadtests.experiments.order import Order, order_of
from loadtests.experiments.run import begin_run
from loadtests.experiments.trying_out import Waits
from loadtests.records.rate import Conditions
from loadtests.records.run import load_run

SHOPS = Path(__file__).parents[1] / "experiments" / "shops"


def order(folder: Path, *words: str) -> Order:
    return asked(_parsed(["load", "--scenarios=slow-body", *words]), folder).order


def ids(order: Order) -> list[str]:
    return [stack.id for stack in order.stacks]


def test_option_is_added_to_every_stack_that_is_named(tmp_path: Path) -> None:
    words = ("--stacks=asgi-uvicorn,asgi-uvicorn-h11", "--with=--limit-concurrency 100")
    found = ids(order(tmp_path, *words))
    ending = "@limit-concurrency=100"
    assert found == [f"asgi-uvicorn{ending}", f"asgi-uvicorn-h11{ending}"]


def test_stack_can_be_measured_beside_the_same_with_an_option(tmp_path: Path) -> None:
    named = "asgi-uvicorn,asgi-uvicorn@limit-concurrency=100"
    assert ids(order(tmp_path, f"--stacks={named}")) == named.split(",")


def test_sweep_takes_the_values_in_order_and_leaves_out_who_has_none(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    found = ids(order(tmp_path, "--sweep=threads=16,4,8"))
    assert found == [f"wsgi-gunicorn-gthread@threads={n}" for n in (4, 8, 16)]
    said = capsys.readouterr().out
    assert "without asgi-uvicorn: asgi-uvicorn has no threads to set" in said


def test_sweep_goes_with_other_options(tmp_path: Path) -> None:
    words = ("--stacks=wsgi-gunicorn-gthread", "--with=--backlog 9")
    found = ids(order(tmp_path, *words, "--sweep=workers=1,2"))
    names = [f"wsgi-gunicorn-gthread@backlog=9+workers={n}" for n in (1, 2)]
    assert found == names


def test_sweep_measures_what_a_request_costs_by_the_app_alone(tmp_path: Path) -> None:
    found = order(tmp_path, "--sweep=threads=4,8")
    costs = [task.key for task in found.tasks() if task.key.kind == "cost"]
    assert {key.stack for key in costs} == set(ids(found))
    assert {key.what for key in costs} == {"raw"}
    one = order(tmp_path, "--stacks=asgi-uvicorn", "--with=--backlog 9")
    assert not [task for task in one.tasks() if task.key.kind == "cost"]


def test_app_of_somebody_else_is_swept_too(tmp_path: Path) -> None:
    words = ("--app=odd", f"--app-dir={SHOPS}", f"--app-python={sys.executable}")
    found = asked(
        _parsed(["load", *words, "--stacks=wsgi-waitress", "--sweep=threads=2,4"]),
        tmp_path,
    ).order
    assert ids(found) == [f"wsgi-waitress@threads={n}" for n in (2, 4)]
    assert {task.key.kind for task in found.tasks()} == {"cell"}


def test_run_is_gone_on_with_as_it_was_ordered(tmp_path: Path) -> None:
    found = order(tmp_path, "--sweep=threads=4,8")
    _, folder = begin_run(found, ["load"], tmp_path)
    assert [*order_of(load_run(folder)).tasks()] == [*found.tasks()]


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("--with=--backlog 9",), "WITH= is about the options of a server: add STACKS"),
        (("--sweep=backlog=8,9",), "SWEEP= is about the options of a server: add STA"),
        (("--sweep=threads",), "say a name and numbers, as in threads=4,8,16"),
        (("--sweep=threads=4,x",), "say a name and numbers, as in threads=4,8,16"),
        (("--sweep=threads=4",), "name 2 to 12 different numbers"),
        (("--sweep=threads=4,8", "--threads=4"), "THREADS= and another threads: leave"),
        (("--sweep=threads=4,8", "--stacks=asgi-uvicorn"), "has no threads to set"),
        (
            ("--sweep=threads=4,8", "--with=threads=3", "--stacks=wsgi-waitress"),
            "wsgi-waitress@threads=3 has threads twice: name it once",
        ),
    ],
)
def test_what_cannot_be_ordered_is_one_line(
    tmp_path: Path, words: tuple[str, ...], says: str
) -> None:
    with pytest.raises(UserError) as raised:
        order(tmp_path, *words)
    assert says in str(raised.value)


@pytest.mark.parametrize("name", ["WITH", "SWEEP"])
def test_resume_takes_no_other_options(name: str) -> None:
    words = command_line(TARGETS["load"], {"RESUME": "latest", name: "threads=4,8"})
    with pytest.raises(UserError, match=f"leave {name}= out"):
        refuse_beside_resume(_parsed(words))


WAITING = "--scenarios=backend-wait"
ODD = ("--app=odd", f"--app-dir={SHOPS}", f"--app-python={sys.executable}")


def test_rates_are_asked_as_was_said_and_so_again(tmp_path: Path) -> None:
    words = ("--rates=40,8", "--retries=1", "--beside=slow-body=1")
    named = "--stacks=wsgi-gunicorn-sync,asgi-uvicorn"
    found = asked(_parsed(["load", WAITING, named, *words]), tmp_path).order
    [one, other] = found.at_rates()
    assert one.conditions == Conditions([8.0, 40.0], 1, "slow-body", 1)
    assert one.key.what == "backend-wait-100ms-1-retries-beside-1-slow-body"
    assert (one.places, other.places) == (1, 2007)  # a worker; a descriptor
    assert one.lasts_s < 40
    _, folder = begin_run(found, ["load"], tmp_path)
    assert [*order_of(load_run(folder)).tasks()] == [*found.tasks()]


def test_rate_of_your_app_asks_what_you_named(tmp_path: Path) -> None:
    words = [WAITING, "--wait-path=/slow", "--stacks=wsgi-waitress", *ODD]
    found = asked(_parsed(["load", *words]), tmp_path).order
    [task] = found.at_rates()
    assert task.other == found.other
    assert not found.cells()
    assert waits(found) == Waits(0.0, 0.9, 6)
    both = asked(
        _parsed(["load", *words, "--scenarios=backend-wait,handler-wait"]), tmp_path
    )
    assert waits(both.order) == Waits(0.5, 0.9, 6)


def test_rates_are_ordered_beside_cells_and_come_back_from_the_record(
    tmp_path: Path,
) -> None:
    words = ("--scenarios=idle,backend-wait,backend-def", "--wait-ms=100,20")
    named = "--stacks=wsgi-waitress,asgi-uvicorn"
    found = asked(_parsed(["load", *words, named]), tmp_path).order
    whats = [task.key.what for task in found.at_rates()]
    assert whats == [
        *("backend-wait-20ms", "backend-wait-20ms"),
        *("backend-wait-100ms", "backend-wait-100ms"),
        *("backend-def-20ms", "backend-def-100ms"),  # an app for ASGI alone
    ]
    assert len(found.cells()) == 2
    _, folder = begin_run(found, ["load"], tmp_path)
    assert [*order_of(load_run(folder)).tasks()] == [*found.tasks()]


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("--wait-ms=20", "--scenarios=idle"), "WAIT_MS= is for scenarios of a rate"),
        (("--scenarios=backend-wat",), "did you mean backend-wait"),
        (("--rates=20",), "RATES= is for scenarios of a rate: SCENARIOS=backend-wait"),
        (("--retries=1", "--scenarios=idle"), "RETRIES= is for scenarios of a rate"),
        ((WAITING, "--beside=slow-body"), "BESIDE=slow-body: say a scenario and a num"),
        ((WAITING, "--beside=idle=9999"), "a number up to 2,000, as in slow-body=8"),
        ((WAITING, "--beside=slow-bdy=9"), "did you mean slow-body"),
        (
            ("--scenarios=backend-def", "--beside=idle=9", "--stacks=asgi-uvicorn"),
            "BESIDE= does not go with backend-def: its app has no uploads",
        ),
        (
            (WAITING, "--beside=slow-body=2", "--stacks=wsgi-gunicorn-sync"),
            "BESIDE=slow-body=2: so many stop wsgi-gunicorn-sync, as is predicted",
        ),
        (
            (WAITING, "--beside=ws-idle=8", "--stacks=wsgi-waitress,asgi-uvicorn"),
            "BESIDE=ws-idle=8: WSGI has no WebSocket (PEP 3333): name ASGI stacks in S",
        ),
        (
            ("--scenarios=backend-block", "--wait-path=/slow", *ODD),
            "backend-block is for the apps of this project: take backend-wait",
        ),
        ((WAITING, *ODD), "asks for the request that waits: add WAIT=/<path>"),
        (
            (WAITING, "--wait-path=/slow", "--beside=slow-body=2", *ODD),
            "BESIDE=slow-body=2: slow-body is left out: name UPLOAD=",
        ),
        (
            (WAITING, "--wait-path=/slow", "--wait-ms=20", *ODD),
            "WAIT_MS= is for the apps of this project: leave it out",
        ),
    ],
)
def test_rate_that_cannot_be_is_one_line(
    tmp_path: Path, words: tuple[str, ...], says: str
) -> None:
    with pytest.raises(UserError) as raised:
        asked(_parsed(["load", *words]), tmp_path)
    assert says in str(raised.value)
