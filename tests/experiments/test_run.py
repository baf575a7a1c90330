"""`make load` as its user meets it: a run, a run that is stopped, bad input."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from loadtests.commands.main import main
from loadtests.records.cell import Cell
from loadtests.records.run import load_run
from loadtests.servers.processes import wait_until
from loadtests.servers.server import free_port
from tests.commands.clone import PARTS, copy_of_the_project

ONE_CELL = ("--profile", "smoke", "--stacks", "wsgi-gunicorn-sync")
ENVIRONMENT = {**os.environ, "COLUMNS": "120", "NO_COLOR": "1"}


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A copy of the project, so that no test writes into the reader's reports."""
    copy_of_the_project(tmp_path, PARTS)
    return tmp_path


def command(*words: str) -> list[str]:
    return [sys.executable, "-m", "loadtests", *words]


def run(project: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command(*words),
        cwd=project,
        capture_output=True,
        text=True,
        timeout=90,
        check=False,
        env=ENVIRONMENT,
    )


def families(project: Path) -> list[psutil.Process]:
    """Whatever still runs in that copy of the project."""
    found = []
    for process in psutil.process_iter():
        try:
            if process.cwd() == str(project) and process.pid != os.getpid():
                found.append(process)
        except (psutil.AccessDenied, psutil.NoSuchProcess):
            continue
    return [p for p in found if p.is_running() and p.status() != "zombie"]


@pytest.mark.long
def test_load_measures_stops_goes_on_and_reports(project: Path) -> None:
    """One run, told from its start to its report."""
    process = start(project, "load", "--profile", "smoke")
    with process:
        assert wait_until(lambda: len(cells(project)) == 1, 60)
        process.send_signal(signal.SIGINT)
        out, _ = process.communicate(timeout=60)
    latest = project / "reports" / "latest"
    stored = load_run(latest)
    assert not stored.run.complete
    assert f"make load RESUME={stored.run.id}" in out
    assert "This run is not complete" in (latest / "report.md").read_text()
    assert wait_until(lambda: not families(project), 20)

    done = run(project, "load", "--resume", stored.run.id)
    assert done.returncode in (0, 3), done.stdout + done.stderr  # 3: a noisy machine
    whole = load_run(latest)
    assert whole.run.complete
    assert whole.run.seed == stored.run.seed
    assert {c.stack for c in whole.cells} == {"wsgi-gunicorn-sync", "asgi-uvicorn"}
    if all(cell.valid for cell in whole.cells):  # else it would be tried again
        assert run(project, "load", "--resume", stored.run.id).returncode == 2

    sync = next(c for c in whole.cells if c.stack == "wsgi-gunicorn-sync")
    assert sync.capacity.out_at == sync.capacity.predicted_out_at == 2, sync
    assert sync.capacity.ran_out == sync.capacity.predicted_ran_out == "workers"
    assert [step.slow_clients for step in sync.steps] == [0, 1, 2]
    assert sync.steps[0].answered == sync.steps[0].attempted > 100
    assert sync.fates.held == 2
    if sync.valid:
        # Whether it recovers within two seconds is the machine's affair.
        said = " ".join((out + done.stdout).split())
        assert "sync slow-body holds 1, out at 2 (predicted 2): workers ran out" in said
    assert "wsgi-gunicorn-sync" in (latest / "report.md").read_text()
    assert wait_until(lambda: not families(project), 20)


def start(project: Path, *words: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        command(*words),
        cwd=project,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=ENVIRONMENT,
        start_new_session=True,
    )


# More moments, and other receivers, are in tests/torture/.
@pytest.mark.parametrize(
    ("after_s", "number"), [(0.3, signal.SIGINT), (2.0, signal.SIGTERM)]
)
def test_load_that_is_stopped_leaves_no_process_and_no_half_file(
    project: Path, after_s: float, number: signal.Signals
) -> None:
    with start(project, "load", *ONE_CELL) as process:
        # Any moment will do: this waits for none in particular.
        wait_until(lambda: process.poll() is not None, after_s)
        process.send_signal(number)
        out, err = process.communicate(timeout=60)
    assert process.returncode in (128 + number, -number), out + err
    assert "Traceback" not in out + err
    assert wait_until(lambda: not families(project), 20)
    for path in project.glob("reports/2*/run.json"):
        stored = load_run(path)
        assert not stored.run.complete
        assert (project / "reports/latest").exists() is bool(stored.cells)
        assert ("Stopped before anything was measured" in out) is not bool(stored.cells)


def cells(project: Path) -> list[Cell]:
    latest = project / "reports" / "latest"
    return load_run(latest).cells if latest.exists() else []


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("load", "--profile", "huge"), "no profile 'huge': there are smoke, quick"),
        (("load", "--stacks", "nginx"), "no stack 'nginx': make stacks lists them"),
        (("load", "--scenarios", "x"), "no scenario 'x': there are idle"),
        (("load", "--repeats", "0"), "--repeats 0: a count is a number from 1 to 1000"),
        (("load", "--resume", "../x"), "no run yet: make load makes one"),
        (("load", "--resume", "latest"), "no run yet: make load makes one"),
        (("report", "reports/none"), "no run 'reports/none': the "),
        (("serve", "--stack", "x"), "no stack 'x'"),
        (("serve", "--interface", "wsgi", "--worker", "x"), "no wsgi worker class 'x'"),
        (
            ("serve", "--stack", "asgi-uvicorn", "--port", "٣"),
            "a port is a number from 1 to 65535",
        ),
        (("serve", "--stack", "asgi-uvicorn", "--threads", "4"), "has no threads"),
    ],
)
def test_bad_input_gets_one_line_and_a_status(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    words: tuple[str, ...],
    says: str,
) -> None:
    monkeypatch.setattr("loadtests.commands.load.REPORTS", tmp_path / "reports")
    monkeypatch.chdir(tmp_path)
    handler = signal.getsignal(signal.SIGTERM)
    try:
        status = main(words)
    finally:
        signal.signal(signal.SIGTERM, handler)
    assert status == 2
    assert says in one_line(capsys.readouterr().err)
    assert not (tmp_path / "reports").exists()


def one_line(text: str) -> str:
    assert text.startswith("error: ")
    assert text.count("\n") == 1
    return text


def test_bad_input_leaves_no_traceback(project: Path) -> None:
    done = run(project, "load", "--profile", "huge")
    assert done.returncode == 2
    assert done.stderr.splitlines() == [
        "error: no profile 'huge': there are smoke, quick, full, c10k, c50k"
    ]


@pytest.fixture
def port() -> int:
    return free_port()


@pytest.fixture(params=["wsgi", "asgi"])
def serving(
    request: pytest.FixtureRequest, project: Path, port: int
) -> Iterator[subprocess.Popen[str]]:
    """`make serve-wsgi` and `make serve-asgi`, up and answering."""
    with subprocess.Popen(
        command("serve", "--interface", request.param, "--port", str(port)),
        cwd=project,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        start_new_session=True,
    ) as process:
        yield process
        process.kill()


def test_serve_says_what_it_runs_and_stops_on_ctrl_c(
    serving: subprocess.Popen[str], project: Path, port: int
) -> None:
    assert serving.stdout is not None
    lines = []
    for line in serving.stdout:
        lines.append(line.strip())
        if line.startswith("  curl --data"):
            break
    assert any(line.startswith("$ python -m ") for line in lines)
    assert sum(line.startswith("curl ") for line in lines) == 3
    asked = subprocess.run(
        ["curl", "-s", f"http://127.0.0.1:{port}/hello?name=Ada"],
        capture_output=True,
        check=True,
    )
    assert asked.stdout == b"Hello, Ada!"
    serving.send_signal(signal.SIGINT)
    assert serving.wait(timeout=60) == 0
    assert wait_until(lambda: not families(project), 20)
