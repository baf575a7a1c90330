"""A stored run that is cut off, or in which anything has a wrong type or size."""

from __future__ import annotations

import copy
import dataclasses
import json
import math
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from loadtests import ROOT
from loadtests.commands.main import main
from loadtests.commands.statuses import Status
from loadtests.records.json_file import MOST_BYTES
from loadtests.records.run import RUN_FILE, ResultError, Run, load_run
from loadtests.records.target import OtherTarget, OwnCommand, RunningServer
from loadtests.records.validation import PREDICTIONS_FILE, sha256_of
from loadtests.report import reports
from loadtests.report.blocks import Source
from loadtests.report.charts import drawing
from loadtests.report.formats import charts, markdown
from loadtests.report.sections import order

REAL = (ROOT / "reports/example" / RUN_FILE, ROOT / "reports/example-rates" / RUN_FILE)
CUTS = 20
WRONG: tuple[Any, ...] = ([], {}, "x", True, None)
_TOO_LONG = f": too long for a run: {MOST_BYTES:,} bytes"

Place = tuple[str | int, ...]


def refused(folder: Path, capsys: pytest.CaptureFixture[str]) -> str:
    """The one line with which `make report` refuses what is in the folder."""
    assert main(["report", str(folder)]) == Status.NOT_DONE
    out, error = capsys.readouterr()
    assert (out, error.count("\n")) == ("", 1)
    assert error.startswith(f"error: {folder / RUN_FILE}: ")
    return error.rstrip("\n")


def test_run_that_is_cut_anywhere_is_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    whole = REAL[0].read_bytes()
    for number in range(CUTS):
        (tmp_path / RUN_FILE).write_bytes(whole[: number * len(whole) // CUTS])
        said = refused(tmp_path, capsys)
        assert re.search(r"not JSON, perhaps cut off: .* line \d+ column \d+", said)


def test_run_with_a_name_twice_in_one_object_is_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    whole = REAL[0].read_text()
    twice = whole.replace('"id":', '"id": "other", "id":', 1)
    (tmp_path / RUN_FILE).write_text(twice)
    assert refused(tmp_path, capsys).endswith(": 'id' is there twice in one object")


def test_run_that_is_cut_inside_a_character_is_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = '{"format": 2, "run": {"id": "é'.encode()
    (tmp_path / RUN_FILE).write_bytes(text[:-1])
    said = refused(tmp_path, capsys)
    assert "not JSON, perhaps cut off: 'utf-8' codec can't decode byte" in said
    assert f"position {len(text) - 2}" in said


def test_file_that_no_run_can_be_is_refused_before_it_is_read(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A sparse one, whose bytes would take as much memory."""
    path = tmp_path / RUN_FILE
    with path.open("wb") as file:
        file.truncate(MOST_BYTES)
    assert refused(tmp_path, capsys).endswith(_TOO_LONG)
    path.rename(tmp_path / PREDICTIONS_FILE)
    with pytest.raises(ResultError, match="too long for a validation"):
        sha256_of(tmp_path)


def small() -> Any:
    """A real run with one of each kind of record, as JSON."""
    run, rates = (json.loads(path.read_text("utf-8")) for path in REAL)
    cell = next(c for c in run["cells"] if c["history"] and c["front"])
    cell["steps"] = cell["steps"][:2]
    for name, values in cell["history"].items():
        if isinstance(values, list):
            cell["history"][name] = values[: 1 + (name != "stages")]
    target = OtherTarget("", "", False, "", "", "GET /", command=OwnCommand([]))
    target = dataclasses.replace(target, running=RunningServer("127.0.0.1", 80))
    few = {name: run[name][:1] for name in ("self_recoveries", "costs")}
    rates = [next(rate for rate in rates["rates"] if rate["overloads"])]
    run["environment"]["packages"] = {"locust": "2"}
    run["target"] = dataclasses.asdict(target)
    return {**run, **few, "cells": [cell], "rates": rates}


def places(value: Any, here: Place = ()) -> Iterator[Place]:
    """Every value in it; of the values of a list, the first."""
    if here:
        yield here
    if isinstance(value, dict):
        for name, one in value.items():
            yield from places(one, (*here, name))
    elif isinstance(value, list) and value:
        yield from places(value[0], (*here, 0))


def changed(data: Any, place: Place, wrong: Any) -> Any:
    data = copy.deepcopy(data)
    *way, last = place
    inner = data
    for part in way:
        inner = inner[part]
    inner[last] = wrong
    return data


def loaded(data: Any, folder: Path) -> Run | None:
    """The run; None where it is refused, by its file and a field of it."""
    path = folder / RUN_FILE
    path.write_text(json.dumps(data))
    said = ""
    try:
        return load_run(folder)
    except ResultError as error:
        said = str(error)
    assert re.fullmatch(rf"{path}: (run[.\[]\S*|format): .*", said), said
    return None


def reported(run: Run) -> None:
    """Everything of a report but the drawing of SVG."""
    source = Source(run)
    markdown.render(source)
    reports.table(run)
    reports.summary(run)
    for _, blocks in order.filled(source):
        for picture in charts.pictures(blocks):
            drawing.specification(picture)


@pytest.mark.parametrize("wrong", WRONG, ids=repr)
def test_wrong_type_anywhere_is_refused_or_can_be_reported(
    wrong: Any, tmp_path: Path
) -> None:
    data = small()
    assert loaded(data, tmp_path)
    taken = 0
    for place in places(data):
        if run := loaded(changed(data, place, wrong), tmp_path):
            taken += 1
            reported(run)
    assert 0 < taken < 100


@pytest.mark.parametrize("wrong", [math.nan, math.inf])
def test_number_without_an_end_anywhere_is_refused(
    wrong: float, tmp_path: Path
) -> None:
    data = small()
    for place in places(data):
        assert loaded(changed(data, place, wrong), tmp_path) is None, place


@pytest.mark.parametrize("form", [True, 1.0, 2.0, "2", None, [2]])
def test_format_is_a_whole_number(form: Any, tmp_path: Path) -> None:
    """Format 1 is read too, and true equals 1."""
    data = {**small(), "format": form}
    (tmp_path / RUN_FILE).write_text(json.dumps(data))
    with pytest.raises(
        ResultError, match=re.escape(f"format: expected 2, found {form!r}")
    ):
        load_run(tmp_path)
