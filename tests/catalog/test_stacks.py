"""The stacks: a table that other things rely on."""

from __future__ import annotations

import re
from importlib.metadata import version

import pytest

from loadtests.catalog import stacks
from loadtests.catalog.scenarios import SCENARIOS
from loadtests.catalog.stacks import HTTP1, HTTP2, STACKS, Stack, StackError
from tests.catalog.one_line import assert_one_line

ALL_STACKS = pytest.mark.parametrize("stack", STACKS.values(), ids=list(STACKS))
MEASURED = pytest.mark.parametrize("stack", HTTP1.values(), ids=list(HTTP1))
UNTHREADED = [stack for stack in STACKS.values() if stack.threads is None]
UNCONNECTED = [s for s in STACKS.values() if s.worker_connections is None]


# Stacks


@ALL_STACKS
def test_stack_id_says_interface_and_server(stack: Stack) -> None:
    assert STACKS[stack.id] is stack
    assert stack.interface in ("wsgi", "asgi")
    start = re.escape(f"{stack.interface}-{stack.server}")
    assert re.fullmatch(rf"{start}(-[a-z0-9]+)?(-h2|-nginx(-unbuffered)?)?", stack.id)
    assert stack.id.endswith("-h2") == stack.http2
    assert ("-nginx" in stack.id) == (stack.front is not None)


def test_stack_table_has_no_id_twice() -> None:
    assert len(STACKS) == len({stack.id for stack in STACKS.values()})
    assert {**HTTP1, **HTTP2} == STACKS


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
    bound = r"--(?:bind|host|http-socket)[ =]127\.0\.0\.1(?::| --port[ =])8123\b"
    assert re.search(bound, command)
    assert re.findall(r"\d+\.\d+\.\d+\.\d+", command) == ["127.0.0.1"]
    assert len(re.findall(r"--(?:bind|host|http-socket|uds|fd)\b", command)) == 1


@ALL_STACKS
def test_stack_command_is_filled_in(stack: Stack) -> None:
    assert not re.search(r"[{}]", " ".join(stack.command(port=8000)))


@ALL_STACKS
def test_stack_command_has_the_counts(stack: Stack) -> None:
    threads = stack.threads and 34
    command = " ".join(stack.with_counts(12, threads).command(port=8000))
    workers = re.search(r"--(?:workers|processes) 12\b", command)
    assert bool(workers) != stack.one_process
    in_each = 12 * 34 if stack.one_process else 34
    counted = re.search(rf"(?:threads[ =]|THREADS=){in_each}\b", command)
    assert bool(counted) == bool(threads)


@ALL_STACKS
def test_stack_writes_no_access_log(stack: Stack) -> None:
    """The others write none unless told to."""
    command = " ".join(stack.command(port=8000))
    told = {"uvicorn": "--no-access-log", "uwsgi": "--disable-logging"}
    assert told.get(stack.server, "") in command
    assert ("-v 0" in command) == (stack.server == "daphne")
    assert "--access-log" not in command


@ALL_STACKS
def test_stack_counts_are_equal_everywhere(stack: Stack) -> None:
    in_one = [(1, None), (1, 16)]
    counts = in_one if stack.one_process else [(2, None), (2, 8)]
    assert (stack.workers, stack.threads) in counts


def test_one_process_has_the_threads_of_all_workers() -> None:
    stack = STACKS["wsgi-waitress"]
    for workers, threads, total in ((3, None, 24), (None, 5, 10), (3, 5, 15)):
        counted = stack.with_counts(workers, threads)
        assert (counted.workers, counted.threads) == (1, total)
    assert STACKS["asgi-daphne"].with_counts(4, None).workers == 1


# Counts


@ALL_STACKS
def test_counts_that_are_not_given_stay(stack: Stack) -> None:
    assert stack.with_counts(None, None) == stack


@pytest.mark.parametrize("stack", UNTHREADED, ids=lambda stack: stack.id)
def test_threads_for_a_stack_without_any_are_an_error(stack: Stack) -> None:
    with pytest.raises(StackError) as caught:
        stack.with_counts(None, 8)
    assert_one_line(caught.value, stack.id, "THREADS=")


@pytest.mark.parametrize("stack", UNCONNECTED, ids=lambda stack: stack.id)
def test_worker_connections_for_a_stack_without_any_are_an_error(stack: Stack) -> None:
    with pytest.raises(StackError) as caught:
        stack.with_counts(None, None, worker_connections=8)
    assert_one_line(caught.value, stack.id, "worker_connections")


@MEASURED
def test_descriptors_that_no_client_could_have_are_an_error(stack: Stack) -> None:
    least = stack.idle_descriptors + 1
    assert stack.with_counts(None, None, nofile=least).nofile == least
    with pytest.raises(StackError) as caught:
        stack.with_counts(None, None, nofile=least - 1)
    assert_one_line(caught.value, stack.id, f"needs {least} descriptors")


@MEASURED
def test_command_has_the_worker_connections_where_they_are_obeyed(stack: Stack) -> None:
    command = " ".join(stack.command(port=8000))
    option = f"--{stack.connections.replace('_', '-')}"
    limited = re.search(rf"{option}[ =](\d+)\b", command)
    assert bool(limited) == (stack.worker_connections is not None)
    assert not limited or (
        int(limited[1]) - stack.own_connections == stack.worker_connections
    )


@pytest.mark.parametrize("stack_id", ["wsgi-gunicorn-gthread", "wsgi-gunicorn-gevent"])
def test_command_names_a_keepalive_that_is_not_the_default(stack_id: str) -> None:
    stack = STACKS[stack_id]
    assert "--keep-alive" not in stack.command(port=8000)
    assert stack.with_counts(None, None, keepalive_s=2) == stack
    words = stack.with_counts(None, None, keepalive_s=7).command(port=8000)
    assert words[-3:] == ["--keep-alive", "7", stack.app]


@pytest.mark.parametrize("stack_id", ["wsgi-gunicorn-sync", "asgi-uvicorn"])
def test_keepalive_that_no_prediction_follows_is_an_error(stack_id: str) -> None:
    with pytest.raises(StackError) as caught:
        STACKS[stack_id].with_counts(None, None, keepalive_s=7)
    assert_one_line(caught.value, stack_id, "keepalive")


@MEASURED
def test_only_asgi_serves_websockets(stack: Stack) -> None:
    served = [name for name in SCENARIOS if stack.serves(name)]
    is_asgi = stack.interface == "asgi"
    assert is_asgi == ("ws-idle" in served) == ("ws-slow-read" in served)
    assert "sse" in served
