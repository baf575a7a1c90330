"""What a full run measures beside its cells, on real servers."""

from __future__ import annotations

import dataclasses
import itertools
from pathlib import Path
from typing import Any

import pytest

from loadtests.catalog.profiles import PROFILES
from loadtests.catalog.scenarios import SCENARIOS, slow_clients, usual
from loadtests.catalog.stacks import HTTP1, STACKS
from loadtests.experiments.costs import (
    RAW,
    TWINS,
    CostTask,
    Question,
    cost_of_request,
    measure_costs,
)
from loadtests.experiments.holding import Holding
from loadtests.experiments.order import Order
from loadtests.experiments.run import go_on, method_of
from loadtests.experiments.self_recovery import SelfRecoveryTask
from loadtests.experiments.task import Context, State, Task
from loadtests.records.facts import NOT_MEASURED
from loadtests.records.run import load_run
from loadtests.records.tasks import COST, SELF_RECOVERY
from loadtests.servers.processes import Guard
from loadtests.servers.programs import ProcessError
from tests.conftest import Servers
from tests.runs import run

FULL = PROFILES["full"]


def order(profile: str = "full", *stacks: str) -> Order:
    some = [STACKS[name] for name in stacks] or [*HTTP1.values()]
    return Order(
        PROFILES[profile], some, [SCENARIOS[name] for name in usual()], 1, seed=1
    )


def tasks(profile: str, kind: str) -> list[Any]:
    return [task for task in order(profile).tasks() if task.key.kind == kind]


def context(folder: Path, guard: Guard) -> Context:
    return Context(folder, guard, method_of(FULL), lambda *_: None)


def test_each_stack_that_slow_clients_can_take_out_is_held_at_its_capacity() -> None:
    held: list[SelfRecoveryTask] = tasks("full", SELF_RECOVERY)
    assert {task.key.stack for task in held} == {
        *("wsgi-gunicorn-sync", "wsgi-gunicorn-gthread", "wsgi-uvicorn"),
        *("wsgi-waitress", "wsgi-granian", "wsgi-uwsgi", "asgi-daphne"),
        "wsgi-gunicorn-sync-nginx-unbuffered",
    }
    assert {task.key.what for task in held} == {*slow_clients()}
    for task in held:
        assert not task.holding.comes_back
        assert task.lasts_s > 30  # gunicorn's --timeout
        assert task.key.name.endswith(".at-capacity")


def test_costs_are_of_each_stack_with_each_app_in_shuffled_order() -> None:
    asked: list[CostTask] = tasks("full", COST)
    apps = [(s.id, app) for s in HTTP1.values() for app in (RAW, *TWINS[s.interface])]
    assert sorted((task.stack.id, task.app) for task in asked) == sorted(apps * 3)
    assert [task.repeat for task in asked] != sorted(task.repeat for task in asked)


@pytest.mark.parametrize("profile", ["smoke", "quick"])
def test_own_timeouts_and_costs_are_for_the_full_profile(profile: str) -> None:
    assert tasks(profile, SELF_RECOVERY) == tasks(profile, COST) == []


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
    task = CostTask(STACKS[stack], app, 1, each_s=0.2)
    found = measure_costs(task, guard, tmp_path / "log")
    asked = [(cost.target, cost.kept_alive) for cost in found]
    assert asked == list(itertools.product(("/hello", "/json"), (True, False)))
    for cost in found:
        assert cost.cpu_us_per_request > 0
        assert cost.rss_idle_mb > 10
        assert cost.requests > 10
        assert cost.busy_percent
        assert cost.task == task.key


@pytest.mark.parametrize("kept_alive", [True, False])
def test_costs_of_wrong_answers_are_an_error(
    servers: Servers, kept_alive: bool
) -> None:
    other = Question("/hello?name=Ada", lambda body: body == b"Hello, world!")
    with pytest.raises(ProcessError, match=r"answer GET /hello\?name=Ada: wrong"):
        cost_of_request(
            servers["asgi-uvicorn"], other, kept_alive=kept_alive, lasts_s=0.1
        )


def test_tasks_are_saved_and_not_measured_again(guard: Guard, tmp_path: Path) -> None:
    sync, body = STACKS["wsgi-gunicorn-sync"], SCENARIOS["slow-body"]
    broken = CostTask(_broken(), RAW, 1, each_s=0.1)
    some: list[Task] = [
        SelfRecoveryTask(Holding(sync, body, FULL, comes_back=False), watch_s=5),
        CostTask(sync, RAW, 1, each_s=0.1),
        broken,
    ]
    folder = tmp_path / "reports" / "a-run"
    grown = [*go_on(run([]), folder, Some(some), guard, lambda *_: None)]
    tried = [task for task, _ in grown]
    assert tried[:3] == some
    assert tried.count(broken) == 2
    stored = load_run(tmp_path / "reports" / "latest")
    (freed,) = stored.self_recoveries
    assert (freed.slow_clients, freed.freed_s) == (2, None)
    assert freed.fates.held == 2
    assert freed.answered < freed.attempted / 2
    assert len(stored.costs) == 4
    (failure,) = stored.failures
    assert failure.task == broken.key
    assert failure.reason.kind == NOT_MEASURED
    assert failure.reason.words.startswith("broken did not start")
    states = [task.state(stored, folder) for task in some]
    assert states[1:] == [State.DONE, State.VOID]
    halved = dataclasses.replace(stored, costs=[])
    again = [*go_on(halved, folder, Some(some), guard, lambda *_: None)]
    assert some[0] not in [task for task, _ in again]
    assert again[-1][1].self_recoveries == stored.self_recoveries
    assert len(again[-1][1].costs) == len(stored.costs)


class Some(Order):
    """An order of these tasks alone."""

    def __init__(self, some: list[Any]) -> None:
        super().__init__(FULL, [], [], 1, seed=1)
        object.__setattr__(self, "some", some)

    def tasks(self) -> list[Any]:
        return list(vars(self)["some"])


def _broken() -> Any:
    argv = ("python", "-c", "raise SystemExit('no')")
    return dataclasses.replace(STACKS["wsgi-gunicorn-sync"], id="broken", argv=argv)
