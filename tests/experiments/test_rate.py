"""A rate, measured: real servers, real requests that wait."""

from __future__ import annotations

from pathlib import Path

import pytest

from loadtests.catalog import stacks
from loadtests.catalog.rates import RATE_SCENARIOS
from loadtests.experiments import asking
from loadtests.experiments.rate import RateTask
from loadtests.experiments.task import State
from loadtests.records.run import load_run, save_run
from loadtests.report.blocks import Source
from loadtests.report.formats import markdown
from loadtests.servers.processes import Guard
from tests import runs
from tests.experiments.held import SHORT, Lab


def test_stack_sustains_what_its_places_allow(
    guard: Guard, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Four threads that each hold a request for 0.1 s: 40 a second."""
    monkeypatch.setattr(asking, "STEP_S", 3.0)
    monkeypatch.setattr(asking, "COUNTED_S", 1.5)
    stack = stacks.find("wsgi-waitress@threads=4")
    task = RateTask(stack, RATE_SCENARIOS["backend-wait"], 100, SHORT)
    context = Lab(guard, tmp_path).context(SHORT)
    run = task.measured(runs.run([]), context)
    [found] = run.rates
    assert (found.places, found.limited_by) == (4, "threads")
    assert found.predicted_per_s == 40
    assert found.failed_per_s is not None
    assert found.failed_per_s > 40  # no more than the places allow
    assert task.state(run, tmp_path) is (State.DONE if found.valid else State.VOID)
    save_run(run, tmp_path)
    assert load_run(tmp_path) == run
    if found.valid:
        [text] = [t for n, t in markdown.render(Source(run)).items() if "report" in n]
        assert "How many requests a second, when each waits" in text
