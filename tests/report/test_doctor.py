"""What the doctor says: a sentence for each cause, the page, the terminal."""

from __future__ import annotations

import dataclasses
import io
from typing import Any

import pytest
from rich.console import Console, RenderableType

from loadtests.analysis.diagnosis import (
    BLOCKED_LOOP,
    HANDLER_THREADS,
    POOL,
    PREDICTED,
    SEEN,
    UNKNOWN,
    Examined,
    Finding,
    Mended,
    Trial,
)
from loadtests.analysis.threads import Place
from loadtests.catalog import stacks
from loadtests.catalog.remedies import Remedy
from loadtests.catalog.stacks import Option, Supply
from loadtests.records.target import OtherTarget, OwnCommand
from loadtests.report import doctor, doctor_lines
from loadtests.report.causes import because
from loadtests.report.prose import text
from tests import runs

HOLDS = Place("report", "/srv/shop/main.py", 14, 5, 5)
WAITS = Place("health", "/srv/shop/main.py", 9, 35, 20, "Semaphore.acquire")
BEFORE = runs.cell("command", "slow-body", answered={0: 150, 15: 150, 16: 0})
WELL = runs.cell("command", "idle", answered={0: 150, 400: 150})
VOID = dataclasses.replace(WELL, scenario="slow-read", valid=False)
AFTER = runs.cell("command", "slow-body", answered={0: 150, 400: 150})
COMMAND = "gunicorn --threads=64 shop:app"


def finding(cause: str, **given: Any) -> Finding:
    given = {"known_by": SEEN, **given}
    return Finding("slow-body", 15, 16, 16, cause, **given)


@pytest.mark.parametrize(
    ("one", "says"),
    [
        (
            finding(BLOCKED_LOOP, places=(HOLDS,)),
            "The event loop is blocked in report (main.py:14).",
        ),
        (
            finding(POOL, number=5, places=(WAITS, HOLDS)),
            "5 requests hold all that the pool of a worker has. 35 more wait in "
            "Semaphore.acquire, called by health (main.py:9).",
        ),
        (
            finding(HANDLER_THREADS, number=40, places=(HOLDS,)),
            "All 40 threads in which a worker runs handlers are in report "
            "(main.py:14).",
        ),
        (finding(Supply.THREADS, number=8), "All 8 threads of a worker are held."),
        (
            finding(Supply.WORKERS, known_by=PREDICTED),
            "A worker serves one client at a time, and all workers are held. No thread "
            "or socket showed that: it was predicted, and came true.",
        ),
        (
            finding(Supply.WORKER_CONNECTIONS, number=15),
            "A worker takes 15 connections (worker_connections).",
        ),
        (
            finding(Supply.DESCRIPTORS, number=256),
            "A process may open 256 files, and has none left.",
        ),
        (
            finding(Supply.EVENT_LOOPS),
            "The handler holds the event loop of its worker.",
        ),
        (finding(UNKNOWN), "Not known: nothing that was seen explains it."),
        (
            finding(UNKNOWN, unseen="Permission denied"),
            "Not known: py-spy could not look at the threads (Permission denied).",
        ),
        (
            finding(HANDLER_THREADS, number=3),
            "All 3 threads in which a worker runs handlers are in the app.",
        ),
    ],
)
def test_cause_is_said_in_a_sentence(one: Finding, says: str) -> None:
    assert text(because(one, "command")) == says


def trial(after: Any = AFTER) -> Trial:
    return Trial("--threads=64", COMMAND, (Mended(BEFORE, after),))


def found(**given: Any) -> Examined:
    plain = Examined(
        100, (BEFORE, WELL), (finding(Supply.THREADS, number=8, places=(WAITS,)),)
    )
    return dataclasses.replace(plain, **given)


RUN = dataclasses.replace(
    runs.run([BEFORE, WELL]),
    target=OtherTarget(
        COMMAND, "", False, "", "/srv/shop", "GET /", command=OwnCommand([])
    ),
)


@pytest.mark.parametrize(
    ("examined", "says"),
    [
        (
            found(findings=()),
            "Each scenario holds 100 slow clients or more: nothing is to be changed.",
        ),
        (
            found(findings=(), cells=(WELL, VOID)),
            "Not known: slow-read could not be measured. The whole report says why.",
        ),
        (
            found(),
            "Fewer than 100 slow clients are held under slow-body: threads run out.",
        ),
        (
            found(trials=(trial(),)),
            "Fewer than 100 slow clients are held under slow-body: threads run out. "
            "With --threads=64 all of them hold 100 or more.",
        ),
        (
            found(trials=(trial(BEFORE),)),
            "Fewer than 100 slow clients are held under slow-body: threads run out. "
            "--threads=64 did not help enough.",
        ),
    ],
)
def test_headline_is_the_result(examined: Examined, says: str) -> None:
    assert text(doctor.headline(examined)) == says


def test_page_has_diagnosis_evidence_prescription_before_and_after() -> None:
    page = doctor.page(found(trials=(trial(),)), RUN)
    for words in (
        "Diagnosis",
        "All 8 threads of a worker are held.",
        "Evidence",
        "waiting in <code>Semaphore.acquire</code>",
        "/srv/shop/main.py:9",
        "Prescription",
        "400 or more",
        COMMAND,
        "How it was measured",
    ):
        assert words in page
    assert "http://" not in page.replace("http://www.w3.org", "")


def test_page_of_one_of_our_stacks_and_of_nothing_found() -> None:
    sound = found(findings=(), cells=(WELL, VOID))
    page = doctor.page(sound, runs.run([WELL]))
    assert "<title>Doctor: command</title>" in page
    assert "void: see the whole report" in page
    assert "Prescription" not in page
    unknown = doctor.in_markdown(found(findings=(finding(UNKNOWN),)), RUN)
    assert "Evidence" not in unknown
    assert "# Not known" in doctor.in_markdown(sound, runs.run([]))
    assert doctor.page(found(findings=(), cells=()), RUN)


def test_markdown_says_what_the_app_can_do_and_why_nothing_was_tried() -> None:
    degraded = runs.cell("command", "slow-body", answered={0: 150, 1: 150, 16: 99})
    said = doctor.in_markdown(
        found(
            cells=(degraded,),
            findings=(finding(BLOCKED_LOOP, places=(HOLDS,)),),
            untried="No change was tried.",
        ),
        RUN,
    )
    assert "degrades at 16" in said
    assert "`await asyncio.to_thread(...)`" in said
    assert "No change was tried." in said


def shown(one: RenderableType) -> str:
    out = io.StringIO()
    Console(file=out, width=200).print(one)
    return out.getvalue()


def test_terminal_has_a_line_for_each_scenario() -> None:
    said = shown(doctor_lines.told(found(cells=(BEFORE, WELL, VOID)))).splitlines()
    assert said == [
        "Diagnosis",
        "  slow-body  holds 15, stops at 16",
        "  idle       holds 400 or more",
        "  slow-read  not known, because the cell is void",
        "All 8 threads of a worker are held.",
    ]
    assert shown(doctor_lines.told(found(cells=(), findings=()))) == "Diagnosis\n"


def test_terminal_says_what_a_change_did() -> None:
    said = shown(doctor_lines.told_of(trial(), 100))
    assert said == "  slow-body: holds 400 or more, and 15 before\n"


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"findings": (finding(POOL, number=5, places=(WAITS,)),)}, "the pool larger"),
        ({"untried": "No change was tried."}, "No change was tried."),
    ],
)
def test_terminal_ends_with_what_is_left_to_do(
    given: dict[str, Any], says: str
) -> None:
    said = shown(doctor_lines.told_at_last(found(**given)))
    assert says in said
    assert said.endswith("Page:\n")


def test_change_is_named_as_it_is_typed() -> None:
    stack = stacks.find("asgi-uvicorn")
    assert doctor_lines.change(Remedy(stack, nofile=2048)) == "ulimit -n 2048"
    options = (Option("worker-class", "gthread"), Option("threads", "64"))
    said = doctor_lines.change(Remedy(stack, options))
    assert said == "--worker-class=gthread --threads=64"
