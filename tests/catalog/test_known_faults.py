"""Each known fault is there, in the servers that are installed."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from pathlib import Path

import pytest

from loadtests.catalog.behaviours import ROWS
from loadtests.catalog.faults import FAULTS, Asked, Deviates, Fault, Shows
from loadtests.catalog.stacks import HTTP2, STACKS, Stack
from loadtests.experiments.behaviours.grid import served, tried
from loadtests.records.behaviours import Behaviour
from loadtests.servers.processes import Guard
from tests.conftest import Servers, needs
from tests.mended import installed, mended, of_deviation

TRIES = 3
ASKED = [
    pytest.param(fault, stack_id, id=f"{fault.id}-{stack_id}", marks=needs(stack_id))
    for fault in FAULTS.values()
    if isinstance(fault.found, Asked)
    for stack_id in fault.found.stacks
]
every_fault = pytest.mark.parametrize("fault", FAULTS.values(), ids=list(FAULTS))


@pytest.fixture(scope="module")
def notes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("notes")


@pytest.fixture(scope="module")
def servers(
    guard: Guard, tmp_path_factory: pytest.TempPathFactory, notes: Path
) -> Iterator[Servers]:
    """With the app of the behaviour grid; one worker is enough to show a fault."""

    def stack_of(stack_id: str) -> Stack:
        return served(STACKS[stack_id].with_counts(1, None), notes)

    found = Servers(guard, tmp_path_factory.mktemp("faulty"), stack_of)
    try:
        yield found
    finally:
        found.close()


@pytest.mark.parametrize(("fault", "stack_id"), ASKED)
def test_server_has_the_fault(
    servers: Servers, notes: Path, fault: Fault, stack_id: str
) -> None:
    assert isinstance(fault.found, Asked)
    row, expected = fault.found.row, fault.found.shows[stack_id]
    for _ in range(TRIES):  # a busy machine may be late once
        found = tried(servers[stack_id], notes, row)
        if (shown := shows(found)) == expected:
            return
    pytest.fail(mended(fault, stack_id, f"{shown}, and not {expected}"))


def shows(found: Behaviour) -> Shows:
    return Shows(found.kind, tuple(found.statuses), found.saw, found.after)


def test_faults_and_their_rows_have_names_of_their_own() -> None:
    assert all(name == fault.id for name, fault in FAULTS.items())
    assert len({fault.title for fault in FAULTS.values()}) == len(FAULTS)
    rows = [one.found.row for one in FAULTS.values() if isinstance(one.found, Asked)]
    assert all(ROWS.get(row.id, row) == row for row in rows)


@every_fault
def test_fault_names_packages_and_stacks_that_there_are(fault: Fault) -> None:
    assert {*fault.found.stacks} <= {*STACKS}
    assert "not installed" not in map(installed, fault.versions)


@every_fault
def test_fault_that_is_a_deviation_is_one_of_its_stacks(fault: Fault) -> None:
    """Tests are in test_http2.py, and in apps/test_websocket_ends_on_servers.py."""
    if isinstance(fault.found, Deviates):
        for stack_id in fault.found.stacks:
            known = [one.exchanges for one in STACKS[stack_id].deviations]
            assert any(fault.found.name in names for names in known)
            assert of_deviation(stack_id, fault.found.name) == fault


def test_what_deviates_over_http2_is_a_known_fault() -> None:
    for stack in HTTP2.values():
        for one in stack.deviations:
            found = (of_deviation(stack.id, name) for name in one.exchanges)
            assert any(found), one


def test_fault_that_is_gone_says_what_to_edit() -> None:
    fault = FAULTS["length-and-chunked"]
    same = {name: installed(name) for name in fault.versions}
    said = mended(dataclasses.replace(fault, versions=same), "asgi-hypercorn", "400")
    assert "'length-and-chunked' any more: 400. The versions are the same" in said
    assert "strike asgi-hypercorn from it in loadtests/catalog/faults.py. Then" in said
    older = dataclasses.replace(fault, versions={**same, "h11": "0.1", "gone": "1"})
    said = mended(older, "asgi-hypercorn", "400")
    assert f"h11 0.1 is now {same['h11']}, gone 1 is now not installed." in said
    assert of_deviation("asgi-uvicorn", "nothing") is None
    path = FAULTS["http2-path"]
    said = mended(path, "asgi-gunicorn-h2", "200")
    assert "and 'hello-path-escaped' from the deviations in" in said
