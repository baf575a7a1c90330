"""Put each fault into a copy of the project, and run the tests that should find it.

    python -m tests.mutants [name ...]

The same tests have to pass first without a fault. Prints a line for each fault that
survives, and how many were found. Ends with 1 where fewer than 92 in 100 are found.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from queue import Queue

from tests.commands.clone import ENVIRONMENT, copy_of_the_project
from tests.mutants.faults import FAULTS, Fault

PARTS = (
    *("wsgi_app", "asgi_app", "loadtests", "tests", "pyproject.toml"),
    *("reports/example", "reports/example-scale"),
)
AT_ONCE = 2
LEAST_SHARE = 0.92
# A test that waits for ever has failed.
_EACH_TEST_S, _ALL_S = 30, 300


class End(StrEnum):
    """How the tests ended."""

    FOUND = "found"
    SURVIVED = "survived"
    BROKEN = "no tests ran"  # a fault that nothing can be imported with, say


@contextmanager
def put_into(project: Path, fault: Fault) -> Iterator[None]:
    """The fault is in the copy for as long as the block runs."""
    before = {name: (project / name).read_text("utf-8") for name in fault.files}
    try:
        for name, text in before.items():
            if text.count(fault.old) != 1:
                raise ValueError(f"{name} has not once: {fault.old}")
            (project / name).write_text(text.replace(fault.old, fault.new), "utf-8")
        yield
    finally:
        for name, text in before.items():
            (project / name).write_text(text, "utf-8")


def ended(project: Path, tests: Sequence[str]) -> End:
    """Whether a test fails, or waits for too long."""
    argv = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-x",
        "-p",
        "no:cacheprovider",
        "-m",
        "",
    ]
    try:
        done = subprocess.run(
            [*argv, f"--timeout={_EACH_TEST_S}", *tests],
            cwd=project,
            env=ENVIRONMENT,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            timeout=_ALL_S,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return End.BROKEN
    return {0: End.SURVIVED, 1: End.FOUND}.get(done.returncode, End.BROKEN)


def trial(names: Sequence[str], folder: Path) -> dict[str, End]:
    """How the tests of each fault end, several at once, each in a copy of its own."""
    copies: Queue[Path] = Queue()
    for number in range(AT_ONCE):
        copy_of_the_project(copy := folder / str(number), PARTS)
        copies.put(copy)

    def in_a_copy(job: Callable[[Path], End]) -> End:
        copy = copies.get()
        try:
            return job(copy)
        finally:
            copies.put(copy)

    def of_fault(name: str) -> End:
        def job(copy: Path) -> End:
            with put_into(copy, FAULTS[name]):
                return ended(copy, FAULTS[name].tests)

        return in_a_copy(job)

    def without(tests: Sequence[str]) -> End:
        return in_a_copy(lambda copy: ended(copy, tests))

    with ThreadPoolExecutor(AT_ONCE) as pool:
        every = list(dict.fromkeys(FAULTS[name].tests for name in names))
        for tests, end in zip(every, pool.map(without, every), strict=True):
            if end is not End.SURVIVED:
                raise SystemExit(f"without a fault: {end} by {' '.join(tests)}")
        return dict(zip(names, pool.map(of_fault, names), strict=True))


def main() -> int:
    parser = argparse.ArgumentParser(description="can the tests fail?")
    parser.add_argument(
        "names", nargs="*", metavar="NAME", help="of faults; all if none"
    )
    names = parser.parse_args().names or list(FAULTS)
    began_s = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        results = trial(names, Path(folder))
    for name, end in results.items():
        if end is not End.FOUND:
            print(f"{end}: {name}  ({FAULTS[name].files[0]}: {FAULTS[name].new!r})")
    found = sum(end is End.FOUND for end in results.values())
    minutes = (time.monotonic() - began_s) / 60
    print(f"{found} of {len(results)} faults were found, in {minutes:.1f} minutes")
    return int(found < LEAST_SHARE * len(results))


if __name__ == "__main__":
    sys.exit(main())
