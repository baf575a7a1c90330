"""What the terminal shows of a run."""

from __future__ import annotations

import dataclasses

import pytest

from loadtests.records.beside_cells import Cost, SelfRecovery
from loadtests.records.cell import Cell, Fates
from loadtests.records.facts import NOT_MEASURED, Fact
from loadtests.records.run import Run
from loadtests.records.tasks import COST, SELF_RECOVERY, TRACES, Failure, TaskKey
from loadtests.report import reports
from loadtests.report.blocks import Source
from loadtests.report.formats.terminal import task_line
from loadtests.report.sections import overview
from tests import runs
from tests.analysis.test_rates import RATE
from tests.report.shown import cut, figures, rendered, sync_out


def degraded_against_all_predictions() -> Cell:
    cell = runs.cell(answered={0: 150, 4: 100})
    said = dataclasses.replace(cell.capacity, predicted_because="a socket")
    return dataclasses.replace(cell, capacity=said)


@pytest.mark.parametrize(
    ("cell", "says"),
    [
        (sync_out(), "holds 1, out at 2 (predicted 2)"),
        (runs.cell(), "holds 512 (as predicted)"),
        (
            runs.cell(answered={0: 150, 4: 0}),
            "out at 4 (predicted never)",
        ),
        (
            degraded_against_all_predictions(),
            "degrades at 4 (predicted never), not out at 4 (predicted never)",
        ),
        (
            runs.cell(answered={0: 150, 4: 100}, predicted=4),
            "degrades at 4, not out at 4 (predicted 4)",
        ),
        (runs.cell(valid=False, faults=runs.facts("late\x1b[2J")), "void: late"),
    ],
)
def test_line_of_a_cell_says_what_was_found(cell: Cell, says: str) -> None:
    line = reports.cell_line(cell).plain
    assert line.startswith(f"{cell.stack}")
    assert line.endswith(f"slow-body     {says}")


SYNC = "wsgi-gunicorn-sync"
CELL_KEY = runs.cell().task
HELD = TaskKey(SELF_RECOVERY, SYNC, "slow-body")
COSTS = TaskKey(COST, SYNC, "raw")
TRACED = TaskKey(TRACES, "", "traces")


def with_tasks() -> Run:
    """A run with a result of each kind; a second start of the server has failed."""
    recovery = SelfRecovery(
        *(SYNC, "slow-body", 2, 40.0, 400, 100, 30.5),
        *(Fates(held=2), 2, 2, True),
    )
    each = Cost(SYNC, "raw", "GET", "/hello", 1, 5000, 5000.0, 93.0, 50.0, True, 90.0)
    again = dataclasses.replace(COSTS, repeat=2)
    failure = Failure(again, Fact(NOT_MEASURED, words="it did not\x1b[2J start"))
    return dataclasses.replace(
        runs.run([runs.cell()]),
        self_recoveries=[recovery],
        costs=[each],
        failures=[failure],
    )


@pytest.mark.parametrize(
    ("task", "says"),
    [
        (CELL_KEY, "asgi-uvicorn           slow-body     holds 512"),
        (
            HELD,
            "wsgi-gunicorn-sync     slow-body     held by 2: freed in 30.5 s",
        ),
        (COSTS, "wsgi-gunicorn-sync     raw           /hello 93 µs"),
        (
            dataclasses.replace(COSTS, repeat=2),
            "wsgi-gunicorn-sync     raw           not measured: it did not",
        ),
        (TRACED, "                       traces        done"),
        (
            dataclasses.replace(COSTS, repeat=3),
            "wsgi-gunicorn-sync     raw           done",
        ),
    ],
)
def test_line_of_a_task_says_what_was_found(task: TaskKey, says: str) -> None:
    line = task_line(with_tasks(), task).plain
    assert line.startswith(says)
    assert "\x1b" not in line


def at_rates() -> Run:
    """What every stack of eight sustains."""
    found = [
        dataclasses.replace(
            RATE, stack=stack, predicted_per_s=10_240.0 + n, failed_per_s=1_234.0 + n
        )
        for n, stack in enumerate(runs.EIGHT_STACKS)
    ]
    return dataclasses.replace(runs.run([]), rates=found)


@pytest.mark.parametrize("width", [40, 80, 120])
@pytest.mark.parametrize("run", [runs.quick(), at_rates()], ids=["cells", "rates"])
def test_table_fits_the_terminal_and_its_figures_are_whole(
    run: Run, width: int
) -> None:
    text = rendered(run, width)
    assert max(map(len, text.splitlines())) <= width
    assert "…" not in text
    assert "wsgi-gunicorn-gthread" in text
    shown = [*figures(overview.blocks(Source(run)))]
    assert len(shown) >= 4
    assert cut(shown, text) == []


def test_terminal_names_the_stack_to_start_first() -> None:
    cells = [
        runs.cell(stack, scenario, answered={0: 150, held: 150, held + 1: 0})
        for stack, held in (("asgi-uvicorn", 1900), ("wsgi-gunicorn-gevent", 1999))
        for scenario in ("slow-headers", "slow-body")
    ]
    costs = [
        runs.cost("asgi-uvicorn", us=50.0),
        runs.cost("wsgi-gunicorn-gevent", us=90),
    ]
    run = dataclasses.replace(runs.run(cells), costs=costs)
    said = " ".join(rendered(run, 100).split())
    assert (
        ": asgi-uvicorn (1,900), also wsgi-gunicorn-gevent (held 1,900 to 1,999)."
        in said
    )
