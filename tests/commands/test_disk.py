"""A disk that takes no more is one line, which says what helps, and loses nothing."""

from __future__ import annotations

import contextlib
import errno
import os
import py_compile
import subprocess
from pathlib import Path

import pytest
from rich.console import Console

from loadtests.commands import claims, load, options
from loadtests.commands.main import main
from loadtests.commands.options import in_a_line, with_a_way_on
from loadtests.commands.statuses import Status
from loadtests.records.run import load_run, save_run
from tests import runs
from tests.commands.clone import fresh_clone, from_a_shell
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


def test_bytecode_that_a_full_disk_has_cut_off_is_one_line(tmp_path: Path) -> None:
    """Python writes what there is room for, and reads that for ever after."""
    source = fresh_clone(tmp_path) / "loadtests/commands/main.py"
    compiled = Path(py_compile.compile(str(source), doraise=True) or "")
    os.truncate(compiled, compiled.stat().st_size // 2)
    done = from_a_shell(tmp_path, 'exec "$0" "$@"', "stacks")
    how = f"find {tmp_path} -name '*.pyc' -delete"
    assert (done.returncode, done.stderr) == (
        Status.NOT_DONE,
        f"error: bytecode of Python is cut off (marshal data too short): {how}\n",
    )
    subprocess.run(how, shell=True, check=True)
    assert from_a_shell(tmp_path, 'exec "$0" "$@"', "stacks").returncode == Status.DONE


def test_output_that_takes_nothing_is_one_line(tmp_path: Path) -> None:
    done = from_a_shell(fresh_clone(tmp_path), 'exec "$0" "$@" >/dev/full', *ONE_CELL)
    assert (done.returncode, done.stderr) == (
        Status.NOT_DONE,
        f"error: {NO_SPACE}\n",
    )
