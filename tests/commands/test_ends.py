"""What ends a command before its time is one line, and loses nothing."""

from __future__ import annotations

import contextlib
import dataclasses
import errno
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from rich.console import Console

from loadtests import ROOT, UserError
from loadtests.catalog.stacks import HOST, STACKS
from loadtests.commands import claims, load, options
from loadtests.commands.main import main
from loadtests.commands.options import in_a_line, with_a_way_on
from loadtests.commands.statuses import Status
from loadtests.records.facts import NOT_MEASURED
from loadtests.records.run import Run, load_run, save_run
from loadtests.servers.processes import Guard, guarded, wait_until
from tests import runs
from tests.commands.clone import fresh_clone
from tests.disk import disk_with_room_for

TOO_LARGE = "File too large: raise the limit of a file's size (ulimit -f)"
NO_SPACE = "No space left on device: make room there (df -h and df -i say what is full)"
ONE_CELL = ("load", "--profile=smoke", "--stacks=wsgi-gunicorn-sync")


@pytest.fixture
def reports(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(load, "REPORTS", tmp_path / "reports")
    return tmp_path / "reports"


def test_reports_that_are_a_file_are_named(
    reports: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    reports.touch()
    assert main(ONE_CELL) == Status.NOT_DONE
    assert capsys.readouterr().err == f"error: {reports}: File exists\n"


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_folder_that_must_not_be_written_is_named(
    reports: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    reports.mkdir(mode=0o500)
    assert main(ONE_CELL) == Status.NOT_DONE
    error = capsys.readouterr().err
    assert error.startswith(f"error: {reports}")
    assert error.endswith(": Permission denied\n")
    assert error.count("\n") == 1


def test_folder_in_the_place_of_the_link_is_named_before_the_first_cell(
    reports: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (reports / "latest").mkdir(parents=True)
    assert main(ONE_CELL) == Status.NOT_DONE
    assert capsys.readouterr().err == (
        f"error: {reports}/latest is a folder, and has to be a link: move it away\n"
    )
    assert [path.name for path in reports.iterdir()] == ["latest"]


def test_run_that_cannot_be_written_is_named(
    reports: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with disk_with_room_for(1000):
        assert main(ONE_CELL) == Status.NOT_DONE
    [folder] = reports.iterdir()
    error = capsys.readouterr().err
    assert error == f"error: {folder}/run.json: {TOO_LARGE}\n"
    assert [*folder.iterdir()] == []


def test_report_that_cannot_be_written_leaves_the_run_and_the_old_report(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    save_run(runs.quick(), tmp_path)
    (tmp_path / "report.md").write_text("old")
    with disk_with_room_for(1000):
        assert main(["report", str(tmp_path)]) == Status.NOT_DONE
    error = capsys.readouterr().err
    assert error == f"error: {tmp_path}/report.md: {TOO_LARGE}\n"
    assert load_run(tmp_path) == runs.quick()
    assert (tmp_path / "report.md").read_text() == "old"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["report.md", "run.json"]


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


@pytest.mark.parametrize(
    ("error", "says"),
    [
        (OSError(errno.EIO, "I/O error"), "I/O error; to go on: make it"),
        (OSError("odd"), "odd; to go on: make it"),
        (
            OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), "run.json"),
            f"run.json: {NO_SPACE}; to go on: make it",
        ),
        (
            OSError(errno.EROFS, os.strerror(errno.EROFS), "reports"),
            "reports: Read-only file system: make that writable, or use a copy of the "
            "project that is; to go on: make it",
        ),
    ],
)
def test_error_of_the_disk_says_what_helps_and_how_to_go_on(
    error: OSError, says: str
) -> None:
    found = with_a_way_on(error, "make it")
    assert isinstance(found, OSError)
    assert in_a_line(found) == says


@pytest.mark.parametrize(
    "words", [("claims",), ("phases",), ("behaviours", "--stacks=asgi-uvicorn")]
)
def test_folder_that_takes_no_file_is_named_before_anything_is_tried(
    words: tuple[str, ...],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(options, "REPORTS", tmp_path)
    monkeypatch.setattr(claims, "LEDGER", tmp_path / "claims.json")
    out = [] if words == ("claims",) else [f"--out={tmp_path}"]
    with disk_with_room_for(0):
        assert main([*words, *out]) == Status.NOT_DONE
    error = capsys.readouterr().err
    assert error == f"error: {tmp_path}: {TOO_LARGE}\n"
    assert [*tmp_path.iterdir()] == []


def test_output_that_takes_no_table_loses_nothing_that_was_measured(
    tmp_path: Path,
) -> None:
    save_run(runs.quick(), tmp_path)
    with (
        contextlib.suppress(OSError),  # when it is closed: something is still unwritten
        Path("/dev/full").open("w") as full,
        pytest.raises(OSError, match="No space") as refused,
    ):
        load._show(Console(file=full), runs.quick(), tmp_path)
    how = f"to go on: make report RUN={tmp_path.name}"
    assert in_a_line(refused.value) == f"{NO_SPACE}; {how}"
    assert load_run(tmp_path) == runs.quick()
    assert (tmp_path / "report.html").exists()


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


def run(folder: Path, around: str, *words: str) -> subprocess.CompletedProcess[str]:
    """The command line, started by a shell with something around it."""
    argv = [sys.executable, "-m", "loadtests", *words]
    return subprocess.run(
        ["/bin/sh", "-c", around, *argv],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def test_output_that_takes_nothing_is_one_line(tmp_path: Path) -> None:
    done = run(fresh_clone(tmp_path), 'exec "$0" "$@" >/dev/full', *ONE_CELL)
    assert (done.returncode, done.stderr) == (
        Status.NOT_DONE,
        f"error: {NO_SPACE}\n",
    )


@pytest.mark.parametrize("closed", ["<&-", "<&- >&- 2>&-"])
def test_what_the_caller_has_closed_is_not_missed(closed: str) -> None:
    done = run(ROOT, f'exec "$0" "$@" {closed}', "stacks")
    assert (done.returncode, done.stderr) == (Status.DONE, "")


@pytest.mark.parametrize("limit", [20, 64, 256])
def test_limit_of_descriptors_is_named_before_the_start(limit: int) -> None:
    around = f'ulimit -n {limit} && exec "$0" "$@"'
    done = run(ROOT, around, "load", "--stacks=asgi-uvicorn")
    assert done.returncode == Status.NOT_DONE
    assert done.stderr.startswith("error: this run opens up to 2,")
    assert f"and the hard limit here is {limit}: raise that (ulimit" in done.stderr
    assert done.stderr.count("\n") == 1
