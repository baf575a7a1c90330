"""Who takes a client, where all workers accept from one socket."""

from __future__ import annotations

import random

import pytest

from loadtests.analysis.accepting import accepted, busiest_share, load_of, shares

LOADS = (0.2, 1.0, 2.2, 5.0)


@pytest.mark.parametrize("load", LOADS)
@pytest.mark.parametrize("workers", [1, 2, 10])
def test_simulation_finds_the_shares_of_the_formula(load: float, workers: int) -> None:
    held = accepted(20_000, workers, load, random.Random(1))
    assert sum(held) == 20_000
    for one, share in zip(held, shares(load, workers), strict=True):
        assert one / 20_000 == pytest.approx(share, abs=0.02)


@pytest.mark.parametrize("load", LOADS)
def test_shares_are_all_there_is_and_fall_along_the_line(load: float) -> None:
    found = shares(load, 6)
    assert sum(found) == pytest.approx(1.0)
    assert found == sorted(found, reverse=True)


@pytest.mark.parametrize("load", LOADS)
@pytest.mark.parametrize("workers", [2, 10])
def test_load_is_found_again_from_what_workers_hold(load: float, workers: int) -> None:
    held = [round(1e6 * share) for share in shares(load, workers)]
    assert load_of(held) == pytest.approx(load, rel=0.01)


def test_load_of_equal_shares_is_the_most_that_there_is() -> None:
    assert load_of([500, 500]) == pytest.approx(100.0)
    assert load_of([1000, 0]) == pytest.approx(0.01, rel=0.1)


def test_busier_workers_share_more_evenly_and_more_workers_hardly_do() -> None:
    first = [shares(load, 10)[0] for load in LOADS]
    assert first == sorted(first, reverse=True)
    assert shares(1.0, 40)[0] == pytest.approx(shares(1.0, 10)[0], abs=0.01)


def test_same_seed_finds_the_same_and_more_runs_find_no_less() -> None:
    loads = (1.8, 2.6)
    once = busiest_share(4, loads, seed=3)
    busiest_share.cache_clear()
    assert busiest_share(4, loads, seed=3) == once
    assert busiest_share(4, loads, seed=4) == pytest.approx(once, abs=0.03)
    assert busiest_share(4, loads, seed=3, of_runs=0.5) < once
    assert 0.25 < once < 1
