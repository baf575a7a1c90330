"""Real servers for the tests: one of each stack, started once, all ended at the end."""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import pytest
from _pytest.mark import ParameterSet
from hypothesis import HealthCheck, settings
from xdist.remote import Producer
from xdist.scheduler import LoadFileScheduling

from loadtests.catalog.stacks import HTTP1, STACKS, Stack
from loadtests.experiments.lock import ANOTHER_FILE
from loadtests.servers.processes import Guard, guarded
from loadtests.servers.programs import lacks
from loadtests.servers.server import Server, running

# The machine is shared, by these tests among others: how slow it is proves nothing.
settings.register_profile(
    "shared", deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("shared")

# Each worker of pytest measures beside the others: a lock of its own for each.
os.environ[ANOTHER_FILE] = f"{tempfile.gettempdir()}/slowbench-test-{os.getpid()}.lock"


def pytest_unconfigure() -> None:
    Path(os.environ[ANOTHER_FILE]).unlink(missing_ok=True)


# Their tests ask every server: one worker of pytest has them all, and starts each once.
ASK_EVERY_SERVER = frozenset(
    f"tests/{name}"
    for name in (
        *("catalog/test_contract_on_servers.py", "apps/test_beyond_on_servers.py"),
        *("apps/test_trace_on_servers.py", "apps/test_background_on_servers.py"),
    )
)


class Scheduling(LoadFileScheduling):  # type: ignore[misc]  # xdist has no types
    """A file is for one worker, and so are the files that ask every server."""

    def _split_scope(self, nodeid: str) -> str:
        file: str = super()._split_scope(nodeid)
        return "every server" if file in ASK_EVERY_SERVER else file


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> Scheduling:
    return Scheduling(config, log)


# The files that take longest, longest first. Begun last, one of them would run alone.
LONG = (
    *("torture/test_signals.py", "torture/test_bad_servers.py"),
    *("torture/test_places.py", "torture/test_fleet.py"),
    "torture/test_slow_link.py",
    *("experiments/test_rate.py", "experiments/test_stepping.py"),
    *("catalog/test_contract_on_servers.py", "experiments/test_doctor.py"),
    *("experiments/test_run.py", "experiments/test_your_app.py"),
    *("clients/test_slow_clients.py", "servers/test_server.py"),
    *("experiments/test_validation.py", "commands/test_bench.py"),
    *("servers/test_limits.py", "experiments/test_claims.py"),
    *("experiments/test_tasks.py", "experiments/test_varied.py"),
    *("experiments/test_own_server.py", "commands/test_make.py"),
    *("experiments/test_generator_health.py", "clients/test_plain_locust.py"),
    *("catalog/test_known_faults.py", "catalog/test_additions.py"),
    "apps/test_walkthrough.py",
    *("clients/test_steering.py", "experiments/test_surroundings.py"),
    *("servers/test_neighbours.py", "experiments/test_broken_servers.py"),
    *("clients/test_driver.py", "servers/test_processes.py", "report/test_browser.py"),
    *("servers/test_listening.py", "commands/test_gate.py"),
    *("experiments/test_claims_that_wait.py", "experiments/test_phases.py"),
    *("experiments/test_remote.py", "test_no_sentence_is_read.py"),
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Long files first; `make test` keeps that order (--no-loadscope-reorder)."""
    tests = Path(__file__).parent
    order = {tests / name: place for place, name in enumerate(LONG)}
    items.sort(key=lambda item: order.get(item.path, len(LONG)))


@pytest.fixture(scope="session")
def guard() -> Iterator[Guard]:
    with guarded() as guard:
        yield guard


class Servers:
    """The stacks that are running, started when first asked for."""

    def __init__(
        self,
        guard: Guard,
        logs: Path,
        stack_of: Callable[[str], Stack] = STACKS.__getitem__,
    ) -> None:
        self._guard = guard
        self._logs = logs
        self._stack_of = stack_of
        self._running: dict[str, Server] = {}
        self._stack = contextlib.ExitStack()

    def __getitem__(self, stack_id: str) -> Server:
        if stack_id not in self._running:
            log = self._logs / f"{stack_id}.log"
            server = running(self._stack_of(stack_id), self._guard, log)
            self._running[stack_id] = self._stack.enter_context(server)
        return self._running[stack_id]

    def close(self) -> None:
        self._stack.close()


@pytest.fixture(scope="session")
def servers(
    guard: Guard, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Servers]:
    servers = Servers(guard, tmp_path_factory.mktemp("servers"))
    try:
        yield servers
    finally:
        servers.close()


def needs(stack_id: str) -> pytest.MarkDecorator:
    """Skips where a program of the stack is missing, and says which."""
    why = lacks(STACKS[stack_id])
    return pytest.mark.skipif(bool(why), reason=why or "nothing is missing")


def runnable(stack_ids: Iterable[str]) -> list[ParameterSet]:
    return [pytest.param(name, marks=needs(name)) for name in stack_ids]


# What stands in front changes none of the rest.
UNFRONTED = [stack.id for stack in HTTP1.values() if stack.front is None]


@pytest.fixture(params=UNFRONTED)
def server(request: pytest.FixtureRequest, servers: Servers) -> Iterator[Server]:
    """A server of each HTTP/1.1 stack with nothing in front, that logs no error."""
    yield from without_errors(servers[request.param])


def without_errors(server: Server) -> Iterator[Server]:
    """The server, for a test at whose end there is no error in its log."""
    yield server
    log = server.group.said()
    assert "Traceback" not in log
    assert "ERROR" not in log
