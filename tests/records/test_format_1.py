"""Runs of format 1 are read; their sentences are kept, and never read."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from loadtests import ROOT
from loadtests.records.cell import ServerFigures
from loadtests.records.facts import AS_RECORDED, TIMES, Fact
from loadtests.records.run import ResultError, Run, load_run, save_run
from tests import runs


def of_format_1(folder: Path, **cell: Any) -> Path:
    path = save_run(runs.quick(), folder)
    data = json.loads(path.read_text())
    data["format"] = 1
    data["freeings"], data["failures"] = data.pop("self_recoveries"), ["x: y"]
    for each in data["cells"]:
        del each["faults"], each["doubts"], each["first_try"]
        each["warnings"] = []
    data["cells"][0] |= cell
    path.write_text(json.dumps(data))
    return path


COST_OF_FORMAT_1 = {
    "stack": "asgi-uvicorn",
    "app": "raw",
    "request": "GET /hello",
    "repeat": 2,
    "requests": 240,
    "rate_per_s": 200.5,
    "cpu_us_per_request": 210.0,
    "rss_idle_mb": 60.0,
}


def read(folder: Path, **cell: Any) -> Run:
    return load_run(of_format_1(folder, **cell))


def test_sentences_of_a_void_cell_are_its_faults(tmp_path: Path) -> None:
    run = read(tmp_path, valid=False, warnings=["a: b", "c"])
    assert run.format == 2
    assert run.cells[0].faults == runs.facts("a: b", "c")
    assert run.doubts == [Fact(AS_RECORDED, words="x: y")]


def test_doubtful_times_are_seen_by_figures(tmp_path: Path) -> None:
    late = {"lag_p99_ms": 5.2, "cpu_peak_percent": 20.0, "stolen_percent": 5.7}
    run = read(tmp_path, generator=late, warnings=["gibberish", "second"])
    first, second = run.cells[0].doubts
    assert first == Fact(TIMES, {"stolen_percent": 5.7, "lag_p99_ms": 5.2})
    assert second == Fact(AS_RECORDED, words="second")


def test_costs_are_those_of_new_connections(tmp_path: Path) -> None:
    path = of_format_1(tmp_path)
    data = json.loads(path.read_text())
    path.write_text(json.dumps(data | {"costs": [COST_OF_FORMAT_1]}))
    [cost] = load_run(path).costs
    assert (cost.method, cost.target) == ("GET", "/hello")
    assert (cost.kept_alive, cost.busy_percent) == (False, None)
    path.write_text(json.dumps(data | {"costs": [COST_OF_FORMAT_1 | {"request": 3}]}))
    with pytest.raises(ResultError, match=r"run\.costs\[0\]\.method: missing"):
        load_run(path)


def test_cpu_time_of_a_cell_is_passed_over(tmp_path: Path) -> None:
    server = {"cpu_us_per_request": 210.0, "rss_idle_mb": 60.2, "rss_peak_mb": None}
    rest = {"kb_per_slow_client": None, "restarts": 0}
    run = read(tmp_path, server=server | rest)
    assert run.cells[0].server == ServerFigures(60.2, None, None, 0)


def test_warnings_of_a_cell_whose_requests_left_on_time_are_doubts(
    tmp_path: Path,
) -> None:
    on_time = {"lag_p99_ms": 5.0, "cpu_peak_percent": 20.0, "stolen_percent": 5.7}
    run = read(tmp_path, generator=on_time, warnings=["a: b"])
    assert run.cells[0].doubts == runs.facts("a: b")


def test_run_without_tasks_beside_its_cells_is_read(tmp_path: Path) -> None:
    """The first runs of format 1 had none."""
    path = of_format_1(tmp_path)
    data = json.loads(path.read_text())
    del data["freeings"], data["failures"], data["costs"]
    path.write_text(json.dumps(data))
    run = load_run(path)
    assert (run.self_recoveries, run.doubts) == ([], [])


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"cells": [3]}, "cells"),
        ({"cells": 3}, "cells"),
        ({"failures": 3}, "doubts"),
    ],
)
def test_malformed_list_is_refused_with_its_field(
    tmp_path: Path, wrong: dict[str, Any], field: str
) -> None:
    path = of_format_1(tmp_path)
    path.write_text(json.dumps(json.loads(path.read_text()) | wrong))
    with pytest.raises(ResultError, match=rf"run\.{field}"):
        load_run(path)


@pytest.mark.parametrize("cell", [{"warnings": 3}, {"warnings": [3]}, {"generator": 4}])
def test_malformed_record_is_refused_with_its_field(
    tmp_path: Path, cell: dict[str, Any]
) -> None:
    path = of_format_1(tmp_path, **cell)
    with pytest.raises(ResultError, match=r"run\.cells\[0\]"):
        load_run(path)


def test_example_is_read(tmp_path: Path) -> None:
    run = load_run(ROOT / "reports" / "example")
    assert load_run(save_run(run, tmp_path)) == run
