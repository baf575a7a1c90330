"""Stacks with other options: the id says which, and the predictions follow."""

from __future__ import annotations

import pytest

from loadtests.catalog import stacks
from loadtests.catalog.scenarios import SCENARIOS
from loadtests.catalog.stacks import HTTP1, Stack, StackError
from loadtests.catalog.stacks.limits import NONE_FOR_SURE
from loadtests.catalog.stacks.options import of_command_line, with_options
from loadtests.experiments.holding import predicted
from tests.catalog.one_line import assert_one_line

GTHREAD, UVICORN = "wsgi-gunicorn-gthread", "asgi-uvicorn"
WAITRESS = "wsgi-waitress"


def given(stack_id: str, text: str) -> Stack:
    return with_options(stacks.find(stack_id), of_command_line(text))


@pytest.mark.parametrize(
    ("stack", "text", "stack_id", "word"),
    [
        (UVICORN, "--limit-concurrency 9", "limit-concurrency=9", "=9"),
        (UVICORN, "limit-concurrency=9", "limit-concurrency=9", "=9"),
        (UVICORN, "--backlog=5 --no-server-header", "backlog=5+no-server-header", "=5"),
        (UVICORN, "--loop asyncio", "loop=asyncio", "asyncio"),
        (GTHREAD, "--threads 3", "threads=3", "3"),
        (GTHREAD, "--keep-alive 7", "keep-alive=7", "7"),
        (WAITRESS, "--connection-limit=50", "connection-limit=50", "=50"),
        ("wsgi-uwsgi", "--processes 3", "processes=3", "3"),
        ("asgi-granian", "--backpressure 64", "backpressure=64", "64"),
    ],
)
def test_id_says_the_options_and_gives_them_back(
    stack: str, text: str, stack_id: str, word: str
) -> None:
    found = given(stack, text)
    assert found.id == f"{stack}@{stack_id}"
    assert found == stacks.find(found.id) == HTTP1[found.id]
    assert found.base == stack
    first = stack_id.split("+")[0].split("=")[0]
    command = found.command(8000)
    [place] = [n for n, one in enumerate(command) if one.split("=")[0] == f"--{first}"]
    assert (
        "".join(command[place : place + 2]).removeprefix(f"--{first}").startswith(word)
    )
    assert command[-1] == stacks.find(stack).command(8000)[-1]


def test_stack_with_options_is_not_listed() -> None:
    assert not any("@" in name for name in [*stacks.STACKS, *HTTP1])
    assert f"{UVICORN}@limit-concurrency=9" in HTTP1
    assert f"{UVICORN}@limit-concurrency=none" not in HTTP1


@pytest.mark.parametrize(
    ("stack_id", "counts"),
    [
        (f"{GTHREAD}@threads=16", (2, 16, 1000)),
        (f"{GTHREAD}@workers=4", (4, 8, 1000)),
        (f"{GTHREAD}@worker-connections=50+threads=3", (2, 3, 50)),
        (f"{WAITRESS}@threads=4", (1, 4, 98)),
        (f"{WAITRESS}@connection-limit=50", (1, 16, 48)),
        ("wsgi-uvicorn@threads=3", (2, 3, None)),
        ("wsgi-granian@blocking-threads=3", (2, 3, 512)),
    ],
)
def test_option_that_sets_a_count_sets_that_count(
    stack_id: str, counts: tuple[int, int, int | None]
) -> None:
    found = stacks.find(stack_id)
    assert (found.workers, found.threads, found.worker_connections) == counts
    assert not found.unmodelled


def test_predictions_follow_from_a_count() -> None:
    plain, more = stacks.find(GTHREAD), stacks.find(f"{GTHREAD}@threads=32")
    assert plain.predicted_out_at("slow-body") == 16
    assert more.predicted_out_at("slow-body") == 64
    asked_for = plain.with_counts(None, 32)
    assert more.predicted_out_by("idle") == asked_for.predicted_out_by("idle")


@pytest.mark.parametrize("stack_id", [UVICORN, "asgi-uvicorn-h11", "wsgi-uvicorn"])
@pytest.mark.parametrize("scenario", ["idle", "slow-headers"])
def test_limit_concurrency_counts_every_connection(
    stack_id: str, scenario: str
) -> None:
    found = stacks.find(f"{stack_id}@limit-concurrency=100")
    low, high = found.predicted_degrades_at(scenario), found.predicted_out_by(scenario)
    assert low is not None
    assert high is not None
    assert 99 <= low <= 198 <= high < 2 * 198
    assert found.predicted_out_at(scenario) == 198
    assert found.connections == "limit_concurrency"
    assert "answered 503" in found.predicted_because(scenario)


def test_limit_that_is_never_reached_changes_nothing() -> None:
    plain, high = stacks.find(UVICORN), stacks.find(f"{UVICORN}@limit-concurrency=9000")
    assert high.predicted_out_at("idle") == plain.predicted_out_at("idle")


def test_blocked_loop_is_out_before_any_limit() -> None:
    found = stacks.find(f"{UVICORN}@limit-concurrency=100")
    assert found.predicted_out_at("loop-block") == 2


def test_nothing_is_predicted_with_an_option_of_unknown_effect() -> None:
    found = given(UVICORN, "--loop asyncio --backlog 5")
    assert found.unmodelled == "--loop"
    assert predicted(found, SCENARIOS["idle"]).unpredicted
    assert not predicted(given(UVICORN, "--backlog 5"), SCENARIOS["idle"]).unpredicted


@pytest.mark.parametrize("scenario", ["idle", "slow-headers"])
def test_short_queue_that_moves_on_lets_some_through_however_many_come(
    scenario: str,
) -> None:
    """hypercorn frees 2,026 places every 5 s, and 100 may wait for one."""
    short, long = (given("asgi-hypercorn", f"--backlog {n}") for n in (100, 2048))
    assert short.predicted_out_at(scenario) == long.predicted_out_at(scenario) == 1898
    assert short.predicted_out_by(scenario) == NONE_FOR_SURE
    assert short.predicted_degrades_by(scenario) == 2633
    assert long.predicted_out_by(scenario) == 2735
    assert "--backlog 100" in stacks.find("asgi-hypercorn").predicted_because(scenario)


@pytest.mark.parametrize("worker", ["asgi-gunicorn", "asgi-gunicorn-uvicorn"])
def test_option_that_is_not_obeyed_changes_no_prediction(worker: str) -> None:
    found = given(worker, "--worker-connections 10")
    assert found.predicted_out_at("idle") == stacks.find(worker).predicted_out_at(
        "idle"
    )
    assert not found.unmodelled


@pytest.mark.parametrize(
    ("stack", "text", "says"),
    [
        (UVICORN, "--port 9", "--port is chosen anew for every start: leave it out"),
        (GTHREAD, "--threads many", "threads=many: its value is a whole number"),
        (UVICORN, "--threads 3", "asgi-uvicorn has no threads to set"),
        (WAITRESS, "--workers 3", "wsgi-waitress is one process: it has no workers"),
        (WAITRESS, "--connection-limit 2", "wsgi-waitress needs more than 2"),
        (UVICORN, "--limit-concurrency 1", "refuses every request"),
        (UVICORN, "-w 3", "-w=3: an option is --name, or --name and a value"),
        (UVICORN, "--app-dir '../x'", "an option is --name, or --name and a value"),
        (UVICORN, "--x '", "No closing quotation"),
        (UVICORN, "--backlog 5 --backlog 6", "asgi-uvicorn has backlog twice"),
        (GTHREAD, "--workers 0", "workers=0: wsgi-gunicorn-gthread needs more than 0"),
    ],
)
def test_option_that_cannot_be_is_one_line(stack: str, text: str, says: str) -> None:
    with pytest.raises(StackError) as raised:
        given(stack, text)
    assert says in str(raised.value)
    assert_one_line(raised.value)


@pytest.mark.parametrize(
    ("stack_id", "says"),
    [
        (f"{UVICORN}@", "names no option: asgi-uvicorn@<option>=<value>"),
        ("asgi-uvicrn@threads=3", "did you mean asgi-uvicorn?"),
        (f"{GTHREAD}@threads=x/y", "an option is --name, or --name and a value"),
    ],
)
def test_id_that_cannot_be_is_one_line(stack_id: str, says: str) -> None:
    with pytest.raises(StackError, match=says.replace("?", r"\?")) as raised:
        stacks.find(stack_id)
    assert_one_line(raised.value)
