"""A limit that a server is given, measured: what it refuses, and what is found."""

from __future__ import annotations

from pathlib import Path

import pytest

from loadtests.catalog import stacks
from loadtests.catalog.scenarios import SCENARIOS
from loadtests.experiments.cell import CellTask
from loadtests.experiments.holding import Holding
from loadtests.records.cell import Cell
from loadtests.servers.processes import Guard
from tests import runs
from tests.experiments import held

LIMIT = 6
STACK = f"asgi-uvicorn@limit-concurrency={LIMIT}"


@pytest.fixture(scope="module")
def cell(guard: Guard, tmp_path_factory: pytest.TempPathFactory) -> Cell:
    folder: Path = tmp_path_factory.mktemp("limited")
    holding = Holding(stacks.find(STACK), SCENARIOS["slow-body"], held.SHORT)
    context = held.Lab(guard, folder).context(held.SHORT)
    [measured] = CellTask(holding, 1).measured(runs.run([]), context).cells
    return measured


@pytest.mark.long
def test_refused_requests_are_told_apart(cell: Cell) -> None:
    last = cell.steps[-1]
    assert last.lost.get("rejected", 0) > 0.9 * last.attempted, last


@pytest.mark.long
def test_limit_is_found_where_it_was_predicted(cell: Cell) -> None:
    at = cell.capacity
    assert at.out_at is not None
    assert at.predicted_out_at is not None
    assert at.predicted_out_by is not None
    assert at.predicted_out_at - 1 <= at.out_at <= at.predicted_out_by + 1
    assert at.ran_out == at.predicted_ran_out == "worker_connections"
