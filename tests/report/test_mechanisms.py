"""What a run found, by what a slow client holds."""

from __future__ import annotations

from loadtests.records.cell import Cell
from loadtests.report.sections.mechanisms import mechanisms
from tests import runs

OUT = {0: 150, 2: 150, 16: 0, 512: 0}
DEGRADED = {0: 150, 2: 150, 16: 90, 512: 90}


def found(*cells: Cell) -> dict[str, list[str]]:
    return {m.title: m.sentences for m in mechanisms(runs.run(cells))}


def test_mechanisms_come_in_the_order_of_what_they_bear() -> None:
    cells = [*runs.full().cells, runs.cell("asgi-uvicorn", "loop-block", answered=OUT)]
    assert list(found(*cells)) == ["Workers", "Threads", "Event loops", "Connections"]


def test_mechanism_says_how_many_there_are_to_hold() -> None:
    name = "wsgi-gunicorn-gthread"
    one = runs.cell(name, workers=3, threads=4, answered=OUT)
    where = "Where a client holds {}, 16 slow clients stopped {}."
    assert found(one)["Threads"] == [where.format("one of 12 threads", name)]
    alone = runs.cell("wsgi-gunicorn-sync", workers=1, answered=OUT)
    said = where.format("the only worker", "wsgi-gunicorn-sync")
    assert found(alone)["Workers"] == [said]
    other = runs.cell("wsgi-uvicorn", workers=2, threads=4, answered=OUT)
    both = where.format("a thread", f"{name} and wsgi-uvicorn")
    assert found(one, other)["Threads"] == [both]


def test_stack_belongs_to_what_is_held_under_each_scenario() -> None:
    assert found(
        runs.cell("wsgi-uvicorn", "slow-body", answered=OUT, threads=8),
        runs.cell("wsgi-uvicorn", "idle", answered={0: 150, 512: 150}),
        runs.cell("asgi-uvicorn", "loop-block", answered=OUT),
        runs.cell("asgi-uvicorn", "slow-body", answered=DEGRADED),
    ) == {
        "Threads": [
            "Where a client holds one of 16 threads, 16 slow clients stopped "
            "wsgi-uvicorn."
        ],
        "Event loops": [
            "Where a client holds an event loop, because its handler blocks, 16 slow "
            "clients stopped asgi-uvicorn."
        ],
        "Connections": [
            "Where a client holds no more than a connection, 16 slow clients degraded "
            "asgi-uvicorn and wsgi-uvicorn kept answering beside 512 slow clients."
        ],
    }


def test_what_is_held_for_part_of_the_time_is_told_apart() -> None:
    cells = [
        runs.cell("wsgi-gunicorn-gthread", scenario, answered={**OUT, at: 0}, threads=8)
        for scenario, at in (("slow-body", 16), ("idle", 40), ("slow-read", 21))
    ]
    assert found(*cells)["Threads"] == [
        "Where a client holds one of 16 threads, 16 slow clients stopped "
        "wsgi-gunicorn-gthread.",
        "Where the server takes the thread back after a while, 16 slow clients stopped "
        "wsgi-gunicorn-gthread.",
    ]


def test_many_stacks_are_counted() -> None:
    names = ("asgi-uvicorn", "asgi-granian", "asgi-hypercorn")
    cells = [runs.cell(name, "loop-block", answered=OUT) for name in names]
    [said] = found(*cells)["Event loops"]
    assert said.endswith("16 slow clients stopped 3 stacks.")


def test_stack_that_the_catalog_does_not_know_is_not_explained() -> None:
    assert found(runs.cell("wsgi-mine", answered=DEGRADED)) == {
        "Other stacks": ["16 slow clients degraded wsgi-mine."]
    }
