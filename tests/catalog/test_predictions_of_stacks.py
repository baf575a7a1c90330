"""What every stack predicts: a number in every scenario, from counts and a source."""

from __future__ import annotations

import dataclasses
import math
import re

import pytest

from loadtests.catalog.phases import Phase
from loadtests.catalog.scenarios import SCENARIOS
from loadtests.catalog.stacks import HTTP1, AtLimit, Holds, Limit, Stack, Supply, find
from loadtests.catalog.stacks.limits import NONE_FOR_SURE
from loadtests.catalog.stacks.spread import both_full_by
from tests.catalog.predicted import PREDICTED, RAN_OUT

MEASURED = pytest.mark.parametrize("stack", HTTP1.values(), ids=list(HTTP1))
# Of those that accept for a pool of threads, whether or not one is free.
THREADED = [
    stack
    for stack in HTTP1.values()
    if stack.threads is not None and stack.limit_under("slow-body").takes_on
]
MANY_WORKERS = [stack for stack in HTTP1.values() if not stack.one_process]
EVERYWHERE = pytest.mark.parametrize("scenario", SCENARIOS)
# Each stack and scenario in which a number is predicted.
NUMBERED = pytest.mark.parametrize(
    ("stack", "scenario"),
    [
        pytest.param(stack, name, id=f"{stack.id}-{name}")
        for stack in HTTP1.values()
        for name in SCENARIOS
        if stack.predicted_out_at(name) is not None
    ],
)
SOURCE = re.compile(r"\w+/[\w/]+\.(py|pyi|c|pyx|rs)\b")


def degrades(stack: Stack, scenario: str) -> tuple[int, int]:
    low = stack.predicted_degrades_at(scenario)
    return low or 0, stack.predicted_degrades_by(scenario) or 0


def out(stack: Stack, scenario: str) -> tuple[int, int]:
    return stack.predicted_out_at(scenario) or 0, stack.predicted_out_by(scenario) or 0


@MEASURED
def test_stack_says_what_is_held_and_why_in_every_phase(stack: Stack) -> None:
    assert stack.holds.keys() == set(Phase)
    for holds in stack.holds.values():
        assert holds.what.startswith("a ")
        assert SOURCE.search(holds.because), holds.because
        assert all(len(limit.because.split()) > 8 for limit in holds.limits)


@MEASURED
@EVERYWHERE
def test_prediction_names_its_sources(stack: Stack, scenario: str) -> None:
    assert SOURCE.search(stack.predicted_because(scenario))


@MEASURED
def test_prediction_is_what_the_stack_has_to_lend(stack: Stack) -> None:
    served = [*filter(stack.serves, SCENARIOS)]
    found = {name: stack.predicted_out_at(name) for name in served}
    assert found.pop("slow-link") == found["slow-read"]
    assert (*found.values(),) == PREDICTED[stack.id]
    assert {stack.predicted_ran_out(name) for name in served} == RAN_OUT[stack.id]


@NUMBERED
@pytest.mark.parametrize("workers", [1, 2, 4])
@pytest.mark.parametrize("nofile", [256, 1024, 4096])
def test_every_prediction_is_a_range_that_can_be_wrong(
    stack: Stack, scenario: str, workers: int, nofile: int
) -> None:
    counted = stack.with_counts(workers, None, nofile)
    first, first_by = degrades(counted, scenario)
    last, last_by = out(counted, scenario)
    assert 1 <= first <= first_by <= last_by
    assert first <= last <= last_by
    assert last_by <= 2 * workers * nofile or last_by == NONE_FOR_SURE


@NUMBERED
@pytest.mark.parametrize("nofile", [256, 512])
def test_prediction_follows_the_descriptors(
    stack: Stack, scenario: str, nofile: int
) -> None:
    """Whatever else is scarce, there are no more clients than fit."""
    few = stack.with_counts(None, None, nofile)
    if few.predicted_ran_out(scenario) is Supply.DESCRIPTORS:
        limit = few.limit_under(scenario)
        fit = few.workers * (nofile - stack.idle_descriptors)
        if few.front:
            fit = few.workers * limit.each(few)
        share = stack.held_under(scenario).share
        least = degrades(few, scenario)[0]
        found = few.predicted_out_at(scenario)
        if limit.hashed:
            assert found == pytest.approx(fit, rel=0.02)
        else:
            jammed = max(fit - 300, least)
            assert found in (math.floor(fit / share), math.floor(jammed / share))
        assert least >= 0.49 * fit
    else:
        assert out(few, scenario) == out(stack, scenario)


def test_one_worker_has_no_descriptors_for_siblings() -> None:
    stack = find("asgi-uvicorn").with_counts(1, None, 256)
    assert out(stack, "slow-body") == degrades(stack, "slow-body") == (242, 242)


@pytest.mark.parametrize("stack", MANY_WORKERS, ids=lambda stack: stack.id)
@pytest.mark.parametrize("factor", [2, 5])
def test_prediction_follows_the_workers(stack: Stack, factor: int) -> None:
    more = stack.with_counts(stack.workers * factor, None)
    for scenario in SCENARIOS:
        if stack.held_under(scenario).makes_room:
            continue  # whatever the workers are
        if degrades(stack, scenario) == (1, 1):
            continue  # one blocked loop does harm, however many others there are
        low, high = degrades(stack, scenario)[1], degrades(more, scenario)[1]
        assert high == pytest.approx(factor * low, rel=0.35)
        assert stack.predicted_ran_out(scenario) == more.predicted_ran_out(scenario)


@pytest.mark.parametrize("stack", THREADED, ids=lambda stack: stack.id)
def test_prediction_follows_the_threads(stack: Stack) -> None:
    more = stack.with_counts(3, 5)
    assert (more.workers, more.threads) == (3, 5)
    assert more.predicted_out_at("slow-body") == 10  # two of the three workers
    assert more.with_counts(2, 7).predicted_out_at("slow-body") == 14


@pytest.mark.parametrize("scenario", ["idle", "slow-body"])
def test_prediction_follows_the_worker_connections(scenario: str) -> None:
    few = find("wsgi-gunicorn-gevent").with_counts(3, None, worker_connections=10)
    assert few.predicted_degrades_at(scenario) == 30
    assert few.predicted_ran_out(scenario) == "worker_connections"


def test_more_threads_than_connections_or_descriptors_are_of_no_use() -> None:
    stack = find("wsgi-gunicorn-gthread")
    many = stack.with_counts(1, 2000, 4096)
    assert many.predicted_ran_out("slow-body") == "worker_connections"
    assert out(many, "slow-body") == (1000, 1000)
    assert many.limit_under("slow-body").at_limit is AtLimit.QUEUES
    few = many.with_counts(None, None, 256)
    assert few.predicted_ran_out("slow-body") == "descriptors"
    assert out(few, "slow-body") == (246, 246)
    assert few.limit_under("slow-body").at_limit is AtLimit.BLOCKS


@pytest.mark.parametrize("stack", THREADED, ids=lambda stack: stack.id)
def test_prediction_of_the_first_harm_is_from_one_full_worker_to_no_even_share(
    stack: Stack,
) -> None:
    three = stack.with_counts(3, 5)
    assert degrades(three, "slow-body") == (5, 13)  # 12 can fall 4, 4 and 4
    assert out(three.with_counts(1, 5), "slow-body") == (5, 5)


def test_prediction_for_clients_that_come_by_turns_reaches_beyond_the_supply() -> None:
    """A silent client of gthread holds its thread for 5 s of every 7.5."""
    one = find("wsgi-gunicorn-gthread").with_counts(1, 10)
    assert degrades(one, "idle") == (10, 17)
    assert out(one, "idle") == (15, 17)
    gevent = find("wsgi-gunicorn-gevent")
    assert degrades(gevent, "slow-headers") == (2000, 3500)
    assert out(gevent, "slow-headers") == (2500, 3750)
    assert out(gevent, "slow-body") == (2000, 2000)


def test_handlers_that_end_let_their_clients_come_again() -> None:
    """Measured with 2 workers and 1,024 descriptors: out at 2,530 and 2,537 slow
    handlers, and not yet at 2,410 and 2,417. All hold theirs together at first."""
    for stack_id, fit in (("asgi-uvicorn", 2008), ("asgi-gunicorn", 2014)):
        stack = find(stack_id)
        least, most = out(stack, "handler-wait")
        assert least == out(stack, "slow-body")[0] == fit
        assert most == math.floor(out(stack, "slow-body")[1] * 1.0875) > 2537


def test_wait_of_clients_that_come_by_turns_is_the_deadline_at_the_limit() -> None:
    holds = Holds("a thing", (), "", held_s=4.0, away_s=3.0)
    assert holds.share == pytest.approx(4 / 7)
    supply, clients = 100, 100 * holds.until_late
    assert clients * 4.0 / supply - 7.0 == pytest.approx(1.0)
    assert dataclasses.replace(holds, held_s=math.inf, away_s=0).until_late == 1
    assert holds.until_all_late == pytest.approx(1 + 4.25 / 4)


# How clients spread


@pytest.mark.parametrize("each", [1, 8, 64])
def test_full_worker_takes_clients_that_the_other_could_serve(each: int) -> None:
    latest = both_full_by(each)
    assert 2 * each < latest == both_full_by(each)  # one number, every time
    assert latest / each > both_full_by(4 * each) / (4 * each)  # many even out


def test_one_of_many_workers_may_hear_of_no_client() -> None:
    four = find("wsgi-gunicorn-gthread").with_counts(4, 4)
    assert out(four, "slow-body") == (12, 3 * 1000 + 4)
    few = four.with_counts(None, None, nofile=256)
    assert out(few, "slow-body") == (12, 3 * 246 + 4)
    assert degrades(four, "slow-body") == (4, 13)


def test_full_worker_that_soon_takes_none_does_no_harm() -> None:
    """Measured with 26 worker_connections: one worker had 26 connections, 3 of them in
    threads, and the other answered every healthy request."""
    gthread = find("wsgi-gunicorn-gthread").with_counts(2, 3)
    assert degrades(gthread, "slow-read") == (3, 5)
    few = gthread.with_counts(None, None, worker_connections=26)
    assert degrades(few, "slow-read") == (3, 6)
    loop = find("wsgi-uvicorn").with_counts(2, 3, nofile=256)
    assert degrades(loop, "slow-read") == (3, 5)  # it notices who gives up


def test_clients_that_are_dropped_fill_the_last_places_when_they_come_back() -> None:
    assert out(find("asgi-uvicorn"), "slow-body") == (2008, 2410)
    four = find("asgi-gunicorn").with_counts(4, None, nofile=256)  # 239 in each
    assert out(four, "slow-body") == (3 * 239, 1195)


def test_workers_that_leave_clients_to_the_others_are_full_together() -> None:
    limit = Limit(Supply.WORKERS, lambda _: 3, AtLimit.QUEUES, "")
    stack = find("wsgi-gunicorn-sync").with_counts(4, None)
    assert limit.degrades(stack) == limit.out(stack) == (12, 12)


def test_prediction_follows_the_keepalive() -> None:
    """The later silent clients are closed, the fewer come by turns."""
    gevent = find("wsgi-gunicorn-gevent").with_counts(1, None, worker_connections=100)
    slower = gevent.with_counts(None, None, keepalive_s=4)
    for scenario in ("idle", "slow-headers"):
        assert out(gevent, scenario) == (125, 187)
        assert out(slower, scenario)[1] == 143
        assert "4 s" in slower.predicted_because(scenario)
    assert out(slower, "slow-body") == out(gevent, "slow-body")
    gthread = find("wsgi-gunicorn-gthread").with_counts(1, 10)
    parked = gthread.with_counts(None, None, keepalive_s=5)
    assert out(gthread, "idle")[1] == 17
    assert out(parked, "idle")[1] == 23
