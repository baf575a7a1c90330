"""`make load APP=...` as its user types it: what is wrong is one line, at once."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from loadtests import UserError
from loadtests.commands.main import _parsed
from loadtests.commands.ordered import Asked, asked
from loadtests.commands.targets import TARGETS
from loadtests.commands.typed import command_line

SHOPS = Path(__file__).parents[1] / "experiments" / "shops"
PYTHON = f"--app-python={sys.executable}"
ODD = ("--app=odd", f"--app-dir={SHOPS}", PYTHON)


def order(folder: Path, *words: str) -> Asked:
    return asked(_parsed(["load", "--profile=smoke", *words]), folder)


def test_app_is_measured_under_every_stack_that_it_has(tmp_path: Path) -> None:
    found = order(
        tmp_path, *ODD, "--upload=/items", "--profile=quick", "--wait-path=/w"
    )
    assert {stack.interface for stack in found.order.stacks} == {"wsgi"}
    assert len(found.order.stacks) > 5
    scenarios = [scenario.id for scenario in found.order.scenarios]
    assert scenarios == ["slow-headers", "slow-body", "handler-wait"]
    [line] = found.left_out
    assert line.startswith("slow-read is left out: name DOWNLOAD=/path")
    other = found.order.other
    assert other is not None
    assert (other.upload, other.wait) == ("POST /items", "GET /w")
    assert other.modelled == {}


def test_nothing_but_cells_and_own_timeouts_is_measured_of_an_app(
    tmp_path: Path,
) -> None:
    full = order(tmp_path, *ODD, "--profile=full").order
    assert {task.key.kind for task in full.tasks()} == {"cell", "self-recovery"}
    assert {task.key.what for task in full.tasks()} == {"idle", "slow-headers"}


def test_header_fields_come_from_the_line_or_from_a_file(tmp_path: Path) -> None:
    fields = tmp_path / "fields"
    fields.write_text("Host: shop.example\n\nX-Key:  a | b\n")
    for words, headers in {
        "Host: shop.example | X-Key: 1": ["Host: shop.example", "X-Key: 1"],
        f"@{fields}": ["Host: shop.example", "X-Key: a | b"],
    }.items():
        other = order(tmp_path, *ODD, f"--headers={words}").order.other
        assert other is not None
        assert other.headers == headers


def test_interpreter_beside_the_app_is_found(tmp_path: Path) -> None:
    (tmp_path / "odd.py").write_text((SHOPS / "odd.py").read_text())
    words = ("--app=odd", f"--app-dir={tmp_path}")
    with pytest.raises(UserError, match="APP_PYTHON= names the Python that has the"):
        order(tmp_path, *words)
    beside = tmp_path / ".venv" / "bin"
    beside.mkdir(parents=True)
    (beside / "python").write_text(f'#!/bin/sh\nexec {sys.executable} "$@"\n')
    (beside / "python").chmod(0o755)
    other = order(tmp_path, *words).order.other
    assert other is not None
    assert other.python == str(beside / "python")


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("--app-dir=/",), "APP_DIR= is about an app of yours: add APP="),
        (("--headers=X: 1",), "HEADERS= is about an app of yours: add APP="),
        (("--wait-path=/report",), "WAIT=/report is about an app of yours: add APP="),
        ((*ODD, "--app-dir=/nowhere"), "APP_DIR=/nowhere: no such folder"),
        ((*ODD, "--app-python=nosuch"), "APP_PYTHON=nosuch: no such program"),
        ((*ODD, "--upload=items"), "items: write a path, or a method and a path"),
        ((*ODD, "--healthy=http://a/"), "http://a/: write a path, or a method"),
        ((*ODD, "--headers=Host"), "Host: write a header field as Name: value"),
        ((*ODD, "--headers=Expect: x"), "Expect: the clients set this header field"),
        ((*ODD, "--headers=@/nowhere"), "HEADERS=@/nowhere: cannot be read"),
        ((*ODD, "--headers=@/dev/zero"), "HEADERS=@/dev/zero: longer than 1,000,000"),
        ((*ODD, "--app=odd:any_arguments"), "add INTERFACE=wsgi or INTERFACE=asgi"),
        (
            (*ODD, "--scenarios=loop-block"),
            "loop-block is left out: no request of another app is known to block",
        ),
        *(
            (
                (*ODD, f"--scenarios={name}"),
                f"{name} is left out: it is measured for this project's apps only",
            )
            for name in ("sse", "ws-idle", "ws-slow-read")
        ),
        (
            (*ODD, "--stacks=asgi-uvicorn"),
            "odd:application is wsgi: leave asgi-uvicorn",
        ),
    ],
)
def test_what_cannot_be_is_one_line(
    words: tuple[str, ...], says: str, tmp_path: Path
) -> None:
    with pytest.raises(UserError) as caught:
        order(tmp_path, *words)
    assert says in str(caught.value)
    assert "\n" not in str(caught.value)


def test_interface_may_be_named(tmp_path: Path) -> None:
    words = ("--app=odd:any_arguments", "--interface=wsgi")
    other = order(tmp_path, *ODD, *words).order.other
    assert other is not None
    assert other.interface == "wsgi"


def test_wait_is_a_flag_or_a_path() -> None:
    load = TARGETS["load"]
    assert command_line(load, {"WAIT": "1"}) == ["load", "--wait"]
    assert command_line(load, {"WAIT": "/report"}) == ["load", "--wait-path=/report"]
    assert command_line(load, {"APP_DIR": "x"}) == ["load", "--app-dir=x"]
    with pytest.raises(UserError, match="WAIT=2: it is 1 or 0"):
        command_line(load, {"WAIT": "2"})
