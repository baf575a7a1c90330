"""What ends a command before its time is one line, and loses nothing."""

from __future__ import annotations

import contextlib
import dataclasses
import errno
import os
import signal
import socket
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from loadtests import ROOT, UserError
from loadtests.catalog.stacks import HOST, STACKS
from loadtests.commands import load, stacks
from loadtests.commands.main import main
from loadtests.commands.options import with_a_way_on
from loadtests.commands.statuses import Status
from loadtests.records.facts import NOT_MEASURED
from loadtests.records.run import Run, load_run, save_run
from loadtests.servers.processes import Guard, guarded, wait_until
from loadtests.servers.programs import free_port
from tests import runs
from tests.commands.clone import from_a_shell

ONE_CELL = ("load", "--profile=smoke", "--stacks=wsgi-gunicorn-sync")


@pytest.fixture
def reports(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(load, "REPORTS", tmp_path / "reports")
    return tmp_path / "reports"


@contextlib.contextmanager
def with_a_guard_that_was_killed() -> Iterator[Guard]:
    with guarded() as guard:
        os.kill(guard.ids[1], signal.SIGKILL)
        killed = psutil.Process(guard.ids[1])
        assert wait_until(lambda: killed.status() == psutil.STATUS_ZOMBIE, 20)
        yield guard


def test_run_whose_guard_is_killed_ends_and_can_be_gone_on_with(
    reports: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """It does not fail cell after cell."""
    before = set(psutil.Process().children(recursive=True))
    monkeypatch.setattr(load, "guarded", with_a_guard_that_was_killed)
    assert main(ONE_CELL) == Status.NOT_DONE
    [folder] = reports.iterdir()
    assert capsys.readouterr().err == (
        "error: the guard process was ended by someone; to go on: make load "
        f"RESUME={folder.name}\n"
    )
    assert load_run(folder).cells == []
    assert set(psutil.Process().children(recursive=True)) <= before


def test_error_that_ends_a_run_says_how_to_go_on() -> None:
    found = with_a_way_on(UserError("no guard"), "make it")
    assert isinstance(found, UserError)
    assert str(found) == "no guard; to go on: make it"
    gone = BrokenPipeError(errno.EPIPE, "Broken pipe")
    assert with_a_way_on(gone, "make it") is gone


@pytest.mark.parametrize(
    ("number", "status"),
    [
        (signal.SIGINT, Status.INTERRUPTED),
        (signal.SIGTERM, Status.TERMINATED),
    ],
)
def test_signal_while_the_report_is_made_names_how_to_make_it(
    number: signal.Signals,
    status: Status,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def waits(run: Run, folder: Path) -> list[Path]:
        signal.raise_signal(number)
        raise AssertionError("the signal did nothing")

    folder = tmp_path / "a-run"
    save_run(runs.quick(), folder)
    monkeypatch.setattr(load, "measured_whole", lambda *given: (runs.quick(), folder))
    monkeypatch.setattr("loadtests.report.reports.write", waits)
    assert main(ONE_CELL) == status
    out, err = capsys.readouterr()
    assert out == "\nStopped while the report was made: make report RUN=a-run\n"
    assert err == ""


@pytest.mark.parametrize("command", [["load"], ["gate", "--fail-under=slow-body=1"]])
def test_cell_that_fails_is_in_the_record_and_in_the_status(
    command: list[str], reports: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its server is not installed. The run goes to its end, with a report."""
    name = "wsgi-gunicorn-sync"
    missing = dataclasses.replace(STACKS[name], argv=("no-such-server", "{port}"))
    monkeypatch.setitem(STACKS, name, missing)
    words = [*command, "--stacks=" + name, "--scenarios=slow-body"]
    assert main([*words, "--profile=smoke"]) == Status.DOES_NOT_COUNT
    [cell] = load_run(reports / "latest").cells
    [fault] = cell.faults
    assert (cell.valid, fault.kind) == (False, NOT_MEASURED)
    assert (reports / "latest/report.md").exists()


def test_port_that_cannot_be_had_is_one_line_at_once(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Bound, though nobody listens there: gunicorn would try for five seconds."""
    with socket.socket() as other:
        other.bind((HOST, 0))
        port = other.getsockname()[1]
        assert main(["serve", "--interface=wsgi", f"--port={port}"]) == Status.NOT_DONE
    assert capsys.readouterr().err == (
        f"error: port {port} is in use: choose another with PORT=\n"
    )


@pytest.mark.parametrize("closed", ["<&-", "<&- >&- 2>&-"])
def test_what_the_caller_has_closed_is_not_missed(closed: str) -> None:
    done = from_a_shell(ROOT, f'exec "$0" "$@" {closed}', "stacks")
    assert (done.returncode, done.stderr) == (Status.DONE, "")


@pytest.mark.parametrize("limit", [20, 64, 256])
def test_limit_of_descriptors_is_named_before_the_start(limit: int) -> None:
    around = f'ulimit -n {limit} && exec "$0" "$@"'
    done = from_a_shell(ROOT, around, "load", "--stacks=asgi-uvicorn")
    assert done.returncode == Status.NOT_DONE
    assert done.stderr.startswith("error: this run opens up to 2,")
    assert f"and the hard limit here is {limit}: raise that (ulimit" in done.stderr
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize(
    "words",
    [
        ("claims", "--only=fastapi-def-may-block"),
        ("phases", "--stacks=asgi-uvicorn"),
        ("behaviours", "--stacks=asgi-uvicorn"),
        ("bench", "--rounds=1"),
        ("trace",),
        ("validate", "--n=1", "--seed=1"),
        ("doctor", "--stacks=asgi-uvicorn"),
        ("serve", "--stack=asgi-uvicorn", "--port={port}"),
    ],
    ids=lambda words: words[0],
)
def test_whatever_starts_servers_names_the_limit_of_descriptors_first(
    words: tuple[str, ...],
) -> None:
    port = str(free_port())
    around = 'ulimit -n 64 && exec "$0" "$@"'
    done = from_a_shell(ROOT, around, *(word.format(port=port) for word in words))
    assert done.returncode == Status.NOT_DONE, done.stdout
    assert "and the hard limit here is 64: raise that (ulimit -Hn)" in done.stderr
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize("words", [("report", "example"), ("load",)])
def test_too_small_an_address_space_is_named_and_nothing_hangs(
    words: tuple[str, ...],
) -> None:
    """With 300 MB a library of figures tries for ever to have its memory."""
    done = from_a_shell(ROOT, 'ulimit -v 300000 && exec "$0" "$@"', *words)
    assert (done.returncode, done.stderr) == (
        Status.NOT_DONE,
        "error: a process may have 292 MB of address space here, and needs 512: raise "
        "that (ulimit -v)\n",
    )


def test_memory_that_runs_out_is_one_line_with_a_way_on(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def large(_: object) -> None:
        try:
            bytearray(1 << 62)
        except MemoryError as error:
            raise with_a_way_on(error, "make it") from None

    monkeypatch.setattr(stacks, "show", large)
    assert main(["stacks"]) == Status.NOT_DONE
    said = "error: there is not enough memory here; to go on: make it\n"
    assert capsys.readouterr().err == said
