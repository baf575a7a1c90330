"""A clock on the wall that jumps by a day each second: nothing is measured by it."""

from __future__ import annotations

import contextlib
import shutil
import subprocess
from pathlib import Path

import psutil
import pytest

from loadtests.experiments.lock import ANOTHER_FILE
from loadtests.records.run import load_run
from loadtests.servers.processes import wait_until
from tests.commands.clone import fresh_clone
from tests.surroundings import working_in
from tests.torture.conftest import Tell
from tests.torture.processes import LOAD, begun, said

WITHIN_S = 120.0
TRIES = 3
# What is loaded before the C library answers for it (ld.so(8)). Other clocks go right.
JUMPS = """
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static const long added_s[] = {0, 86400, -86400, 3600};

int clock_gettime(clockid_t clock, struct timespec *at) {
    struct timespec runs;
    long failed = syscall(SYS_clock_gettime, clock, at);
    if (!failed && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE)) {
        syscall(SYS_clock_gettime, CLOCK_MONOTONIC, &runs);
        at->tv_sec += added_s[runs.tv_sec % 4];
    }
    return failed;
}

int gettimeofday(struct timeval *at, void *zone) {
    struct timespec now;
    int failed = clock_gettime(CLOCK_REALTIME, &now);
    at->tv_sec = now.tv_sec;
    at->tv_usec = now.tv_nsec / 1000;
    return failed;
}

time_t time(time_t *at) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    if (at)
        *at = now.tv_sec;
    return now.tv_sec;
}
"""


@pytest.mark.skipif(not shutil.which("cc"), reason="no C compiler is installed")
def test_run_is_right_while_the_clock_jumps(tmp_path: Path, tell: Tell) -> None:
    project = fresh_clone(tmp_path / "project")
    library = tmp_path / "jumps.so"
    subprocess.run(
        ["cc", "-shared", "-fPIC", "-o", library, "-x", "c", "-"],
        input=JUMPS.encode(),
        check=True,
    )
    more = {"LD_PRELOAD": str(library), ANOTHER_FILE: str(tmp_path / "lock")}
    for _ in range(TRIES):  # others keep the machine busy, and a cell may be void
        with begun(project, *LOAD, **more) as process:
            serves = wait_until(lambda: _serves(project, library), WITHIN_S)
            assert serves, said(project)
            assert wait_until(lambda: process.poll() is not None, WITHIN_S)
        folder = (project / "reports/latest").resolve()
        cells = load_run(folder).cells
        if process.returncode == 0:
            break
    assert [cell.valid for cell in cells] == [True, True], said(project)
    first, _ = cells  # one slow client takes each of its workers, so it is exact
    assert first.capacity.out_at == first.workers == first.capacity.predicted_out_at
    for step in (step for cell in cells for step in cell.steps):
        assert step.slow_clients or step.answered == step.attempted > 0
        assert not step.arrival or 0 <= step.arrival.lasted_s < WITHIN_S
    assert (folder / "report.html").exists()
    tell(
        "a clock that jumps changes nothing",
        "a run beside a clock on the wall that jumps by a day each second, for the "
        "harness, servers and clients alike",
        f"{len(cells)} cells and the whole report",
    )


def _serves(project: Path, library: Path) -> bool:
    """Whether a server has been started, and goes by that clock."""
    for process in working_in(project):
        with contextlib.suppress(psutil.Error):
            if "gunicorn" in " ".join(process.cmdline()):
                return any(m.path == str(library) for m in process.memory_maps())
    return False
