"""The record of a validation: nobody can predict afterwards."""

from __future__ import annotations

import dataclasses
import hashlib
from pathlib import Path

import pytest

from loadtests.records.json_file import ResultError
from loadtests.records.validation import (
    PREDICTIONS_FILE,
    load_validation,
    save_validation,
    sha256_of,
)
from tests.validations import draw, measured, stored


def test_validation_is_read_as_it_was_written(tmp_path: Path) -> None:
    one, two = draw(1, 10), draw(2, 20, 30)
    written = stored([one, two], [measured(two, 25)], tmp_path)
    assert load_validation(tmp_path) == written


def test_sha256_is_that_of_the_file(tmp_path: Path) -> None:
    _, validation = stored([draw(1, 10)], [], tmp_path)
    content = (tmp_path / PREDICTIONS_FILE).read_bytes()
    assert validation.sha256 == hashlib.sha256(content).hexdigest()
    assert validation.sha256 == sha256_of(tmp_path)


def test_prediction_that_was_changed_afterwards_is_noticed(tmp_path: Path) -> None:
    stored([draw(1, 10)], [measured(draw(1, 10), 12)], tmp_path)
    file = tmp_path / PREDICTIONS_FILE
    file.write_text(file.read_text().replace("10", "12"))
    with pytest.raises(ResultError, match=r"predictions\.json: changed after it was"):
        load_validation(tmp_path)


def test_cell_with_another_prediction_than_its_draw_is_noticed(tmp_path: Path) -> None:
    stored([draw(1, 10)], [measured(draw(1, 12), 12)], tmp_path)
    with pytest.raises(ResultError, match="draw 1 is not what was measured"):
        load_validation(tmp_path)


def test_cell_that_nobody_drew_is_noticed(tmp_path: Path) -> None:
    stored([draw(1, 10)], [measured(draw(2, 10), 10)], tmp_path)
    with pytest.raises(ResultError, match="draw 2 is not what was measured"):
        load_validation(tmp_path)


def test_predictions_that_are_gone_are_an_error(tmp_path: Path) -> None:
    stored([draw(1, 10)], [], tmp_path)
    (tmp_path / PREDICTIONS_FILE).unlink()
    with pytest.raises(ResultError, match=r"predictions\.json: cannot be read"):
        load_validation(tmp_path)


def test_figure_that_nobody_can_have_measured_is_refused_by_its_field(
    tmp_path: Path,
) -> None:
    one = draw(1, 10)
    cell = measured(one, 12)
    wrong = dataclasses.replace(cell.capacity, out_at=-5)
    stored([one], [dataclasses.replace(cell, capacity=wrong)], tmp_path)
    field = r"validation\.json: run\.cells\[0\]\.capacity\.out_at: -5 is not a figure"
    with pytest.raises(ResultError, match=field):
        load_validation(tmp_path)


def test_draw_is_there_once(tmp_path: Path) -> None:
    one = draw(1, 10)
    stored([one], [measured(one, 12), measured(one, 12)], tmp_path)
    with pytest.raises(ResultError, match=r"run\.cells: draw 1 is there twice"):
        load_validation(tmp_path)


def test_validation_that_is_complete_has_every_draw(tmp_path: Path) -> None:
    one, two = draw(1, 10), draw(2, 10)
    _, validation = stored([one, two], [measured(one, 12)], tmp_path)
    meta = dataclasses.replace(validation.run.run, complete=True)
    run = dataclasses.replace(validation.run, run=meta)
    save_validation(dataclasses.replace(validation, run=run), tmp_path)
    with pytest.raises(ResultError, match="complete: not every draw was measured"):
        load_validation(tmp_path)
