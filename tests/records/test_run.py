"""The record of a run: written whole, read back the same, refused with a reason."""

from __future__ import annotations

import dataclasses
import errno
import json
import os
from pathlib import Path
from typing import Any

import pytest

from loadtests.records.json_file import write_json
from loadtests.records.run import ResultError, Run, load_run, save_run
from loadtests.records.tasks import CELL, TaskKey
from tests import runs


def test_run_comes_back_as_it_was_saved(tmp_path: Path) -> None:
    run = runs.quick()
    path = save_run(run, tmp_path / "new" / "folder")
    assert load_run(path) == load_run(path.parent) == run
    assert [child.name for child in path.parent.iterdir()] == ["run.json"]


def test_run_keeps_the_names_that_others_rely_on(tmp_path: Path) -> None:
    data = json.loads(save_run(runs.quick(), tmp_path).read_text())
    assert {"format", "run", "environment", "cells"} <= set(data)
    cell = data["cells"][0]
    named = "predicted_out_at degrades_at out_at held"
    assert set(named.split()) <= set(cell["capacity"])
    named = "slow_clients attempted answered p50_ms p90_ms p99_ms"
    assert set(named.split()) <= set(cell["steps"][0])
    assert set(cell["fates"]) == set(
        "served rejected reset closed refused held".split()
    )
    named = "rss_idle_mb rss_peak_mb kb_per_slow_client restarts"
    assert set(named.split()) <= set(cell["server"])
    assert {"lag_p99_ms", "cpu_peak_percent"} <= set(cell["generator"])


def test_list_of_figures_stands_on_one_line(tmp_path: Path) -> None:
    whole = dataclasses.replace(runs.quick().cells[0].steps[0], by_worker=[3, 5])
    part = dataclasses.replace(whole, quantiles_ms=[0.5, 1e-7, None])
    text = write_json(part, tmp_path / "step.json").read_text()
    assert '"by_worker": [3, 5]' in text
    assert '"quantiles_ms": [0.5, 1e-07, null]' in text
    assert json.loads(text) == dataclasses.asdict(part)


def test_string_that_looks_like_a_list_is_written_as_it_is(tmp_path: Path) -> None:
    argv = ["[\n 1,\n 2\n]", "[1]"]
    info = dataclasses.replace(runs.quick().run, argv=argv)
    text = write_json(info, tmp_path / "info.json").read_text()
    assert json.loads(text)["argv"] == argv


def test_field_of_a_newer_version_is_passed_over(tmp_path: Path) -> None:
    run = runs.quick()
    path = save_run(run, tmp_path)
    data = json.loads(path.read_text())
    data["cells"][0]["humidity_percent"] = 40
    path.write_text(json.dumps(data))
    assert load_run(path) == run


def broken(change: Any) -> str:
    data = json.loads(json.dumps(AS_JSON))
    change(data)
    return json.dumps(data)


@pytest.fixture(autouse=True, scope="module")
def as_json(tmp_path_factory: pytest.TempPathFactory) -> None:
    path = save_run(runs.quick(), tmp_path_factory.mktemp("run"))
    AS_JSON.update(json.loads(path.read_text()))


AS_JSON: dict[str, Any] = {}


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda d: d.update(format=99), "format: expected 2, found 99"),
        (lambda d: d.pop("environment"), "run.environment: missing"),
        (lambda d: d["run"].update(seed="7"), "run.run.seed: expected int, found '7'"),
        (lambda d: d["run"].update(complete=1), "run.run.complete: expected bool"),
        (lambda d: d.update(cells={}), "run.cells: expected list"),
        (lambda d: d.update(cells=[3]), "run.cells[0]: expected an object, found '3'"),
        (
            lambda d: d["cells"][1]["steps"][0].update(p50_ms="fast"),
            "run.cells[1].steps[0].p50_ms: expected float, found 'fast'",
        ),
        (
            lambda d: d["environment"]["packages"].update(locust=2),
            "run.environment.packages.locust: expected str, found '2'",
        ),
    ],
)
def test_what_is_not_a_run_is_refused_by_file_and_field(
    tmp_path: Path, change: Any, says: str
) -> None:
    path = tmp_path / "run.json"
    path.write_text(broken(change))
    with pytest.raises(ResultError) as caught:
        load_run(tmp_path)
    assert str(caught.value).startswith(f"{path}: ")
    assert says in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "not JSON"),
        ('{"format": 1, "run": {"id"', "not JSON, perhaps cut off"),
        ("[1]", "format: expected 2, found None"),
        ("\ud800", "not JSON"),
    ],
)
def test_file_that_is_cut_off_or_foreign_is_refused(
    tmp_path: Path, text: str, says: str
) -> None:
    path = tmp_path / "run.json"
    path.write_bytes(text.encode("utf-8", "surrogatepass"))
    with pytest.raises(ResultError, match=says):
        load_run(path)


def test_bytes_that_are_no_text_do_not_lose_the_run(tmp_path: Path) -> None:
    cell = runs.cell(argv=["serve", "caf\udce9/é"], faults=runs.facts("\ud800 \\udce9"))
    run = runs.run([cell], argv=["\udcff"])
    path = save_run(run, tmp_path)
    assert "é" in path.read_text(encoding="utf-8")
    assert load_run(path) == run


@pytest.mark.parametrize("text", ["[" * 100_000, '{"run":' * 100_000])
def test_file_that_is_nested_too_deeply_is_one_line(tmp_path: Path, text: str) -> None:
    path = tmp_path / "run.json"
    path.write_text(text)
    with pytest.raises(ResultError) as caught:
        load_run(tmp_path)
    assert str(caught.value) == f"{path}: nested too deeply for a run"


def test_run_that_is_not_there_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(ResultError, match=r"run\.json: cannot be read: No such file"):
        load_run(tmp_path)


def test_save_that_fails_leaves_the_old_run_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    old: Run = runs.quick()
    save_run(old, tmp_path)

    def full_disk(_: int) -> None:
        raise OSError(errno.ENOSPC, "no space left")

    monkeypatch.setattr("os.fsync", full_disk)
    with pytest.raises(OSError, match="no space left") as refused:
        save_run(runs.run([]), tmp_path)
    assert refused.value.filename == str(tmp_path / "run.json")
    assert load_run(tmp_path) == old
    assert [child.name for child in tmp_path.iterdir()] == ["run.json"]


def test_cell_is_known_by_what_was_measured_and_when() -> None:
    cell = runs.cell("asgi-uvicorn", "idle", repeat=2)
    assert cell.task == TaskKey(CELL, "asgi-uvicorn", "idle", 2)
    assert cell.task.name == "asgi-uvicorn.idle.2"


def test_whole_number_is_read_where_a_fraction_may_stand(tmp_path: Path) -> None:
    run = runs.quick()
    path = save_run(run, tmp_path)
    path.write_text(path.read_text().replace('"p50_ms": 1.5', '"p50_ms": 2'))
    p50_ms = load_run(path).cells[0].steps[0].p50_ms
    assert (p50_ms, type(p50_ms)) == (2.0, float)


def test_field_with_a_default_may_be_missing(tmp_path: Path) -> None:
    path = save_run(runs.quick(), tmp_path)
    data = json.loads(path.read_text())
    del data["cells"][0]["faults"], data["cells"][0]["capacity"]["predicted_out_by"]
    del data["environment"]["wheels"]
    path.write_text(json.dumps(data))
    assert load_run(path) == runs.quick()


def test_figures_that_nobody_can_have_measured_are_refused(tmp_path: Path) -> None:
    for change, says in (
        (lambda d: step_of(d).update(answered=151), "steps[0].answered: 151 of 150"),
        (lambda d: step_of(d).update(attempted=-1), "steps[0].attempted: -1 is not a"),
        (lambda d: step_of(d).update(p50_ms=1e308), "steps[0].p50_ms: 1e+308 is not"),
        (lambda d: step_of(d).update(p50_ms=10**400), "steps[0].p50_ms: expected"),
        (lambda d: d["method"].update(deadline_s=0), "method.deadline_s: expected"),
        (lambda d: d["method"].update(deadline_s=-1.0), "method.deadline_s: -1.0"),
        (
            lambda d: d["cells"][0].update(stack="x" * 3000),
            "name of 3,000 characters",
        ),
        (
            lambda d: d["cells"][0]["steps"].append(step_of(d)),
            "slow_clients: there twice",
        ),
    ):
        path = tmp_path / "run.json"
        path.write_text(broken(change))
        with pytest.raises(ResultError) as refused:
            load_run(path)
        assert says in str(refused.value)
        assert str(refused.value).startswith(str(path))


def step_of(data: Any) -> Any:
    return data["cells"][0]["steps"][0]


def test_slopes_may_fall(tmp_path: Path) -> None:
    run = runs.quick()
    server = dataclasses.replace(run.cells[0].server, kb_per_slow_client=-0.5)
    cells = [dataclasses.replace(run.cells[0], server=server), *run.cells[1:]]
    falling = dataclasses.replace(run, cells=cells)
    assert load_run(save_run(falling, tmp_path)) == falling


@pytest.mark.parametrize(
    ("number", "found"),
    [("NaN", "nan"), ("Infinity", "inf"), ("-Infinity", "-inf"), ("1e999", "inf")],
)
def test_number_without_an_end_is_refused_by_its_field(
    tmp_path: Path, number: str, found: str
) -> None:
    """Three that are no JSON (RFC 8259, 6), and one that is, and too large."""
    text = json.dumps(AS_JSON).replace('"p50_ms": 1.5', f'"p50_ms": {number}', 1)
    (tmp_path / "run.json").write_text(text)
    field = r"run\.json: run\.cells\[0\]\.steps\[0\]\.p50_ms"
    with pytest.raises(ResultError, match=f"{field}: expected float, found '{found}'"):
        load_run(tmp_path)


def test_pipe_is_refused_and_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "run.json")
    with pytest.raises(ResultError, match="not a file"):
        load_run(tmp_path)
