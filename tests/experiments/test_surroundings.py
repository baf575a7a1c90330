"""One run under make, in surroundings in which nearly everything is odd.

The environment sets what servers, Locust and Python read. The locale has ASCII only,
standard input is closed, and a process may open 256 files unless it asks for more.
Ctrl-C comes while the report is made, which does not end before.
"""

from __future__ import annotations

import contextlib
import dataclasses
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from loadtests.catalog.stacks import HOST
from loadtests.records.facts import BASELINE_HARMED, BUSY, LEFT_LATE, UNSENT
from loadtests.records.run import Run, load_run
from loadtests.servers.processes import wait_until
from loadtests.servers.server import free_port
from tests.commands.clone import ENVIRONMENT, fresh_clone
from tests.surroundings import FAKE, listened_on, odd_environment

pytestmark = pytest.mark.long
ASCII = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONIOENCODING": "ascii"}
AROUND = 'ulimit -Sn 256 && exec make "$@" <&-'
LOOK_EVERY_S = 0.25  # each look takes some time of the cores that are measured
ONE_CELL = ("load", "PROFILE=smoke", "STACKS=wsgi-gunicorn-sync", "NOFILE=512")
# Put before the first report of a run is written: it waits for Ctrl-C.
WRITTEN = "        return [\n"
WAITS = """        import signal
        (folder / "waits").touch()
        signal.pause()
"""


@dataclasses.dataclass
class Seen:
    """What was seen of the processes of the run, and what it said."""

    project: Path
    listened_on: set[str] = dataclasses.field(default_factory=set)
    limits_of_servers: set[tuple[int, int]] = dataclasses.field(default_factory=set)
    looked_s: float = 0.0
    said: str = ""

    @property
    def folder(self) -> Path:
        [folder] = (self.project / "reports").glob("2*")
        return folder

    @property
    def run(self) -> Run:
        return load_run(self.folder)

    def look(self, of: int) -> None:
        """At all that the process of that id has started."""
        self.looked_s = time.monotonic()
        self.listened_on |= listened_on(of)
        for process in psutil.Process(of).children(recursive=True):
            with contextlib.suppress(psutil.NoSuchProcess, ProcessLookupError):
                if "gunicorn" in process.cmdline():
                    limits = resource.prlimit(process.pid, resource.RLIMIT_NOFILE)
                    self.limits_of_servers.add(limits)


def interrupt(of: int) -> None:
    """As Ctrl-C does it, but for make itself, which would say so in its own words."""
    for process in psutil.Process(of).children(recursive=True):
        with contextlib.suppress(psutil.NoSuchProcess):
            if "loadtests" in process.cmdline():
                process.send_signal(signal.SIGINT)


@contextlib.contextmanager
def report_that_waits(project: Path) -> Iterator[None]:
    """However fast the machine is, Ctrl-C does not come too late."""
    reports = project / "loadtests/report/reports.py"
    before = reports.read_text()
    assert before.count(WRITTEN) == 1
    reports.write_text(before.replace(WRITTEN, WAITS + WRITTEN))
    yield
    reports.write_text(before)


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory) -> Seen:
    folder = tmp_path_factory.mktemp("project")
    odd = odd_environment(tmp_path_factory.mktemp("packages"), free_port())
    seen = Seen(fresh_clone(folder))
    with (
        report_that_waits(folder),
        subprocess.Popen(
            ["/bin/sh", "-c", AROUND, "sh", *ONE_CELL],
            cwd=folder,
            env={**ENVIRONMENT, **odd, **ASCII},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        ) as process,
    ):

        def measured() -> bool:
            if time.monotonic() > seen.looked_s + LOOK_EVERY_S:
                seen.look(process.pid)
            waits = [*folder.glob("reports/2*/waits")]
            return bool(waits) or process.poll() is not None

        assert wait_until(measured, 90)
        if process.poll() is None:
            interrupt(process.pid)
        seen.said, _ = process.communicate(timeout=60)
    return seen


def test_nothing_in_the_environment_changes_what_is_measured(seen: Seen) -> None:
    [cell] = seen.run.cells
    assert (cell.workers, cell.nofile) == (2, 512)
    # What a busy machine does, and no variable.
    by_chance = {LEFT_LATE, BUSY, UNSENT, BASELINE_HARMED}
    assert {fault.kind for fault in cell.faults} <= by_chance, cell.faults
    if cell.valid:
        assert [step.slow_clients for step in cell.steps] == [0, 1, 2], seen.said
        assert cell.capacity.out_at == 2
    assert FAKE not in seen.said
    assert "Traceback" not in seen.said


def test_all_that_a_run_starts_listens_on_loopback_only(seen: Seen) -> None:
    assert seen.listened_on == {HOST}


def test_server_may_open_as_many_files_as_its_stack_says(seen: Seen) -> None:
    """Whatever the soft limit is: the hard one is higher."""
    assert (512, 512) in seen.limits_of_servers
    # A moment before, the shell that sets the limit still has ours.
    assert {soft for soft, _ in seen.limits_of_servers} <= {256, 512}


def test_ctrl_c_while_the_report_is_made_names_how_to_make_it(seen: Seen) -> None:
    assert seen.run.run.complete
    how = f"make report RUN={seen.folder.name}"
    assert "Report:" not in seen.said
    assert f"Stopped while the report was made: {how}" in seen.said
    # The status, or the signal itself: Python ends by it if it was about to end anyway.
    assert "Error 130" in seen.said or "Interrupt" in seen.said


def test_report_is_made_where_the_locale_has_ascii_only(seen: Seen) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "loadtests", "report", seen.folder.name],
        cwd=seen.project,
        env={**ENVIRONMENT, **ASCII},
        capture_output=True,
        check=False,
        timeout=60,
    )
    assert (done.returncode, done.stderr) == (0, b"")
    assert (seen.folder / "report.html").stat().st_size > 10_000
    [cell] = seen.run.cells
    assert (seen.folder / "charts").exists() is cell.valid
