"""The record of a validation: predictions first, then what was measured of each.

The one rule: nobody can predict afterwards. The predictions are a file of their own,
written before the first server starts, and the record of what was measured keeps its
SHA-256. A validation is a folder: `predictions.json`, `validation.json`, `samples/`,
`logs/`, and `validation.md` for people.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

from loadtests.records.cell import Cell
from loadtests.records.json_file import ResultError, read_bytes, read_json, write_json
from loadtests.records.ranges import checked
from loadtests.records.run import Run

FORMAT = 1
PREDICTIONS_FILE = "predictions.json"
VALIDATION_FILE = "validation.json"


@dataclass(frozen=True)
class Draw:
    """A stack with counts and a scenario, drawn at random, and what is predicted.

    A count is null where the stack has no such limit. The predictions have the names
    that they have in a cell.
    """

    number: int
    stack: str
    scenario: str
    workers: int
    threads: int | None
    nofile: int
    worker_connections: int | None
    keepalive_s: int | None
    predicted_degrades_at: int
    predicted_degrades_by: int
    predicted_out_at: int
    predicted_out_by: int
    predicted_ran_out: str
    predicted_because: str


@dataclass(frozen=True)
class Predictions:
    """All draws of a validation; the seed and the version decide them."""

    seed: int
    revision: str
    draws: list[Draw]
    format: int = FORMAT


@dataclass(frozen=True)
class Validation:
    """What was measured. The repeat of a cell is the number of its draw, and `sha256`
    is that of the predictions."""

    sha256: str
    run: Run
    format: int = FORMAT


def sha256_of(folder: Path) -> str:
    """That of the predictions as they are in the folder now."""
    path = folder / PREDICTIONS_FILE
    return hashlib.sha256(read_bytes(path, "validation")).hexdigest()


def save_predictions(predictions: Predictions, folder: Path) -> str:
    """Write them, once; the SHA-256 of the file."""
    write_json(predictions, folder / PREDICTIONS_FILE)
    return sha256_of(folder)


def save_validation(validation: Validation, folder: Path) -> Path:
    return write_json(validation, folder / VALIDATION_FILE)


def load_validation(folder: Path) -> tuple[Predictions, Validation]:
    """Both files of a folder. ResultError where one cannot be used, or where the
    predictions are not those that were made before."""
    path = folder / PREDICTIONS_FILE
    validation: Validation = read_json(
        folder / VALIDATION_FILE, Validation, "validation", FORMAT
    )
    if (now := sha256_of(folder)) != validation.sha256:
        raise ResultError(
            f"{path}: changed after it was written: its SHA-256 was "
            f"{validation.sha256} and is {now}"
        )
    predictions: Predictions = read_json(path, Predictions, "predictions", FORMAT)
    draws = {draw.number: draw for draw in predictions.draws}
    measured = folder / VALIDATION_FILE
    try:
        run = checked(validation.run)
    except ResultError as error:
        raise ResultError(f"{measured}: {error}") from None
    numbers = [cell.repeat for cell in run.cells]
    if twice := [number for number in draws if numbers.count(number) > 1]:
        raise ResultError(f"{measured}: run.cells: draw {twice[0]} is there twice")
    if run.run.complete and len(numbers) + len(run.failures) < len(draws):
        raise ResultError(f"{measured}: run.run.complete: not every draw was measured")
    for cell in run.cells:
        draw = draws.get(cell.repeat)
        if draw is None or not _known(cell).items() <= vars(draw).items():
            raise ResultError(f"{path}: draw {cell.repeat} is not what was measured")
    return predictions, validation


def _known(cell: Cell) -> dict[str, object]:
    """What a cell and its draw both record, before the cell is measured."""
    both = ("stack", "scenario", "workers", "threads", "nofile", "worker_connections")
    capacity = vars(cell.capacity)
    predicted = {k: v for k, v in capacity.items() if k.startswith("predicted")}
    return {name: getattr(cell, name) for name in both} | predicted
