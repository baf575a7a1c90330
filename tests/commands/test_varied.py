"""`make load WITH=... SWEEP=...` as its user types it."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from loadtests import UserError
from loadtests.commands.main import _parsed
from loadtests.commands.ordered import asked, refuse_beside_resume
from loadtests.commands.targets import TARGETS
from loadtests.commands.typed import command_line
from loadtests.experiments.order import Order, order_of
from loadtests.experiments.run import begin_run
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
        (
            ("--scenarios=backend-wait", "--app=odd", f"--app-dir={SHOPS}"),
            "backend-wait: rates are measured for the apps of this project only",
        ),
    ],
)
def test_rate_that_cannot_be_is_one_line(
    tmp_path: Path, words: tuple[str, ...], says: str
) -> None:
    with pytest.raises(UserError) as raised:
        asked(_parsed(["load", *words]), tmp_path)
    assert says in str(raised.value)
