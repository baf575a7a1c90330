"""Which change lets a stack hold enough, by its own predictions."""

from __future__ import annotations

import shlex

import pytest

from loadtests.catalog import stacks
from loadtests.catalog.remedies import (
    Remedy,
    holds,
    in_command,
    more_workers,
    remedies,
)
from loadtests.catalog.stacks import Option, Supply

NEED = 100


def options(found: list[Remedy]) -> list[str]:
    return [" ".join(f"--{one}" for one in remedy.options) for remedy in found]


@pytest.mark.parametrize(
    ("stack_id", "supply", "first"),
    [
        ("wsgi-gunicorn-gthread", Supply.THREADS, "--threads=128"),
        ("wsgi-granian", Supply.THREADS, "--blocking-threads=64"),
        ("wsgi-waitress@connection-limit=999", Supply.THREADS, "--threads=128"),
        (
            "asgi-uvicorn@limit-concurrency=16",
            Supply.WORKER_CONNECTIONS,
            "--limit-concurrency=128",
        ),
        (
            "wsgi-gunicorn-gevent@worker-connections=20",
            Supply.WORKER_CONNECTIONS,
            "--worker-connections=80",
        ),
    ],
)
def test_count_is_doubled_until_enough_are_predicted_to_be_held(
    stack_id: str, supply: Supply, first: str
) -> None:
    found = remedies(stacks.find(stack_id), "slow-read", supply, NEED)
    assert options(found) == [first]
    assert holds(found[0].stack, "slow-read", NEED)


def test_sync_worker_becomes_another_class_with_as_many_threads_as_it_takes() -> None:
    sync = stacks.find("wsgi-gunicorn-sync")
    found = remedies(sync, "slow-body", Supply.WORKERS, NEED)
    assert options(found) == [
        "--worker-class=gthread --threads=128",
        "--worker-class=gevent",
    ]
    assert found[0].stack.id == "wsgi-gunicorn-gthread@threads=128"


def test_class_whose_threads_are_enough_names_them_all_the_same() -> None:
    """A command has threads of its own, or one."""
    sync = stacks.find("wsgi-gunicorn-sync")
    first, *_ = remedies(sync, "slow-body", Supply.WORKERS, need=5)
    assert options([first]) == ["--worker-class=gthread --threads=8"]


def test_class_that_is_not_predicted_to_hold_enough_is_none() -> None:
    sync = stacks.find("wsgi-gunicorn-sync").with_counts(None, None, nofile=32)
    assert remedies(sync, "slow-body", Supply.WORKERS, NEED) == []


def test_limit_of_descriptors_is_raised() -> None:
    loop = stacks.find("asgi-uvicorn").with_counts(None, None, nofile=64)
    [found] = remedies(loop, "slow-body", Supply.DESCRIPTORS, NEED)
    assert (found.nofile, found.options) == (128, ())
    assert found.stack.nofile == 128


def test_descriptors_are_not_raised_where_threads_are_too_few() -> None:
    threaded = stacks.find("wsgi-gunicorn-gthread")
    assert remedies(threaded, "slow-body", Supply.DESCRIPTORS, NEED) == []


def test_cause_without_an_option_has_no_remedy() -> None:
    uvicorn = stacks.find("asgi-uvicorn")
    for cause in (Supply.EVENT_LOOPS, "pool"):
        assert remedies(uvicorn, "handler-wait", cause, NEED) == []
    assert remedies(uvicorn, "slow-body", Supply.THREADS, NEED) == []


def test_threads_are_not_raised_where_descriptors_are_too_few() -> None:
    few = stacks.find("wsgi-gunicorn-gthread").with_counts(None, None, nofile=32)
    assert remedies(few, "slow-body", Supply.THREADS, NEED) == []


def test_counts_that_were_set_stay_with_another_option() -> None:
    one = stacks.find("asgi-uvicorn@limit-concurrency=16").with_counts(3, None)
    [found] = remedies(one, "slow-body", Supply.WORKER_CONNECTIONS, NEED)
    assert found.stack.workers == 3
    assert found.stack.id == "asgi-uvicorn@limit-concurrency=128"


def test_workers_are_as_many_as_may_do_then_twice_as_many() -> None:
    uvicorn = stacks.find("asgi-uvicorn")
    assert options(more_workers(uvicorn, 40, NEED)) == ["--workers=4", "--workers=8"]
    assert more_workers(uvicorn, 5, NEED) == []
    assert more_workers(uvicorn, 400, NEED) == []
    assert more_workers(stacks.find("wsgi-waitress"), 40, NEED) == []


def test_nothing_is_held_for_sure_by_what_nobody_knows() -> None:
    assert not holds(stacks.find("asgi-uvicorn@loop=asyncio"), "idle", 1)


@pytest.mark.parametrize(
    ("before", "place", "after"),
    [
        (
            "gunicorn -w 2 --threads 1 -k gthread a:b",
            0,
            "gunicorn --worker-class=gevent --threads=64 -w 2 a:b",
        ),
        (
            "python -m gunicorn -kgthread --threads=1 a:b --worker-class sync",
            2,
            "python -m gunicorn --worker-class=gevent --threads=64 a:b",
        ),
    ],
)
def test_option_of_a_command_replaces_the_same_one(
    before: str, place: int, after: str
) -> None:
    added = [Option("worker-class", "gevent"), Option("threads", "64")]
    assert shlex.join(in_command(shlex.split(before), place, added)) == after
