"""A stack and a scenario of one's own, added while a program runs."""

from __future__ import annotations

import argparse
import dataclasses
from collections.abc import Iterator
from pathlib import Path

import pytest

from loadtests.catalog import scenarios, stacks
from loadtests.catalog.phases import Phase
from loadtests.catalog.profiles import PROFILES
from loadtests.catalog.scenarios import SCENARIOS, Scenario, ScenarioError, in_order
from loadtests.catalog.stacks import HTTP1, HTTP2, STACKS, Stack, StackError
from loadtests.clients.visits import VISITS
from loadtests.commands.stacks import show
from loadtests.experiments.order import Order
from loadtests.experiments.run import begin_run, go_on
from loadtests.experiments.task import Task
from loadtests.report import reports
from loadtests.servers.processes import Guard
from tests.catalog.slow_trailers import SLOW_TRAILERS, enter

THREE_THREADS = dataclasses.replace(
    stacks.find("wsgi-gunicorn-gthread"), id="wsgi-gunicorn-three", threads=3
)


@pytest.fixture
def added() -> Iterator[tuple[Stack, Scenario]]:
    stacks.add(THREE_THREADS)
    enter()
    try:
        yield THREE_THREADS, SLOW_TRAILERS
    finally:
        del STACKS[THREE_THREADS.id]
        del SCENARIOS[SLOW_TRAILERS.id], VISITS[SLOW_TRAILERS.id]


def test_additions_are_found_in_their_places(added: tuple[Stack, Scenario]) -> None:
    stack, scenario = added
    assert stacks.find_measurable(stack.id) is stack
    assert stack.id in HTTP1
    assert in_order(["another", scenario.id]) == [scenario.id, "another"]
    assert stack.id not in HTTP2
    assert scenarios.scenario(scenario.id) is scenario
    wsgi = [name for name, one in STACKS.items() if one.interface == "wsgi"]
    assert wsgi.index(stack.id) < wsgi.index("wsgi-gunicorn-gthread-h2")
    assert scenarios.in_phases(Phase.BODY) == ("slow-body", scenario.id)


def test_addition_is_in_no_table_any_more_when_it_is_taken_out() -> None:
    assert THREE_THREADS.id not in HTTP1
    assert SLOW_TRAILERS.id not in PROFILES["full"].scenarios


def test_every_stack_has_a_prediction_for_a_scenario_that_was_added(
    added: tuple[Stack, Scenario],
) -> None:
    for stack in HTTP1.values():
        body = stack.predicted_out_at("slow-body")
        assert stack.predicted_out_at(added[1].id) == body


def test_full_profile_measures_additions_too(added: tuple[Stack, Scenario]) -> None:
    full = PROFILES["full"]
    assert added[0].id in full.stacks
    assert added[1].id in full.scenarios


def test_list_of_stacks_shows_additions(
    added: tuple[Stack, Scenario],
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    show(argparse.Namespace(stack=None))
    shown = capsys.readouterr().out
    [row] = [line for line in shown.splitlines() if line.startswith(added[0].id)]
    assert row.split()[1] == "9+"
    assert "trailers" in shown


def test_list_of_stacks_is_readable_in_a_narrow_terminal(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "40")
    show(argparse.Namespace(stack=None))
    shown = capsys.readouterr().out
    assert "wsgi-gunicorn-sync\n  idle 2, slow-headers 2, slow-body 2," in shown
    assert "…" not in shown
    assert max(map(len, shown.splitlines())) <= 40


@pytest.mark.parametrize("stack_id", STACKS)
def test_stack_alone_is_shown_with_its_command_limits_and_reasons(
    stack_id: str, capsys: pytest.CaptureFixture[str]
) -> None:
    stack = stacks.find(stack_id)
    show(argparse.Namespace(stack=stack_id))
    said = " ".join(capsys.readouterr().out.split())
    assert f"$ {stack.command(8000)[0]} " in said
    served = [*filter(stack.serves, scenarios.SCENARIOS)] if stack.holds else []
    assert said.count("degrades at ") == len(served)
    assert said.count("a slow client holds") >= said.count("degrades at ")
    for known in stack.deviations:
        assert known.exchanges[0] in said


def test_locust_class_of_a_scenario_is_named_after_it() -> None:
    assert scenarios.scenario("slow-body").user_class == "SlowBody"
    assert SLOW_TRAILERS.user_class == "SlowTrailers"


def test_addition_of_a_known_id_is_an_error() -> None:
    with pytest.raises(StackError, match="'asgi-uvicorn' already"):
        stacks.add(stacks.find("asgi-uvicorn"))
    before = dict(SCENARIOS)
    with pytest.raises(ScenarioError, match="'idle' already"):
        scenarios.add(scenarios.scenario("idle"))
    assert before == SCENARIOS


def test_run_measures_and_reports_additions(
    added: tuple[Stack, Scenario], guard: Guard, tmp_path: Path
) -> None:
    """This stack has six threads, which are no more than its clients can hold."""
    profile = dataclasses.replace(PROFILES["smoke"], release_s=1.0)
    order = Order(profile, [added[0]], [added[1]], 1, seed=1)
    run, folder = begin_run(order, ["load"], tmp_path)

    def tell(task: Task, seconds: float) -> None:
        assert task.key.what == added[1].id

    [(_, measured)] = go_on(run, folder, order, guard, tell)
    [cell] = measured.cells
    assert (cell.stack, cell.scenario) == (added[0].id, added[1].id)
    assert cell.capacity.predicted_out_at == 6
    assert cell.capacity.degrades_at in range(3, 7), cell
    assert cell.capacity.out_at is not None
    reports.write(measured, folder)
    for name in ("report.html", "report.md"):
        text = (folder / name).read_text()
        assert added[0].id in text
        assert added[1].id in text
