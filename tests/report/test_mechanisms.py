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
    assert list(found(*runs.full().cells)) == [
        "Workers",
        "Threads",
        "Event loops and greenlets",
    ]


def test_mechanism_says_how_many_there_are_to_hold() -> None:
    name = "wsgi-gunicorn-gthread"
    one = runs.cell(name, workers=3, threads=4)
    assert found(one)["Threads"][0] == "A slow client holds one of 12 threads."
    alone = runs.cell("wsgi-gunicorn-sync", workers=1)
    assert found(alone)["Workers"][0] == "A slow client holds the only worker."
    other = runs.cell("wsgi-uvicorn", workers=2, threads=4)
    assert found(one, other)["Threads"][0] == "A slow client holds a thread."


def test_stack_that_holds_something_else_under_a_scenario_is_told_apart() -> None:
    assert found(
        runs.cell("wsgi-uvicorn", "slow-body", answered=OUT),
        runs.cell("wsgi-uvicorn", "idle", answered={0: 150, 512: 150}),
        runs.cell("asgi-uvicorn", "loop-block", answered=OUT),
        runs.cell("asgi-uvicorn", "slow-body"),
    ) == {
        "Threads": [
            "A slow client holds one of 2 threads.",
            "16 slow clients stopped wsgi-uvicorn under slow-body.",
            "This stack kept answering beside 512 slow clients under idle, where each "
            "client holds a file descriptor.",
        ],
        "Event loops and greenlets": [
            "A slow client holds a file descriptor.",
            "16 slow clients stopped asgi-uvicorn under loop-block, where each client "
            "holds a worker's event loop.",
            "This stack kept answering beside 512 slow clients under slow-body.",
        ],
    }


def test_stacks_that_ended_alike_are_named_together() -> None:
    under = ("slow-headers", "slow-body")
    cells = [
        runs.cell(f"asgi-{server}", scenario, answered={**OUT, at: 0})
        for server, at in (("gunicorn", 2), ("uvicorn", 16))
        for scenario in under
    ]
    assert found(*cells)["Event loops and greenlets"] == [
        "A slow client holds a file descriptor.",
        "2 to 16 slow clients stopped asgi-gunicorn and asgi-uvicorn under every "
        "scenario.",
    ]


def test_stack_that_the_catalog_does_not_know_is_not_explained() -> None:
    assert found(runs.cell("wsgi-mine", answered=DEGRADED)) == {
        "Other stacks": ["16 slow clients degraded wsgi-mine under slow-body."]
    }
