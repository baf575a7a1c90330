"""Histories and distributions that no run can have."""

from __future__ import annotations

import dataclasses
import re
from pathlib import Path
from typing import Any

import pytest

from loadtests import UserError
from loadtests.catalog.profiles import PROFILES
from loadtests.experiments.order import Order, counted
from loadtests.experiments.run import begin_run, resume_run
from loadtests.records.rate import Conditions
from loadtests.records.run import ResultError, load_run, save_run
from tests import recorded, runs


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"attempted": [50]}, "its lists are not of one length"),
        ({"stages": []}, "without a stage"),
        ({"every_s": 0.0}, "without a stage, or without a length of its parts"),
        ({"answered": [51] * 10}, "history.answered: 51 of 50"),
    ],
)
def test_history_that_cannot_be_drawn_is_refused(
    tmp_path: Path, changed: dict[str, Any], says: str
) -> None:
    history = dataclasses.replace(recorded.HISTORY, **changed)
    run = runs.run([dataclasses.replace(runs.cell(), history=history)])
    with pytest.raises(ResultError, match=re.escape(says)):
        load_run(save_run(run, tmp_path))


@pytest.mark.parametrize("count", [10**400, -(10**400), 10**16, -1])
def test_count_that_nobody_can_have_counted_is_refused(
    tmp_path: Path, count: int
) -> None:
    """Whole numbers have no largest one: those beyond every float are read too."""
    cell = dataclasses.replace(runs.cell(), nofile=count)
    with pytest.raises(ResultError, match=r"cells\[0\]\.nofile: -?1\d* is not a fi"):
        load_run(save_run(runs.run([cell]), tmp_path))


@pytest.mark.parametrize(
    ("deadline_s", "says"),
    [
        (float("nan"), "run.json: run.method.deadline_s: expected float, found 'nan'"),
        (1e308, "run.json: run.method.deadline_s: 1e+308 is not a figure of anything"),
    ],
)
def test_deadline_that_no_request_can_have_is_refused(
    tmp_path: Path, deadline_s: float, says: str
) -> None:
    method = dataclasses.replace(runs.METHOD, deadline_s=deadline_s)
    run = dataclasses.replace(runs.quick(), method=method)
    with pytest.raises(ResultError, match=re.escape(says)):
        load_run(save_run(run, tmp_path))


def test_distribution_of_another_length_is_refused(tmp_path: Path) -> None:
    cell = runs.cell()
    steps = [dataclasses.replace(cell.steps[0], quantiles_ms=[1.0])]
    run = runs.run([dataclasses.replace(cell, steps=steps)])
    with pytest.raises(ResultError, match=r"quantiles_ms: expected 23, found 1"):
        load_run(save_run(run, tmp_path))


@pytest.mark.parametrize(
    ("place", "wrong", "says"),
    [
        ("method", {"arrive_per_s": None}, "run.method.arrive_per_s: expected more"),
        ("method", {"gap_s": 0.0}, "run.method.gap_s: expected more than 0"),
        ("ordered", {"stacks": []}, "run.ordered.stacks: expected a stack, found none"),
        ("ordered", {"repeats": 1001}, "ordered.repeats: expected 1,000 at the most, "),
        (
            "ordered",
            {"conditions": Conditions([50.0, 0.0])},
            "run.ordered.conditions.rates_per_s: expected more than 0",
        ),
    ],
)
def test_order_that_nobody_gave_can_be_shown_and_not_gone_on_with(
    tmp_path: Path, place: str, wrong: dict[str, Any], says: str
) -> None:
    order = Order(PROFILES["smoke"], counted(["asgi-uvicorn"], None, None), [], 1, 1)
    run, folder = begin_run(order, ["load"], tmp_path)
    assert resume_run(folder)
    changed = dataclasses.replace(getattr(run, place), **wrong)
    save_run(dataclasses.replace(run, **{place: changed}), folder)
    assert load_run(folder)
    with pytest.raises(UserError, match=re.escape(says)) as refused:
        resume_run(folder)
    assert str(refused.value).startswith(f"{folder}/run.json: ")
