"""What two runs must have in common to be compared."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from typing import Any

import pytest

from loadtests.analysis import compare
from loadtests.analysis.changes import BETTER, DEGRADES_AT, OUT_AT, SAME, WORSE
from loadtests.analysis.comparable import METHOD, MISSING, VERSION, VOID, Reason
from loadtests.analysis.compare import INCOMPARABLE, Comparison
from loadtests.catalog.stacks import HTTP1
from loadtests.records.cell import InFront
from loadtests.records.run import Ordered, Run
from loadtests.report.formats import comparison_words
from tests import runs
from tests.analysis.pairs import SEARCHED, climb, found, new_run


def changed(part: str, **fields: Any) -> Run:
    run = runs.run([climb()])
    record = dataclasses.replace(getattr(run, part), **fields)
    return dataclasses.replace(run, **{part: record})


def packages(**versions: str) -> Run:
    return changed("environment", packages={**runs.ENVIRONMENT.packages, **versions})


def sentences(compared: Comparison) -> list[str]:
    return [comparison_words.sentence(reason) for reason in compared.reasons]


@pytest.mark.parametrize(
    ("new", "reason"),
    [
        (
            changed("environment", cpu="Z80"),
            "The CPU is “AMD EPYC” in BASE and Z80 in NEW.",
        ),
        (
            changed("environment", cpus=4),
            "The number of CPUs is 2 in BASE and 4 in NEW.",
        ),
        (
            changed("environment", python="3.13.0"),
            "Python is 3.11.7 in BASE and 3.13.0 in NEW.",
        ),
        (
            changed("environment", kernel="Linux 7"),
            "The kernel is “Linux 6.18.0” in BASE and “Linux 7” in NEW.",
        ),
        (
            changed("environment", nofile_limit=1024),
            "The machine's limit of descriptors (nofile_limit) is 20,000 in BASE and "
            "1,024 in NEW.",
        ),
        (
            changed("method", rate_per_s=50.0),
            "The rate of healthy requests (rate_per_s) is 100 in BASE and 50 in NEW.",
        ),
        (
            changed("method", deadline_s=2.0),
            "The deadline in seconds (deadline_s) is 1 in BASE and 2 in NEW.",
        ),
        (packages(gunicorn="28.0"), "gunicorn is 27.0.1 in BASE and 28.0 in NEW."),
        (packages(locust="3"), "locust is not installed in BASE and 3 in NEW."),
        (
            runs.run([climb(workers=4)]),
            "The number of workers is 2 in BASE and 4 in NEW.",
        ),
        (
            runs.run([climb(threads=4)]),
            "The number of threads is 0 in BASE and 4 in NEW.",
        ),
        (runs.run([climb(valid=False)]), "Void in NEW."),
        (runs.run([]), "Not measured in NEW."),
        (
            runs.run([runs.cell("wsgi-gunicorn-gthread", answered={0: 9, 4: 9})]),
            "The staircase is 0 4 8 16 32 64 in BASE and 0 4 in NEW.",
        ),
    ],
)
def test_what_cannot_be_compared_says_why(new: Run, reason: str) -> None:
    (one,) = compare.compare(runs.run([climb()]), new)
    assert one.verdict == INCOMPARABLE
    assert sentences(one) == [reason]
    assert compare.status([one]) == 2


def test_other_steps_of_a_search_are_no_reason() -> None:
    base, new = found(4, 7, 8, degrades=8), found(4, 7, degrades=None)
    (one,) = compare.compare(new_run([base]), new_run([new]))
    assert one.reasons == ()


@pytest.mark.parametrize(
    ("cell", "method", "reason"),
    [
        ({"nofile": 1024}, {}, "The limit of descriptors (nofile) is 128 in BASE and "),
        ({"worker_connections": 9}, {}, "The limit of connections of a worker "),
        ({"front": InFront("nginx", "", 510)}, {}, "The limit of connections of a "),
        ({}, {"arrive_per_s": 50.0}, "The rate at which slow clients come "),
        (
            {},
            {"hold_s": 3.0},
            "The time that a step is held (hold_s) is 2 in BASE and ",
        ),
        ({}, {"segment_bytes": 65483}, "The largest TCP segment (segment_bytes) is "),
    ],
)
def test_searches_must_have_limits_and_method_in_common(
    cell: dict[str, Any], method: dict[str, Any], reason: str
) -> None:
    base = found(4, 8, degrades=8)
    new = new_run([dataclasses.replace(base, **cell)])
    new = dataclasses.replace(new, method=dataclasses.replace(SEARCHED, **method))
    (one,) = compare.compare(new_run([base]), new)
    (said,) = sentences(one)
    assert said.startswith(reason)


@pytest.mark.parametrize(
    ("out_at", "verdict"), [(8, SAME), (9, SAME), (12, BETTER), (4, WORSE)]
)
def test_counts_travel_between_machines_and_nothing_else_does(
    out_at: int, verdict: str
) -> None:
    other = dataclasses.replace(runs.ENVIRONMENT, cpu="Z80", cpus=4, kernel="Linux 7")
    base = new_run([found(4, 7, 8, degrades=8, out=8)])
    cell = found(3, out_at - 1, out_at, degrades=out_at, out=out_at)
    method = dataclasses.replace(SEARCHED, cores="other cores")
    new = dataclasses.replace(new_run([cell], environment=other), method=method)
    (one,) = compare.compare(base, new)
    assert (one.reasons, one.verdict) == ((), verdict)
    assert [reason.part for reason in one.machines] == ["kernel", "cpu", "cpus"]
    kinds = {difference.figure.kind for difference in one.differences}
    assert kinds == {DEGRADES_AT, OUT_AT}


def test_costs_do_not_travel_between_machines() -> None:
    other = dataclasses.replace(runs.ENVIRONMENT, cpu="Z80")
    base = new_run([], costs=[runs.cost()])
    new = new_run([], costs=[runs.cost()], environment=other)
    (one,) = compare.compare(base, new)
    assert sentences(one) == ["The CPU is “AMD EPYC” in BASE and Z80 in NEW."]


def test_limit_of_the_machine_is_no_reason_where_servers_have_their_own() -> None:
    limit = dataclasses.replace(runs.ENVIRONMENT, nofile_limit=1024)
    cell = found(4, 8, degrades=8)
    (one,) = compare.compare(new_run([cell]), new_run([cell], environment=limit))
    assert one.reasons == ()


@pytest.mark.parametrize(("turned", "older"), [(False, "BASE"), (True, "NEW")])
def test_run_of_format_1_and_a_search_have_no_method_in_common(
    turned: bool, older: str
) -> None:
    old, new = runs.run([runs.cell()]), new_run([found(4, 8, degrades=8)])
    (one,) = compare.compare(*((new, old) if turned else (old, new)))
    assert [(r.kind, r.which) for r in one.reasons] == [(METHOD, older)]
    assert f"{older} climbed fixed steps" in sentences(one)[0]


def test_framework_matters_to_the_costs_alone() -> None:
    base, new = (
        dataclasses.replace(
            runs.run([runs.cell()]),
            costs=[runs.cost("asgi-uvicorn", "fastapi")],
            environment=dataclasses.replace(
                runs.ENVIRONMENT, packages={"fastapi": version, "flask": version}
            ),
        )
        for version in ("1", "2")
    )
    cell, costs = compare.compare(base, new)
    assert cell.reasons == ()
    assert costs.reasons == [Reason(VERSION, part="fastapi", base="1", new="2")]


def test_number_of_workers_matters_to_the_costs() -> None:
    ordered = Ordered(["asgi-uvicorn"], ["slow-body"], 1, 2, None, True, False)
    run = dataclasses.replace(runs.run([]), costs=[runs.cost()], ordered=ordered)
    more = dataclasses.replace(ordered, workers=4)
    (one,) = compare.compare(run, dataclasses.replace(run, ordered=more))
    assert sentences(one) == ["The number of workers is 2 in BASE and 4 in NEW."]
    (same,) = compare.compare(run, run)
    assert same.reasons == ()


def test_cell_that_is_missing_in_the_base_says_so() -> None:
    void = climb(valid=False)
    compared = compare.compare(runs.run([void]), runs.run([climb(), runs.cell()]))
    assert [c.reasons for c in compared] == [
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

    compared = compare.compare(of("1"), of("2"))
    return {one.stack for one in compared if one.verdict == INCOMPARABLE}


def test_package_of_one_worker_class_matters_to_its_stack_only() -> None:
    assert affected_by("gevent", HTTP1) == {"wsgi-gunicorn-gevent"}
    assert affected_by("nginx", HTTP1) == {id for id in HTTP1 if "-nginx" in id}
    assert affected_by("locust", HTTP1) == set(HTTP1)


@pytest.mark.parametrize("package", ["hypercorn", "h11", "flask"])
def test_every_package_matters_to_a_stack_of_no_catalog(package: str) -> None:
    assert affected_by(package, ["asgi-other"]) == {"asgi-other"}
