"""Validations made by hand, for tests of what reads one."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from pathlib import Path

from loadtests.records.cell import Arrival, Capacity, Cell
from loadtests.records.validation import (
    Draw,
    Predictions,
    Validation,
    save_predictions,
    save_validation,
)
from tests import runs


def draw(number: int, low: int, high: int | None = None) -> Draw:
    """One of the raw stacks, predicted to be out somewhere from low to high."""
    return Draw(
        number=number,
        stack="asgi-uvicorn",
        scenario="slow-body",
        workers=2,
        threads=None,
        nofile=300,
        worker_connections=None,
        keepalive_s=None,
        predicted_degrades_at=low,
        predicted_degrades_by=high or low,
        predicted_out_at=low,
        predicted_out_by=high or low,
        predicted_ran_out="descriptors",
        predicted_because="a slow client holds a descriptor (uv__emfile_trick)",
    )


# Without one, a step is of a fixed staircase.
ARRIVAL = Arrival(1.2, True, 300, 300, 3.5, 0.1)


def measured(
    drawn: Draw, at: int, *, valid: bool = True, ran_out: str = "descriptors"
) -> Cell:
    """Its cell: degraded, and out, at that many slow clients."""
    predicted = {k: v for k, v in vars(drawn).items() if k.startswith("predicted_")}
    found = runs.cell(answered={0: 150, at - 1: 150, at: 0, 2 * at: 0}, valid=valid)
    capacity = Capacity(degrades_at=at, out_at=at, held=at - 1, **predicted)
    return dataclasses.replace(
        found,
        steps=[dataclasses.replace(step, arrival=ARRIVAL) for step in found.steps],
        capacity=dataclasses.replace(capacity, ran_out=ran_out),
        repeat=drawn.number,
        nofile=drawn.nofile,
    )


def stored(
    draws: Iterable[Draw], cells: Iterable[Cell], folder: Path
) -> tuple[Predictions, Validation]:
    """Both files in the folder, and what they hold."""
    predictions = Predictions(7, "a9cd5ac", list(draws))
    sha256 = save_predictions(predictions, folder)
    run = runs.run(cells, profile="validate")
    complete = len(run.cells) == len(predictions.draws)
    meta = dataclasses.replace(run.run, complete=complete)
    validation = Validation(sha256, dataclasses.replace(run, run=meta))
    save_validation(validation, folder)
    return predictions, validation
