"""A disk that takes no more, at any time of a run: one line, and nothing is lost."""

from __future__ import annotations

import itertools
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import pytest

from loadtests.experiments.lock import ANOTHER_FILE
from loadtests.records.run import load_run
from loadtests.servers.processes import wait_until
from tests.commands.clone import ENVIRONMENT, PARTS, fresh_clone
from tests.surroundings import working_in
from tests.torture.conftest import Tell
from tests.torture.mounted import Namespace, mounted, needs_mounts
from tests.torture.processes import (
    LOAD,
    TO_PYTHON,
    begun,
    gone_after,
    see_that_json_is_whole,
    send,
)

pytestmark = needs_mounts

FIRST, SECOND = "slow-body", "slow-headers"
TWO_CELLS = (
    *LOAD,
    *("STACKS=wsgi-gunicorn-sync", "WORKERS=1", f"SCENARIOS={FIRST},{SECOND}"),
)
_DISK = "-t tmpfs -o size=8m,nr_inodes=300 none"
_PIECE = 4096
_WITHIN_S = 60.0
NO_SPACE = "No space left on device: make room there (df -h and df -i say what is full)"


@dataclass(frozen=True)
class Kind:
    """How a disk takes no more: `harm` is done to it, or is `around` what is run."""

    name: str
    says: str
    harm: Callable[[Namespace], bool] = lambda _: True
    around: str = ""


def fill(disk: Namespace, name: str = "reports/filled") -> bool:
    try:
        with (disk.seen / name).open("ab", buffering=0) as file:
            while file.write(bytes(_PIECE)):
                pass
    except OSError:
        return True
    return False


def use_inodes(disk: Namespace) -> bool:
    for number in itertools.count():
        try:
            (disk.seen / f"reports/filled{number}").touch()
        except OSError:
            return True
    return False


def make_read_only(disk: Namespace) -> bool:
    """Refused for as long as a file is open for writing."""
    return wait_until(
        lambda: disk.mount("remount,ro", disk.project / "reports"), _WITHIN_S
    )


def heal(disk: Namespace) -> None:
    assert disk.mount("remount,rw", disk.project / "reports")
    for path in (disk.seen / "reports").glob("filled*"):
        path.unlink()


READ_ONLY = "Read-only file system: make that writable, or "
KINDS = (
    Kind("full", NO_SPACE, fill),
    Kind("without-inodes", NO_SPACE, use_inodes),
    Kind("read-only", READ_ONLY, make_read_only),
    Kind(
        "limited",
        "File too large: raise the limit of a file's size (ulimit -f)",
        around="ulimit -f {kb} &&",
    ),
)


@pytest.fixture(scope="module")
def half(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of two cells that was stopped after its first."""
    project = fresh_clone(tmp_path_factory.mktemp("half") / "project")
    reports = project / "reports"
    with begun(project, *TWO_CELLS) as process:
        assert wait_until((reports / "latest").exists, _WITHIN_S)
        send(signal.SIGINT, TO_PYTHON, process)
        assert gone_after(project, process, _WITHIN_S), working_in(project)
    [folder] = reports.glob("2*")
    assert len(load_run(folder).cells) == 1
    return folder


def compiled(project: Path) -> Path:
    """Python would take half a file of bytecode, which is all it may write, for a whole
    one."""
    argv = [sys.executable, "-m", "compileall", "-q", *PARTS[:3]]
    subprocess.run(argv, cwd=project, check=True)
    return project


def stored(folder: Path) -> dict[str, bytes]:
    """All files there, but for those of the second cell."""
    files = {p.relative_to(folder): p for p in folder.rglob("*") if p.is_file()}
    return {str(n): p.read_bytes() for n, p in files.items() if SECOND not in str(n)}


def refused(
    disk: Namespace, kind: Kind, *words: str, kb: int = 1, harmed: bool = True
) -> str:
    """The line with which the command ends on that disk, harmed before it begins or
    by something else in the middle."""
    around = kind.around.format(kb=kb)
    assert not harmed or kind.harm(disk)
    argv = disk.words(*words, around=around)
    with subprocess.Popen(
        argv, env=alone(disk), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
    ) as process:
        if not harmed:
            assert wait_until(lambda: has_begun(disk, process), _WITHIN_S)
            assert kind.harm(disk)
        _, error = process.communicate(timeout=_WITHIN_S)
    said, *of_make = error.decode().splitlines()
    assert process.returncode
    assert said.startswith("error: "), error
    assert kind.says in said
    assert [line[:4] for line in of_make] == ["make"], error
    return said


def alone(disk: Namespace) -> dict[str, str]:
    """Others may measure meanwhile."""
    return {**ENVIRONMENT, ANOTHER_FILE: f"{disk.project}.lock"}


def has_begun(disk: Namespace, process: subprocess.Popen[bytes]) -> bool:
    """Whether the second cell has: the disk is written to for some seconds from now."""
    begun = any((disk.seen / "reports").glob(f"2*/samples/*{SECOND}*/probe.csv"))
    return begun or process.poll() is not None


def works(disk: Namespace, *words: str) -> None:
    argv = disk.words(*words)
    done = subprocess.run(
        argv, env=alone(disk), capture_output=True, timeout=_WITHIN_S, check=False
    )
    assert b"error" not in done.stderr, done.stderr


def test_disk_that_takes_no_more_loses_nothing(
    half: Path, tmp_path: Path, tell: Tell
) -> None:
    """All kinds at once, each in a clone of its own: how fast they are does not count,
    nor whether they disturb each other."""

    def lived_through(kind: Kind) -> None:
        project = compiled(fresh_clone(tmp_path / kind.name))
        with mounted(project, project / "reports", _DISK) as disk:
            _see_that_nothing_begins(disk, kind)
            folder = disk.seen / "reports" / half.name
            shutil.copytree(half, folder)
            _see_that_it_goes_on(disk, kind, folder)
            _see_that_it_is_reported(disk, kind, folder)
            see_that_json_is_whole(disk.seen)
            assert working_in(project) == []

    with ThreadPoolExecutor(len(KINDS)) as pool:
        list(pool.map(lived_through, KINDS))
    tell(
        "a disk that takes no more loses nothing",
        "a disk that is full, has no inodes or is read-only, and a limit of a file's "
        "size: before a run, after its first cell, and at its report; a checkout that "
        "is read-only",
        "one line says what helps; files stayed as they were, and RESUME= went on",
    )


def _see_that_nothing_begins(disk: Namespace, kind: Kind) -> None:
    refused(disk, kind, *TWO_CELLS)
    heal(disk)


def _see_that_it_goes_on(disk: Namespace, kind: Kind, folder: Path) -> None:
    """The first cell stays as it was, and so does the whole record."""
    before, words = stored(folder), (*LOAD[:2], f"RESUME={folder.name}")
    said = refused(disk, kind, *words, kb=40, harmed=False)
    assert said.endswith(f"; to go on: {' '.join(words)}")
    assert stored(folder) == before
    heal(disk)
    works(disk, *words)
    run = load_run(folder)
    assert (run.run.complete, len(run.cells)) == (True, 2)


def _see_that_it_is_reported(disk: Namespace, kind: Kind, folder: Path) -> None:
    """The earlier report stays as it was."""
    before = stored(folder)
    refused(disk, kind, "make", "report", kb=4)
    assert stored(folder) == before
    heal(disk)
    works(disk, "make", "report")


def test_output_that_is_full_once_a_cell_is_measured_loses_nothing(
    tmp_path: Path,
) -> None:
    project = compiled(fresh_clone(tmp_path / "project"))
    with mounted(project, project / "out", _DISK) as disk:
        argv = disk.words(*TWO_CELLS, around="exec >>out/said &&")
        with subprocess.Popen(argv, env=alone(disk), stderr=subprocess.PIPE) as process:
            assert wait_until(lambda: has_begun(disk, process), _WITHIN_S)
            assert fill(disk, "out/said")  # its last block too
            _, error = process.communicate(timeout=_WITHIN_S)
        [folder] = (project / "reports").glob("2*")
        first = load_run(folder).cells[0]
        said, _, how = error.decode().splitlines()[0].partition("; to go on: ")
        assert (process.returncode, said) == (2, f"error: {NO_SPACE}")
        works(disk, *how.split())
        run = load_run(folder)
        assert (run.run.complete, run.cells[0]) == (True, first)


def test_checkout_that_is_read_only_is_named_with_what_helps(tmp_path: Path) -> None:
    project = fresh_clone(tmp_path / "project")
    with mounted(project, project, f"--bind {project}") as disk:
        assert disk.mount("remount,bind,ro", project)
        for words in (TWO_CELLS, ("make", "claims"), ("make", "validate", "N=1")):
            said = refused(disk, Kind("checkout", READ_ONLY), *words)
            assert "use a copy of the project that is" in said
