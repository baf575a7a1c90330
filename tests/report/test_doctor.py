"""What the doctor says: a sentence for each cause, the page, the terminal."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

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
from loadtests.catalog.stacks import Supply
from loadtests.records.target import OtherTarget, OwnCommand
from loadtests.report import doctor
from loadtests.report.causes import because
from loadtests.report.prose import text
from tests import runs

HOLDS = Place("report", "/srv/shop/main.py", 14, 5)
WAITS = Place("health", "/srv/shop/main.py", 9, 35, "Semaphore.acquire")
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
            "A pool is empty: 5 threads of the fullest worker are in report "
            "(main.py:14), and 35 of all workers wait in Semaphore.acquire, called by "
            "health (main.py:9).",
        ),
        (
            finding(HANDLER_THREADS, number=40, places=(HOLDS,)),
            "Threads for handlers run out: 40 of the fullest worker are in report "
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
        (finding(Supply.THREADS), "All threads are held."),
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
            "Threads for handlers run out: 3 of the fullest worker are in the app.",
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
            found(findings=(), cells=(WELL,)),
            "Each scenario holds 100 slow clients or more: nothing is to be changed.",
        ),
        (
            found(findings=(), cells=(WELL, VOID)),
            "Not known of slow-read: the whole report says why.",
        ),
        (
            found(),
            "Fewer than 100 slow clients are held under slow-body: threads run out.",
        ),
        (
            found(trials=(trial(),)),
            "Fewer than 100 slow clients are held under slow-body: threads run out. "
            "With --threads=64, slow-body holds 100 or more.",
        ),
        (
            found(trials=(trial(BEFORE),)),
            "Fewer than 100 slow clients are held under slow-body: threads run out. "
            "--threads=64 did not help enough under slow-body.",
        ),
        (
            found(trials=(trial(dataclasses.replace(BEFORE, valid=False)),)),
            "Fewer than 100 slow clients are held under slow-body: threads run out. "
            "What --threads=64 does could not be measured.",
        ),
        (
            found(cells=(BEFORE, VOID), findings=(finding(UNKNOWN),)),
            "Fewer than 100 slow clients are held under slow-body: the cause is not "
            "known. Not known of slow-read: the whole report says why.",
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
    unseen = doctor.in_markdown(
        found(findings=(finding(UNKNOWN, unseen="no permission"),)), RUN
    )
    assert "`py-spy` could not look at the threads: no permission." in unseen
    assert "# Not known" in doctor.in_markdown(sound, runs.run([]))
    assert doctor.page(found(findings=(), cells=()), RUN)


def test_markdown_says_what_the_app_can_do_and_why_nothing_was_tried() -> None:
    degraded = runs.cell("command", "slow-body", answered={0: 150, 1: 150, 16: 99})
    said = doctor.in_markdown(
        found(
            cells=(degraded,),
            findings=(finding(BLOCKED_LOOP, places=(HOLDS,)),),
            untried=("No change was tried.",),
        ),
        RUN,
    )
    assert "degrades at 16" in said
    assert "`await asyncio.to_thread(...)`" in said
    assert "No change was tried." in said
