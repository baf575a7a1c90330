"""What only later cells record: histories and distributions, made by hand."""

from __future__ import annotations

import dataclasses

from loadtests.records.cell import QUANTILES, Cell, History, Stage
from tests.runs import cell, step

HISTORY = History(
    every_s=0.5,
    stages=[Stage(0, 0.0, 0.5, 2.0), Stage(8, 2.0, 2.5, 4.0), Stage(0, 4.0, 4.0, 5.0)],
    attempted=[50] * 10,
    answered=[50] * 5 + [0] * 3 + [50] * 2,
    p50_ms=[1.0] * 5 + [None] * 3 + [1.0] * 2,
    worst_ms=[2.0] * 5 + [None] * 3 + [900.0, 2.0],
    connected=[0] * 4 + [8] * 4 + [0] * 2,
    server_cores=[0.1] * 10,
    log_mb=[*[0.0] * 6, *[5.0] * 3, None],
    replaced_s=[4.5],
)


def timed(stack: str, *times_ms: float) -> Cell:
    """A cell whose baseline has the first time, and a held step the second."""
    steps = [
        dataclasses.replace(step(number), p99_ms=ms, quantiles_ms=[ms] * len(QUANTILES))
        for number, ms in zip((0, 400), times_ms, strict=True)
    ]
    return cell(stack, steps=[*steps, step(800, 0)])
