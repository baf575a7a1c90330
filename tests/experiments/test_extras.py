"""What a full run measures beside its cells, on real servers."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import pytest

from loadtests.catalog.profiles import PROFILES
from loadtests.catalog.scenarios import SCENARIOS, SLOW_CLIENTS
from loadtests.catalog.stacks import HTTP1, STACKS
from loadtests.experiments import costs, extras
from loadtests.experiments.cell import Plan
from loadtests.experiments.costs import (
    JSON,
    RAW,
    TWINS,
    CostPlan,
    Workload,
    measure_costs,
)
from loadtests.experiments.run import Order
from loadtests.records.run import load_run
from loadtests.servers.processes import Guard, ProcessError
from tests.runs import run

FULL = PROFILES["full"]


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """How a server idles does not matter here, nor how busy the machine is."""
    monkeypatch.setattr(costs, "_IDLE_S", 0.1)
    monkeypatch.setattr(costs, "_LATE_S", 10.0)


def order(profile: str = "full", *stacks: str) -> Order:
    some = [STACKS[name] for name in stacks] or [*HTTP1.values()]
    return Order(PROFILES[profile], some, [*SCENARIOS.values()], 1, seed=1)


def no_tell(*_: Any) -> None:
    pass


def test_extras_hold_each_stack_that_slow_clients_can_take_out() -> None:
    held = [e for e in extras.planned(order()) if isinstance(e, Plan)]
    assert {plan.stack.id for plan in held} == {
        *("wsgi-gunicorn-sync", "wsgi-gunicorn-gthread", "wsgi-uvicorn")
    }
    assert {plan.scenario.id for plan in held} == {*SLOW_CLIENTS}
    for plan in held:
        assert plan.levels == [plan.stack.predicted_out_by(plan.scenario.id)]
        assert not plan.profile.comes_back
        assert plan.lasts_s > 30  # gunicorn's --timeout
        assert plan.name.endswith(".at-capacity")


def test_extras_ask_each_stack_with_each_app_in_shuffled_order() -> None:
    asked = [e for e in extras.planned(order()) if isinstance(e, CostPlan)]
    apps = [(s.id, app) for s in HTTP1.values() for app in (RAW, *TWINS[s.interface])]
    assert sorted((plan.stack.id, plan.app) for plan in asked) == sorted(apps * 3)
    assert [plan.repeat for plan in asked] != sorted(plan.repeat for plan in asked)


@pytest.mark.parametrize("profile", ["smoke", "quick"])
def test_extras_are_for_the_full_profile(profile: str) -> None:
    assert extras.planned(order(profile)) == []


def test_full_profile_takes_less_than_75_minutes_with_its_extras() -> None:
    every = [*dataclasses.replace(order(), repeats=3).plans(), *extras.planned(order())]
    assert sum(plan.lasts_s + 3.0 for plan in every) < 75 * 60


@pytest.mark.parametrize(
    ("stack", "app"),
    [
        (stack, app)
        for stack in ("wsgi-gunicorn-gthread", "asgi-uvicorn")
        for app in (RAW, *TWINS[STACKS[stack].interface])
    ],
)
def test_costs_are_those_of_right_answers(
    stack: str, app: str, guard: Guard, tmp_path: Path
) -> None:
    plan = CostPlan(STACKS[stack], app, 1, each_s=0.2)
    found = measure_costs(plan, tmp_path, guard)
    assert [cost.request for cost in found] == [r.name for r in plan.requests]
    for cost in found:
        assert cost.cpu_us_per_request > 0
        assert cost.rss_idle_mb > 10
        assert cost.name == plan.name


def test_costs_of_wrong_answers_are_an_error(
    guard: Guard, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = Workload("/hello?name=Ada", 50.0, lambda body: body == b"Hello, world!")
    monkeypatch.setattr(CostPlan, "requests", (other,))
    plan = CostPlan(STACKS["asgi-uvicorn"], RAW, 1, each_s=0.1)
    with pytest.raises(ProcessError, match="wrongly: status 200, 11 bytes"):
        measure_costs(plan, tmp_path, guard)


def test_costs_at_another_rate_are_an_error(
    guard: Guard, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(costs, "_LATE", 0.0)
    monkeypatch.setattr(costs, "_LATE_S", 0.0)
    plan = CostPlan(STACKS["asgi-uvicorn"], RAW, 1, each_s=0.1)
    with pytest.raises(ProcessError, match="did not keep up with GET /hello"):
        measure_costs(plan, tmp_path, guard)


def test_extras_are_saved_and_not_measured_again(guard: Guard, tmp_path: Path) -> None:
    short = dataclasses.replace(FULL, hold_s=5).freeing(watch_s=5)
    held = Plan(STACKS["wsgi-gunicorn-sync"], SCENARIOS["slow-body"], 1, short)
    paid = CostPlan(STACKS["wsgi-gunicorn-sync"], RAW, 1, each_s=0.1)
    broken = dataclasses.replace(paid, stack=_broken())
    plans: list[extras.Extra] = [held, paid, broken]
    grown = [one for _, one in extras.go_on(run([]), tmp_path, plans, guard, no_tell)]
    assert len(grown) == 3
    stored = load_run(tmp_path)
    (freeing,) = stored.freeings
    assert (freeing.slow_clients, freeing.freed_s) == (2, None)
    assert freeing.fates.held == 2
    assert freeing.answered < freeing.attempted / 2
    assert len(stored.costs) == 3
    (failure,) = stored.failures
    assert failure.startswith("broken.raw.1: broken did not start")
    assert extras.missing(plans, stored) == [broken]


def _broken() -> Any:
    argv = ("python", "-c", "raise SystemExit('no')")
    return dataclasses.replace(STACKS["wsgi-gunicorn-sync"], id="broken", argv=argv)


@pytest.mark.parametrize("body", [b"", b"{}", b"[]", b"null", b'{"number": 1.5}'])
def test_costs_take_no_other_document_for_the_right_one(body: bytes) -> None:
    assert not JSON.right(body)
