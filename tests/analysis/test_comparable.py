"""What two runs must have in common to be compared."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from typing import Any

import pytest

from loadtests.analysis import compare
from loadtests.analysis.comparable import MISSING, VOID, Reason
from loadtests.analysis.compare import INCOMPARABLE
from loadtests.catalog.stacks import HTTP1
from loadtests.records.run import Run
from loadtests.report.formats import comparison
from tests import runs
from tests.analysis.pairs import climb


def changed(part: str, **fields: Any) -> Run:
    run = runs.run([climb()])
    record = dataclasses.replace(getattr(run, part), **fields)
    return dataclasses.replace(run, **{part: record})


def packages(**versions: str) -> Run:
    return changed("environment", packages={**runs.ENVIRONMENT.packages, **versions})


@pytest.mark.parametrize(
    ("new", "reason"),
    [
        (changed("environment", cpu="Z80"), "cpu: AMD EPYC and Z80"),
        (changed("environment", cpus=4), "cpus: 2 and 4"),
        (changed("environment", python="3.13.0"), "python: 3.11.7 and 3.13.0"),
        (changed("environment", kernel="Linux 7"), "kernel: Linux 6.18.0 and Linux 7"),
        (changed("environment", nofile_limit=1024), "nofile_limit: 20000 and 1024"),
        (changed("method", rate_per_s=50.0), "rate_per_s: 100.0 and 50.0"),
        (changed("method", deadline_s=2.0), "deadline_s: 1.0 and 2.0"),
        (packages(gunicorn="28.0"), "gunicorn: 27.0.1 and 28.0"),
        (packages(locust="3"), "locust: none and 3"),
        (runs.run([climb(workers=4)]), "workers: 2 and 4"),
        (runs.run([climb(threads=4)]), "threads: 0 and 4"),
        (runs.run([climb(valid=False)]), "void in NEW"),
        (runs.run([]), "not in NEW"),
        (
            runs.run([runs.cell("wsgi-gunicorn-gthread", answered={0: 9, 4: 9})]),
            "staircase: 0 4 8 16 32 64 and 0 4",
        ),
    ],
)
def test_what_cannot_be_compared_says_why(new: Run, reason: str) -> None:
    (found,) = compare.compare(runs.run([climb()]), new)
    assert found.verdict == INCOMPARABLE
    assert [comparison.sentence(r) for r in found.reasons] == [reason]
    assert compare.status([found]) == 2


def test_cell_that_is_missing_in_the_base_says_so() -> None:
    void = climb(valid=False)
    found = compare.compare(runs.run([void]), runs.run([climb(), runs.cell()]))
    assert [c.reasons for c in found] == [
        [Reason(VOID, "BASE")],
        [Reason(MISSING, "BASE")],
    ]


@pytest.mark.parametrize(
    ("package", "stack", "matters"),
    [
        ("uvicorn", "wsgi-gunicorn-gthread", False),
        ("uvicorn", "asgi-gunicorn-uvicorn", True),
        ("uvicorn-worker", "asgi-gunicorn-uvicorn", True),
        ("uvicorn-worker", "asgi-uvicorn", False),
        ("gevent", "wsgi-gunicorn-gevent", True),
        ("gevent", "wsgi-gunicorn-sync", False),
        ("a2wsgi", "wsgi-uvicorn", True),
        ("a2wsgi", "asgi-uvicorn", False),
        ("httptools", "asgi-uvicorn", True),
        ("h11", "asgi-uvicorn-h11", True),
        ("h11", "asgi-uvicorn", False),
        ("uvloop", "asgi-gunicorn", True),
        ("uvloop", "asgi-uvicorn-h11", False),
        ("locust", "asgi-gunicorn", True),
        ("flask", "wsgi-gunicorn-sync", False),
    ],
)
def test_packages_matter_to_the_stacks_that_use_them(
    package: str, stack: str, matters: bool
) -> None:
    assert (stack in affected_by(package, [stack])) is matters


def affected_by(package: str, stacks: Iterable[str]) -> set[str]:
    """Those of the stacks that two versions of the package make incomparable."""

    def of(version: str) -> Run:
        environment = dataclasses.replace(runs.ENVIRONMENT, packages={package: version})
        run = runs.run(runs.cell(stack) for stack in stacks)
        return dataclasses.replace(run, environment=environment)

    found = compare.compare(of("1"), of("2"))
    return {one.stack for one in found if one.verdict == INCOMPARABLE}


def test_package_of_one_worker_class_matters_to_its_stack_only() -> None:
    assert affected_by("gevent", HTTP1) == {"wsgi-gunicorn-gevent"}
    assert affected_by("locust", HTTP1) == set(HTTP1)


@pytest.mark.parametrize("package", ["hypercorn", "h11", "flask"])
def test_every_package_matters_to_a_stack_that_is_not_in_the_catalog(
    package: str,
) -> None:
    assert affected_by(package, ["asgi-hypercorn"]) == {"asgi-hypercorn"}
