"""Runs of thousands of slow clients, made by hand, of which tests change one thing."""

from __future__ import annotations

import dataclasses
from typing import Any

from loadtests.records.cell import Arrival, Capacity, Cell, ServerFigures
from loadtests.records.run import Run
from tests import runs

# Of a healthy request, and of what a slow client costs in these.
REQUEST_US, TO_COME, TO_STEP = 200.0, 0.5, 0.1
REST_MB, WORKER_MB = 26.0, 18.0
RATE_PER_S, GAP_S = 100.0, 10.0


def cell(
    clients: int = 10_000,
    workers: int = 2,
    kb: float = 6.0,
    by_worker: list[int] | None = None,
    **given: Any,
) -> Cell:
    """A cell that held so many, and whose server costs what the figures above say."""
    shared = [clients // workers] * workers if by_worker is None else by_worker
    rest_mb = REST_MB + workers * WORKER_MB
    steps = [
        dataclasses.replace(runs.step(0), server_cores=_cores(0)),
        dataclasses.replace(
            runs.step(clients),
            server_cores=_cores(clients),
            by_worker=shared,
            arrival=_arrival(clients),
        ),
    ]
    kernel_kb = given.pop("kernel_kb", 0.0)
    figures = ServerFigures(
        *(rest_mb, rest_mb + kb * clients / 1024, kb, 0),
        kernel_kb_per_slow_client=kernel_kb,
    )
    made = runs.cell(
        scenario="slow-headers",
        workers=workers,
        steps=steps,
        server=figures,
        capacity=Capacity(None, None, None, held=clients),
    )
    return dataclasses.replace(made, **given)


def _cores(clients: int) -> float:
    return (RATE_PER_S + TO_STEP * clients / GAP_S) * REQUEST_US / 1e6


def _arrival(clients: int) -> Arrival:
    used_s = (1_000 + TO_COME * clients) * REQUEST_US / 1e6
    return Arrival(10.0, True, 1_000, 990, None, used_s, clients)


def run(*cells: Cell) -> Run:
    made = runs.run(cells)
    method = dataclasses.replace(made.method, rate_per_s=RATE_PER_S, gap_s=GAP_S)
    return dataclasses.replace(made, method=method)


def small_and_large() -> list[Run]:
    """10,000 and 50,000, whose workers share them in the same way."""
    large = [15_000, 11_500, 8_500, 5_700, 3_500, 2_300, 1_500, 1_000, 600, 400]
    return [
        run(cell(by_worker=[5_280, 4_720])),
        run(cell(50_000, 10, by_worker=large)),
    ]


def slow_readers(clients: int, kernel_kb: float) -> Cell:
    return cell(clients, kb=200.0, kernel_kb=kernel_kb, scenario="slow-read")
