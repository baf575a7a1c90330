"""What was ordered comes back from the record of a run, whatever the profile is now."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from loadtests import UserError
from loadtests.catalog.profiles import PROFILES
from loadtests.catalog.scenarios import SCENARIOS
from loadtests.catalog.stacks import ALL_ADDRESSES, HOST
from loadtests.experiments.order import Order, counted, order_of
from loadtests.experiments.run import begin_run, resume_run
from loadtests.records.json_file import ResultError
from loadtests.records.run import Fleet, load_run
from loadtests.records.tasks import TRACES
from loadtests.servers.room import refuse_few_descriptors
from tests import runs

FULL = PROFILES["full"]


def order(
    workers: int | None = None, threads: int | None = None, nofile: int | None = None
) -> Order:
    names = ["wsgi-gunicorn-gthread", "asgi-uvicorn"]
    stacks = counted(names, workers, threads, nofile)
    idle = [SCENARIOS["idle"]]
    return Order(FULL, stacks, idle, 2, 3, workers, threads, nofile)


@pytest.mark.parametrize(
    "counts", [(None, None, None), (3, None, None), (1, 4, None), (None, None, 200)]
)
def test_stored_run_is_gone_on_with_as_it_was_ordered(
    tmp_path: Path, counts: tuple[int | None, int | None, int | None]
) -> None:
    asked = order(*counts)
    _, folder = begin_run(asked, ["load"], tmp_path)
    stored = load_run(folder)
    assert [*order_of(stored).tasks()] == [*asked.tasks()]
    assert resume_run(folder) == (stored, folder)


@pytest.mark.parametrize("place", ["samples", "logs", "logs/a.probe.log"])
def test_run_is_not_gone_on_with_through_a_link_out_of_its_folder(
    tmp_path: Path, place: str
) -> None:
    _, folder = begin_run(order(), ["load"], tmp_path / "reports")
    elsewhere = tmp_path / "elsewhere"
    (link := folder / place).parent.mkdir(exist_ok=True)
    link.symlink_to(elsewhere)
    with pytest.raises(ResultError) as refused:
        resume_run(folder)
    assert str(refused.value) == f"{link}: a link, which may lead anywhere; remove it"


def test_profile_that_has_changed_since_does_not_matter(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = order()
    run, _ = begin_run(asked, ["load"], tmp_path)
    other = dataclasses.replace(FULL, arrive_per_s=7.0, hold_s=9.0, extras=None)
    monkeypatch.setitem(PROFILES, "full", other)
    assert [*order_of(run).tasks()] == [*asked.tasks()]


@pytest.mark.parametrize("traces", [True, False])
def test_profile_without_extras_comes_back_without_them(
    tmp_path: Path, traces: bool
) -> None:
    profile = dataclasses.replace(FULL, traces=traces, extras=None)
    asked = dataclasses.replace(order(), profile=profile)
    _, folder = begin_run(asked, ["load"], tmp_path)
    found = order_of(load_run(folder))
    assert found.profile == profile
    assert [task.key.kind for task in found.beside()] == [TRACES] * traces


def test_counts_are_for_the_stacks_that_have_them() -> None:
    gthread, uvicorn = counted(["wsgi-gunicorn-gthread", "asgi-uvicorn"], 3, 4)
    assert (gthread.workers, gthread.threads) == (3, 4)
    assert (uvicorn.workers, uvicorn.threads) == (3, None)
    with pytest.raises(UserError, match="no threads to set in asgi-uvicorn"):
        counted(["asgi-uvicorn"], None, 4)


def test_descriptors_are_for_every_stack() -> None:
    stacks = counted(["wsgi-gunicorn-gthread", "asgi-uvicorn"], None, None, 200)
    assert [stack.nofile for stack in stacks] == [200, 200]
    with pytest.raises(UserError, match=r"asgi-uvicorn needs \d+ descriptors"):
        counted(["asgi-uvicorn"], None, None, 10)


def test_stack_whose_program_is_missing_is_named_with_what_installs_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("PATH", "")
    says = r"^asgi-uvicorn-nginx cannot run here: .* apt-get install nginx$"
    with pytest.raises(UserError, match=says):
        counted(["asgi-uvicorn", "asgi-uvicorn-nginx"], None, None)


def test_run_of_an_earlier_version_cannot_be_gone_on_with() -> None:
    with pytest.raises(UserError, match="earlier version"):
        order_of(runs.quick())


@pytest.mark.parametrize("nofile", [128, 1024])
def test_limit_of_descriptors_is_named_before_anything_is_measured(nofile: int) -> None:
    asked = order(nofile=nofile)
    most = max(s.predicted_out_by("idle") or 0 for s in asked.stacks)
    assert most < asked.descriptors < 1.1 * most + 300
    for enough in (-1, asked.descriptors, 10**6):
        refuse_few_descriptors(asked.descriptors, allowed=enough)
    with pytest.raises(UserError, match="and the hard limit here is 64: raise that"):
        refuse_few_descriptors(asked.descriptors, allowed=64)


@pytest.mark.parametrize("bind", ["", "10.0.0.1"])
def test_stacks_are_reached_from_other_machines_only_if_that_is_asked(
    bind: str, tmp_path: Path
) -> None:
    asked = dataclasses.replace(order(), fleet=Fleet(2, bind))
    assert asked.descriptors == 0  # slow clients open none here
    _, folder = begin_run(asked, ["load"], tmp_path)
    for cell in order_of(load_run(folder)).cells():
        assert cell.holding.fleet == Fleet(2, bind)
        assert cell.holding.stack.host == (ALL_ADDRESSES if bind else HOST)
        assert cell.holding.stack.host in " ".join(cell.holding.stack.command(8000))


def test_server_whose_limit_cannot_be_raised_counts() -> None:
    never = 2**31  # more than the kernel's own limit (proc(5), nr_open)
    assert order(nofile=never).descriptors >= never
