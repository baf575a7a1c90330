"""A rate, measured: real servers, real requests that wait."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path

import pytest

from loadtests.analysis import rates
from loadtests.catalog import stacks
from loadtests.catalog.rates import RATE_SCENARIOS
from loadtests.catalog.stacks.unmodelled import unknown_stack
from loadtests.experiments import asking
from loadtests.experiments.rate import RateTask
from loadtests.experiments.task import State
from loadtests.experiments.your_app import prepare, served
from loadtests.records.facts import NOT_MEASURED, fact
from loadtests.records.rate import Conditions, Overload
from loadtests.records.run import load_run, save_run
from loadtests.records.samples import RETRIES_FILE, Sample, read_samples
from loadtests.report.blocks import Source
from loadtests.report.formats import markdown
from loadtests.servers.processes import Guard
from tests import runs
from tests.experiments.held import SHORT, Lab
from tests.experiments.test_your_app import ODD


@pytest.mark.long
def test_stack_sustains_what_its_places_allow(
    guard: Guard, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Four threads that each hold a request for 0.05 s: 80 a second."""
    monkeypatch.setattr(asking, "STEP_S", 2.0)
    monkeypatch.setattr(asking, "COUNTED_S", 0.5)
    monkeypatch.setattr(asking, "OVERLOADS", (1.5,))
    stack = stacks.find("wsgi-waitress@threads=4")
    task = RateTask(stack, RATE_SCENARIOS["backend-wait"], 50, SHORT)
    context = Lab(guard, tmp_path).context(SHORT)
    run = task.measured(runs.run([]), context)
    [found] = run.rates
    assert (found.places, found.limited_by) == (4, "threads")
    assert found.predicted_per_s == 80
    assert found.failed_per_s is not None
    assert found.failed_per_s > 80  # no more than the places allow
    assert task.state(run, tmp_path) is (State.DONE if found.valid else State.VOID)
    save_run(run, tmp_path)
    assert load_run(tmp_path) == run
    if found.valid:
        [text] = [t for n, t in markdown.render(Source(run)).items() if "report" in n]
        assert "How many requests a second, when each waits" in text


@pytest.mark.long
def test_rates_that_were_named_are_asked_beside_slow_clients_and_again(
    guard: Guard, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One of two workers is held, so that 10 a second are left of 20. At 40, most are
    not answered in time, and are asked once more."""
    monkeypatch.setattr(asking, "STEP_S", 3.0)
    monkeypatch.setattr(asking, "COUNTED_S", 1.5)
    conditions = Conditions(
        [2.0, 40.0], retries=1, scenario="slow-body", slow_clients=1
    )
    stack = stacks.find("wsgi-gunicorn-sync")
    task = RateTask(stack, RATE_SCENARIOS["backend-wait"], 100, SHORT, conditions)
    run = task.measured(runs.run([]), Lab(guard, tmp_path).context(SHORT))
    [found] = run.rates
    assert (found.places, found.predicted_per_s) == (1, 10)
    few, many = found.steps
    assert (few.rate_per_s, many.rate_per_s) == (2, 40)
    assert rates.held(few) or not found.valid
    assert not rates.held(many)
    assert not found.overloads
    again = read_samples(tmp_path / "samples" / task.key.name, RETRIES_FILE, Sample)
    lost = sum(many.lost.values())
    assert lost <= len(again)
    assert many.answered_again <= lost
    assert {sample.ended_s > sample.intended_s + 1 for sample in again} == {True}


@pytest.mark.long
def test_rate_of_your_app_is_that_of_the_request_that_waits(
    guard: Guard, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(asking, "STEP_S", 3.0)
    monkeypatch.setattr(asking, "COUNTED_S", 1.5)
    waiting = dataclasses.replace(ODD, wait="GET /slow", wait_s=0.2)
    prepare(waiting, tmp_path)
    stack = served(stacks.find("wsgi-waitress@threads=4"), waiting)
    wait = RATE_SCENARIOS["backend-wait"]
    task = RateTask(stack, wait, 200, SHORT, Conditions([5.0]), waiting)
    run = task.measured(runs.run([]), Lab(guard, tmp_path).context(SHORT))
    [found] = run.rates
    assert (found.places, found.predicted_per_s) == (4, 20)
    assert found.cpu_us_per_request is None
    assert rates.held(found.steps[0]) or not found.valid
    assert found.steps[0].p50_ms is None or found.steps[0].p50_ms > 100


def test_rate_of_a_server_that_is_not_known_is_not_predicted(
    guard: Guard, tmp_path: Path
) -> None:
    unknown = unknown_stack("command", ("x",), "x", workers=1)
    wait = RATE_SCENARIOS["backend-wait"]
    other = dataclasses.replace(ODD, wait="GET /slow", wait_s=0.2)
    task = RateTask(unknown, wait, 200, SHORT, Conditions(), other)
    assert (task.places, task.lasts_s > 10) == (None, True)
    why = fact(NOT_MEASURED, "it did not start")
    [void] = task.failed(runs.run([]), Lab(guard, tmp_path).context(SHORT), why).rates
    assert (void.limited_by, void.predicted_per_s, void.valid) == ("", None, False)


def test_handler_of_yours_that_may_not_await_is_not_predicted() -> None:
    """In a thread it waits as it likes; on an event loop nobody knows."""
    other = dataclasses.replace(ODD, wait="GET /slow", wait_s=0.2)
    wait = RATE_SCENARIOS["backend-wait"]
    known = {
        name: RateTask(stacks.find(name), wait, 200, SHORT, Conditions(), other).places
        for name in ("wsgi-gunicorn-sync", "wsgi-gunicorn-gevent", "asgi-uvicorn")
    }
    assert [*known.values()] == [2, None, None]


class _Asked(asking.Asking):
    """With a server that gets over so much, and no more; no requests are sent."""

    def __init__(self, gets_over: float) -> None:
        self._retries, self._gets_over = 0, gets_over

    def _overload(
        self, times: float, sustained: float, rss_mb: Callable[[], float | None]
    ) -> Overload:
        recovered_s = 1.0 if times <= self._gets_over else None
        return Overload(times, times * sustained, 0.0, {}, recovered_s, rss_mb())


@pytest.mark.parametrize(
    ("gets_over", "sustained", "tried"),
    [
        (9.0, 100.0, [1.5, 3.0]),
        (0.0, 100.0, [1.5]),  # still not well: more would be on top of it
        (9.0, 400.0, [1.5]),  # the load generator does not reach 1,200 a second
    ],
)
def test_more_overload_only_for_a_server_that_got_over_the_first(
    gets_over: float, sustained: float, tried: list[float]
) -> None:
    found = _Asked(gets_over).overloads(sustained, lambda: None)
    assert [one.times for one in found] == tried
