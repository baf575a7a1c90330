"""The Locust files as a user of Locust runs them: users and ramp are the user's."""

from __future__ import annotations

import contextlib
import csv
import json
import urllib.parse
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from loadtests import ROOT
from loadtests.catalog.stacks import HOST
from loadtests.servers.listening import listeners, listening
from loadtests.servers.processes import Guard, started, wait_until
from loadtests.servers.server import free_port
from tests.conftest import Servers

USERS = ("--users", "3", "--spawn-rate", "3", "--run-time", "12s")
# What Locust is run with, and whether somebody answers.
RUNS: dict[str, tuple[bool, tuple[str, ...]]] = {
    "default": (True, ("slow_clients.py", *USERS)),
    "option": (True, ("slow_clients.py", "--scenario", "idle", *USERS)),
    "classes": (True, ("slow_clients.py", *USERS, "SlowHeaders", "SlowRead")),
    "refused": (False, ("slow_clients.py", *USERS)),
    "probe": (True, ("probe.py", "--rate", "20", *USERS)),
    "probe-refused": (False, ("probe.py", "--rate", "20", *USERS)),
}
Statistics = dict[tuple[str, str], dict[str, str]]


def locust(file: str, *options: str) -> list[str]:
    return ["python", "-m", "locust", "-f", f"loadtests/clients/{file}", *options]


@pytest.fixture(scope="module")
def statistics(
    servers: Servers, guard: Guard, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, Statistics]:
    """Locust's own figures of all RUNS, by type and name; they run at the same time."""
    folder = tmp_path_factory.mktemp("plain")
    nobody, somebody = f"http://{HOST}:{free_port()}", servers["asgi-uvicorn"].url
    with contextlib.ExitStack() as stack:
        groups = []
        for name, (answered, (file, *options)) in RUNS.items():
            where = ("--host", somebody if answered else nobody)
            argv = locust(file, "--headless", *where, "--csv", str(folder / name))
            log = folder / f"{name}.log"
            group = started(guard, [*argv, *options], log, cwd=ROOT)
            groups.append(stack.enter_context(group))
        assert wait_until(lambda: all(group.exited for group in groups), 60)
    return {name: read(folder / f"{name}_stats.csv") for name in RUNS}


def read(path: Path) -> Statistics:
    with path.open(newline="") as lines:
        rows = list(csv.DictReader(lines))
    return {(row["Type"], row["Name"]): row for row in rows if row["Type"]}


def requests(row: dict[str, str]) -> tuple[int, int]:
    """How many, and how many of them failed."""
    return int(row["Request Count"]), int(row["Failure Count"])


@pytest.mark.parametrize(
    ("name", "scenarios"),
    [
        ("default", {"slow-body"}),
        ("option", {"idle"}),
        ("classes", {"slow-headers", "slow-read"}),
    ],
)
def test_users_are_slow_clients_of_what_was_chosen(
    statistics: dict[str, Statistics], name: str, scenarios: set[str]
) -> None:
    found = statistics[name]
    assert {scenario for scenario, _ in found} == scenarios
    connected = [requests(row) for (_, what), row in found.items() if what[0] == "c"]
    assert sum(count for count, _ in connected) == 3


def test_clients_that_are_held_show_while_they_are(
    statistics: dict[str, Statistics],
) -> None:
    """Three of them once a second, and once more when they are told to leave."""
    count, failed = requests(statistics["default"]["slow-body", "held"])
    assert count > 2 * 3
    assert not failed


def test_refused_slow_clients_are_failures(statistics: dict[str, Statistics]) -> None:
    assert statistics["refused"].keys() == {("slow-body", "refused")}
    count, failed = requests(statistics["refused"]["slow-body", "refused"])
    assert count == failed >= 3


def test_each_user_of_the_probe_is_a_stream_of_requests(
    statistics: dict[str, Statistics],
) -> None:
    count, failed = requests(statistics["probe"]["GET", "/hello"])
    assert 3 * 20 < count <= 3 * 20 * 13
    assert not failed
    count, failed = requests(statistics["probe-refused"]["GET", "/hello"])
    assert count == failed > 3 * 20


def fetch(url: str, **form: str) -> Any:
    data = urllib.parse.urlencode(form).encode() if form else None
    with urllib.request.urlopen(url, data, timeout=10) as answer:
        return json.load(answer)


@pytest.fixture
def page(servers: Servers, guard: Guard, tmp_path: Path) -> Iterator[str]:
    """Locust's web page, for slow clients."""
    port = free_port()
    where = ("--host", servers["asgi-uvicorn"].url, "--web-port", str(port))
    argv = locust("slow_clients.py", *where)
    with started(guard, argv, tmp_path / "log", cwd=ROOT) as group:
        assert wait_until(lambda: bool(listening(port)) or group.exited, 20)
        yield f"http://{HOST}:{port}"


def test_page_takes_users_and_scenario_and_shows_them_held(page: str) -> None:
    with urllib.request.urlopen(page, timeout=10) as answer:
        text = answer.read().decode()
    assert '"hide_common_options": null' in text  # no shape takes over
    swarm = {"user_count": "4", "spawn_rate": "4", "scenario": "slow-read"}
    assert fetch(f"{page}/swarm", **swarm)["success"]
    shown: dict[str, Any] = {}

    def held() -> bool:
        shown.update(fetch(f"{page}/stats/requests"))
        rows = {(row["method"], row["name"]) for row in shown["stats"]}
        return ("slow-read", "held") in rows and shown["user_count"] == 4

    assert wait_until(held, 15), shown
    assert shown["fail_ratio"] == 0


@pytest.mark.parametrize("file", ["probe.py", "slow_clients.py"])
def test_locust_page_is_bound_to_loopback(
    guard: Guard, tmp_path: Path, file: str
) -> None:
    port = free_port()
    argv = locust(file, "--host", f"http://{HOST}:9", "--web-port", str(port))
    with started(guard, argv, tmp_path / "log", cwd=ROOT) as group:
        assert wait_until(lambda: bool(listening(port)) or group.exited, 20)
        addresses = {address for address, _ in listeners(port)}
        assert addresses == {HOST}, group.last_words()
