"""Stacks, scenarios and profiles are found by their ids, and a wrong id is an error."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from loadtests.catalog import profiles, scenarios, stacks
from loadtests.catalog.profiles import PROFILES
from loadtests.catalog.scenarios import SCENARIOS, ScenarioError
from loadtests.catalog.stacks import HTTP1, HTTP2, STACKS, Stack, StackError
from tests.catalog.one_line import assert_one_line

ALL_STACKS = pytest.mark.parametrize("stack", STACKS.values(), ids=list(STACKS))
MEASURED = pytest.mark.parametrize("stack", HTTP1.values(), ids=list(HTTP1))


@ALL_STACKS
def test_stack_is_found_by_its_id(stack: Stack) -> None:
    assert stacks.find(stack.id) is stack


@pytest.mark.parametrize("stack_id", ["", "wsgi", "WSGI-UVICORN", "wsgi-flask"])
def test_unknown_stack_is_an_error_that_says_how_to_list_them(stack_id: str) -> None:
    with pytest.raises(StackError) as caught:
        stacks.find(stack_id)
    assert_one_line(caught.value, repr(stack_id), "make stacks lists them")


@pytest.mark.parametrize(
    ("interface", "server", "worker", "stack_id"),
    [
        ("wsgi", None, None, "wsgi-gunicorn-sync"),
        ("wsgi", "gunicorn", None, "wsgi-gunicorn-sync"),
        ("wsgi", "gunicorn", "gthread", "wsgi-gunicorn-gthread"),
        ("wsgi", None, "gevent", "wsgi-gunicorn-gevent"),
        ("wsgi", "uvicorn", None, "wsgi-uvicorn"),
        ("asgi", None, None, "asgi-uvicorn"),
        ("asgi", "uvicorn", "h11", "asgi-uvicorn-h11"),
        ("asgi", "gunicorn", None, "asgi-gunicorn"),
        ("asgi", "gunicorn", "uvicorn", "asgi-gunicorn-uvicorn"),
    ],
)
def test_stack_is_chosen_by_server_and_worker_class(
    interface: str, server: str | None, worker: str | None, stack_id: str
) -> None:
    assert stacks.choose(interface, server, worker).id == stack_id


@MEASURED
def test_stack_with_nothing_in_front_can_be_chosen(stack: Stack) -> None:
    chosen = stacks.choose(stack.interface, stack.server, stack.worker)
    assert (chosen is stack) == (stack.front is None)
    assert chosen.front is None


@pytest.mark.parametrize(
    ("interface", "server", "worker", "wrong"),
    [
        ("wsgi", "cheroot", None, "no wsgi server 'cheroot': "),
        ("wsgi", None, "httptools", "no wsgi worker class 'httptools': "),
        ("wsgi", "uvicorn", "sync", "wsgi with SERVER=uvicorn WORKER=sync: "),
        ("asgi", "gunicorn", "sync", "no asgi worker class 'sync': "),
    ],
)
def test_choice_of_nothing_is_an_error_that_names_the_choices(
    interface: str, server: str | None, worker: str | None, wrong: str
) -> None:
    with pytest.raises(StackError) as caught:
        stacks.choose(interface, server, worker)
    there_are = [
        f"SERVER={stack.server} WORKER={stack.worker}"
        for stack in HTTP1.values()
        if stack.interface == interface
    ]
    assert_one_line(caught.value, wrong, *there_are)


@pytest.mark.parametrize("find", [scenarios.scenario, profiles.profile])
@pytest.mark.parametrize("name", ["", "slow", "FULL"])
def test_unknown_scenario_or_profile_is_an_error_that_names_them(
    find: Callable[[str], object], name: str
) -> None:
    known = SCENARIOS if find is scenarios.scenario else PROFILES
    with pytest.raises(ScenarioError) as caught:
        find(name)
    assert_one_line(caught.value, repr(name), ", ".join(known))


@MEASURED
def test_stack_that_speaks_http1_is_measurable(stack: Stack) -> None:
    assert stacks.find_measurable(stack.id) is stack


@pytest.mark.parametrize("stack_id", [*HTTP2])
def test_stack_that_speaks_http2_is_not_measurable(stack_id: str) -> None:
    with pytest.raises(StackError) as caught:
        stacks.find_measurable(stack_id)
    words = ("cannot be measured", "HTTP/1.1", f"make serve STACK={stack_id}")
    assert_one_line(caught.value, stack_id, *words)


def test_scenarios_and_profiles_are_found_by_their_ids() -> None:
    assert [scenarios.scenario(name) for name in SCENARIOS] == [*SCENARIOS.values()]
    assert [profiles.profile(name) for name in PROFILES] == [*PROFILES.values()]
    for table in (SCENARIOS, PROFILES):
        assert [*table] == [entry.id for entry in table.values()]
