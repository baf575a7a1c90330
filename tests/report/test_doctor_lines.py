"""What the doctor says in the terminal."""

from __future__ import annotations

import io
from typing import Any

import pytest
from rich.console import Console, RenderableType

from loadtests.analysis.diagnosis import POOL
from loadtests.catalog import stacks
from loadtests.catalog.remedies import Remedy
from loadtests.catalog.stacks import Option
from loadtests.report import doctor_lines
from tests.report.test_doctor import BEFORE, VOID, WAITS, WELL, finding, found, trial


def shown(one: RenderableType) -> str:
    out = io.StringIO()
    Console(file=out, width=200).print(one)
    return out.getvalue()


def test_terminal_has_a_line_for_each_scenario() -> None:
    said = shown(doctor_lines.told(found(cells=(BEFORE, WELL, VOID)))).splitlines()
    assert said == [
        "Diagnosis",
        "  slow-body  holds 15, stops at 16",
        "  idle       holds 400 or more",
        "  slow-read  not known, because the cell is void",
        "All 8 threads of a worker are held.",
    ]
    assert shown(doctor_lines.told(found(cells=(), findings=()))) == "Diagnosis\n"


def test_terminal_says_what_a_change_did() -> None:
    said = shown(doctor_lines.told_of(trial(), 100))
    assert said == "  slow-body: holds 400 or more, and 15 before\n"


@pytest.mark.parametrize(
    ("given", "says"),
    [
        (
            {"findings": (finding(POOL, number=5, places=(WAITS,)),)},
            "Make the pool larger",
        ),
        ({"untried": ("No change was tried.",)}, "No change was tried."),
    ],
)
def test_terminal_ends_with_what_is_left_to_do(
    given: dict[str, Any], says: str
) -> None:
    said = shown(doctor_lines.told_at_last(found(**given)))
    assert says in said
    assert said.endswith("Page:\n")


def test_change_is_named_as_it_is_typed() -> None:
    stack = stacks.find("asgi-uvicorn")
    assert doctor_lines.change(Remedy(stack, nofile=2048)) == "ulimit -n 2048"
    options = (Option("worker-class", "gthread"), Option("threads", "64"))
    said = doctor_lines.change(Remedy(stack, options))
    assert said == "--worker-class=gthread --threads=64"
