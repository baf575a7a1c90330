"""The stacks: a table that other things rely on."""

from __future__ import annotations

import math
import re
from importlib.metadata import version

import pytest

from loadtests.catalog import stacks
from loadtests.catalog.phases import Phase
from loadtests.catalog.scenarios import SCENARIOS
from loadtests.catalog.stacks import HTTP1, HTTP2, STACKS, Stack, StackError
from tests.catalog.one_line import assert_one_line

ALL_STACKS = pytest.mark.parametrize("stack", STACKS.values(), ids=list(STACKS))
MEASURED = pytest.mark.parametrize("stack", HTTP1.values(), ids=list(HTTP1))
THREADED = [stack for stack in HTTP1.values() if stack.threads is not None]
UNTHREADED = [stack for stack in STACKS.values() if stack.threads is None]

# What is out at how many slow clients with the default counts: 2 workers, 8 threads.
PREDICTED = {
    "wsgi-gunicorn-sync": (2, 2, 2, 2, 2, 2),
    "wsgi-gunicorn-gthread": (16, 16, 16, 16, 16, 16),
    "wsgi-gunicorn-gevent": (2000, 2000, 2000, 2000, 2000, 2000),
    "wsgi-uvicorn": (None, None, 16, 16, 16, 16),
    "asgi-uvicorn": (None, None, None, None, None, 2),
    "asgi-uvicorn-h11": (None, None, None, None, None, 2),
    "asgi-gunicorn": (None, None, None, None, None, 2),
    "asgi-gunicorn-uvicorn": (None, None, None, None, None, 2),
}


def predictions(stack: Stack) -> tuple[int | None, ...]:
    return tuple(stack.predicted_out_at(scenario) for scenario in SCENARIOS)


# Stacks


@ALL_STACKS
def test_stack_id_says_interface_and_server(stack: Stack) -> None:
    assert STACKS[stack.id] is stack
    assert stack.interface in ("wsgi", "asgi")
    start = re.escape(f"{stack.interface}-{stack.server}")
    assert re.fullmatch(rf"{start}(-[a-z0-9]+)?(-h2)?", stack.id)
    assert stack.id.endswith("-h2") == stack.http2


def test_stack_table_has_no_id_twice() -> None:
    assert len(STACKS) == len({stack.id for stack in STACKS.values()})
    assert {**HTTP1, **HTTP2} == STACKS
    assert HTTP1.keys() == PREDICTED.keys()


@ALL_STACKS
def test_stack_names_the_packages_that_decide_what_it_does(stack: Stack) -> None:
    """They are installed, so that a run can record their versions."""
    assert stack.packages
    assert all(version(package) for package in stack.packages)
    assert set(stack.packages) <= set(stacks.packages())


@ALL_STACKS
def test_stack_serves_the_app_of_its_interface(stack: Stack) -> None:
    assert stack.app == f"{stack.interface}_app:app"
    assert any(stack.app in word for word in stack.command(port=8000))


@ALL_STACKS
def test_stack_binds_loopback_and_nothing_else(stack: Stack) -> None:
    command = " ".join(stack.command(port=8123))
    assert re.search(
        r"--bind 127\.0\.0\.1:8123\b|--host 127\.0\.0\.1 --port 8123\b", command
    )
    assert re.findall(r"\d+\.\d+\.\d+\.\d+", command) == ["127.0.0.1"]
    assert len(re.findall(r"--(?:bind|host|uds|fd)\b", command)) == 1


@ALL_STACKS
def test_stack_command_is_filled_in(stack: Stack) -> None:
    assert not re.search(r"[{}]", " ".join(stack.command(port=8000)))


@ALL_STACKS
def test_stack_command_has_the_counts(stack: Stack) -> None:
    threads = stack.threads and 34
    command = " ".join(stack.with_counts(12, threads).command(port=8000))
    assert re.search(r"--workers 12\b", command)
    assert bool(re.search(r"(?:--threads |THREADS=)34\b", command)) == bool(threads)


@ALL_STACKS
def test_stack_writes_no_access_log(stack: Stack) -> None:
    """gunicorn writes none unless told to."""
    words = stack.command(port=8000)
    assert ("--no-access-log" in words) == (stack.server == "uvicorn")
    assert "--access-logfile" not in words


@ALL_STACKS
def test_stack_counts_are_equal_everywhere(stack: Stack) -> None:
    assert (stack.workers, stack.threads) in [(2, None), (2, 8)]


# Predictions


@MEASURED
def test_stack_says_what_is_held_and_why_in_every_phase(stack: Stack) -> None:
    assert stack.holds.keys() == set(Phase)
    for holds in stack.holds.values():
        assert holds.what.startswith("a ")
        assert len(holds.because.split()) > 8


@MEASURED
def test_prediction_is_what_the_stack_has_to_lend(stack: Stack) -> None:
    assert predictions(stack) == PREDICTED[stack.id]


@MEASURED
@pytest.mark.parametrize("factor", [1, 2, 5])
def test_prediction_follows_the_workers(stack: Stack, factor: int) -> None:
    more = stack.with_counts(stack.workers * factor, None)
    assert more.workers == stack.workers * factor
    for before, after in zip(predictions(stack), predictions(more), strict=True):
        if before is None:
            assert after is None
        else:
            assert after == before * factor


@pytest.mark.parametrize("stack", THREADED, ids=lambda stack: stack.id)
def test_prediction_follows_the_threads(stack: Stack) -> None:
    more = stack.with_counts(3, 5)
    assert (more.workers, more.threads) == (3, 5)
    assert more.predicted_out_at("slow-body") == 15


def test_prediction_for_parked_connections_reaches_beyond_the_threads() -> None:
    """A silent client of gthread holds its thread for 5 s of every 7."""
    one = stacks.find("wsgi-gunicorn-gthread").with_counts(1, 5)
    assert (one.predicted_out_at("idle"), one.predicted_out_by("idle")) == (5, 7)
    two = one.with_counts(2, 8)
    assert (two.predicted_out_at("idle"), two.predicted_out_by("idle")) == (16, 44)
    degrades = two.predicted_degrades_at("idle"), two.predicted_degrades_by("idle")
    assert degrades == (8, 21)


@pytest.mark.parametrize("stack", THREADED, ids=lambda stack: stack.id)
def test_prediction_of_the_first_harm_is_from_one_full_worker_to_no_even_share(
    stack: Stack,
) -> None:
    three = stack.with_counts(3, 5)
    assert three.predicted_degrades_at("slow-body") == 5
    assert three.predicted_degrades_by("slow-body") == 13  # 12 can fall 4, 4 and 4
    assert three.with_counts(1, 5).predicted_out_by("slow-body") == 5


@ALL_STACKS
def test_counts_that_are_not_given_stay(stack: Stack) -> None:
    assert stack.with_counts(None, None) == stack


@pytest.mark.parametrize("stack", UNTHREADED, ids=lambda stack: stack.id)
def test_threads_for_a_stack_without_any_are_an_error(stack: Stack) -> None:
    with pytest.raises(StackError) as caught:
        stack.with_counts(None, 8)
    assert_one_line(caught.value, stack.id, "THREADS=")


@MEASURED
def test_prediction_is_a_range_only_where_workers_fill_unevenly(stack: Stack) -> None:
    for scenario in SCENARIOS:
        holds = stack.held_under(scenario)
        low = stack.predicted_out_at(scenario)
        high = stack.predicted_out_by(scenario)
        times = 2 if holds.uneven else 1
        assert high == (low and times * math.floor(low / holds.share))
        assert (
            not holds.uneven
            or "whether or not a thread is free" in holds.because
            or (scenario == "idle")
        )
