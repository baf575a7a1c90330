"""The finding: sentences that follow from the figures."""

from __future__ import annotations

import dataclasses

import pytest

from loadtests.records.cell import Step
from loadtests.records.facts import TIMES, fact
from loadtests.report.sections import response_times
from loadtests.report.sections.finding import sentences
from loadtests.report.values import written
from tests import runs
from tests.analysis.pairs import found, numbered
from tests.report.shown import drawn, sync_out
from tests.report.test_application import SHOP


def test_finding_tells_what_else_ran_out_than_was_predicted() -> None:
    given = {"predicted_out_at": 8, "predicted_ran_out": "threads"}
    cell = found(4, 7, 8, degrades=8, out=8, ran_out="descriptors", **given)
    assert sentences(runs.run([cell]))[0] == (
        "The measurement confirmed 0 of 1 prediction. It refuted 1. asgi-uvicorn under "
        "slow-body was predicted to run out of threads, but ran out of descriptors."
    )


def test_response_times_of_searches_are_those_of_what_each_repeat_held() -> None:
    repeats = [found(n - 1, n, n + 9, degrades=n) for n in (199, 205)]
    rows = response_times.table(runs.run(numbered(repeats))).rows
    assert [written(row["slow_clients"]) for row in rows] == ["0", "198", "214"]
    assert written(rows[1]["answered"]) == "100.0 % (98.7 to 100)", "both are in it"


def test_finding_counts_what_it_does_not_name() -> None:
    wrong = [sync_out(predicted=1)]
    wrong += [runs.cell(f"b{n}", predicted=n) for n in (5, 6, 7)]
    some = [runs.cell("c", repeat=1), runs.cell("c", repeat=2, answered={0: 150, 4: 0})]
    beyond = runs.cell("d", predicted=2000)
    said = sentences(runs.run([*wrong, *some, beyond]))[0]
    assert "refuted 4. wsgi-gunicorn-sync under slow-body was predicted" in said
    assert (
        "b6 under slow-body was predicted to be out at 6, but held. Others "
        "missed too." in said
    )
    assert "confirmed 1 in some repeats only: c under slow-body." in said
    assert "did not test 1, above the last step" in said


def known(slow_clients: int, p50_ms: float, low: float, high: float | None) -> Step:
    """A step whose p50 has an interval."""
    plain = runs.step(slow_clients, 149, p50_ms)
    return dataclasses.replace(plain, p50_low_ms=low, p50_high_ms=high)


def test_finding_gives_response_time_and_memory() -> None:
    slower = runs.cell(steps=[known(0, 1.5, 1.2, 1.7), known(512, 4.25, 3.5, None)])
    cheap = dataclasses.replace(slower.server, kb_per_slow_client=2.0)
    said = sentences(runs.run([slower, runs.cell("b", server=cheap)]))
    assert (
        "of asgi-uvicorn under slow-body changed most: from 1.5 ms (1.2 to" in said[1]
    )
    assert "to 4.2 ms (3.5 or more) beside 512 slow clients (95 %" in said[1]
    assert "between 2.0 kB (b under slow-body) and 12 kB (asgi-uvicorn" in said[2]


def test_finding_takes_no_noise_for_a_change() -> None:
    noise = runs.cell("a", steps=[known(0, 1.5, 1.2, 1.9), known(512, 2.0, 1.8, 2.4)])
    unknown = runs.cell("b", steps=[runs.step(0), runs.step(512, p50_ms=90.0)])
    said = sentences(runs.run([noise, unknown]))
    assert said[1] == (
        "At the largest step without harm, response times (p50) were those of the "
        "baseline, within 1 ms or within their 95 % intervals. Of those that nothing "
        "else moved, the slowest was 2.0 ms "
        "(1.8 to 2.4), of a under slow-body."
    )


def test_finding_gives_no_memory_of_clients_that_were_not_accepted() -> None:
    nothing = dataclasses.replace(runs.cell().server, kb_per_slow_client=0.0)
    waiting = dataclasses.replace(sync_out(), server=nothing)
    dear = dataclasses.replace(nothing, kb_per_slow_client=20.0)
    held = [runs.cell("a"), runs.cell("b", server=dear)]
    said = sentences(runs.run([waiting, *held]))
    assert not any("sync" in sentence for sentence in said[1:])
    assert "between 12 kB (a under slow-body) and 20 kB (b under slow-body)" in said[-1]


def test_finding_leaves_out_what_was_not_measured() -> None:
    only = runs.cell(steps=[runs.step(8, p50_ms=None)])
    assert len(sentences(runs.run([only]))) == 1
    assert not any("response-time" in p.file for p in drawn(runs.run([only])))


def test_finding_follows_from_the_figures() -> None:
    said = " ".join(sentences(runs.run([sync_out(), runs.cell()])))
    assert "confirmed 2 of 2 predictions" in said
    other = " ".join(sentences(runs.run([sync_out(predicted=1)])))
    assert "refuted 1. wsgi-gunicorn-sync under slow-body was predicted to be" in other


def test_times_that_are_doubtful_are_marked_and_left_out_of_the_finding() -> None:
    steps = [known(0, 1.5, 1.2, 1.7), known(512, 4.25, 3.5, None)]
    sure = runs.run([runs.cell(steps=steps)])
    doubt = fact(TIMES, stolen_percent=9, lag_p99_ms=6)
    unsure = runs.run([runs.cell(steps=steps, doubts=[doubt])])
    assert any("p50 response time" in sentence for sentence in sentences(sure))
    assert not any("p50 response time" in sentence for sentence in sentences(unsure))
    rows = response_times.table(unsure).rows
    assert {written(row["stack"])[-2:] for row in rows} == {" ?"}


@pytest.mark.parametrize(
    ("low", "high", "says"),
    [
        (None, None, "predicted to be unharmed, but degraded at 4 and went out at 8"),
        (8, 15, "predicted to degrade at 8 to 15 and be out at 16, but degraded at 4"),
    ],
)
def test_finding_tells_a_missed_prediction_of_the_first_harm(
    low: int | None, high: int | None, says: str
) -> None:
    cell = runs.cell(answered={0: 150, 4: 90, 8: 0}, predicted=low and 16)
    capacity = dataclasses.replace(
        cell.capacity,
        predicted_degrades_at=low,
        predicted_degrades_by=high,
        predicted_because="it holds a thread",
    )
    said = sentences(runs.run([dataclasses.replace(cell, capacity=capacity)]))
    assert any(says in sentence for sentence in said)


def test_handler_that_does_not_wait_as_its_interface_invites_is_told() -> None:
    """Of an app of the user's: what it holds nobody has read."""
    answered = {0: 150, 4: 90, 8: 0}
    missed = runs.cell(scenario="handler-wait", predicted=2000, answered=answered)
    ours = runs.run([missed])
    theirs = dataclasses.replace(
        ours, target=dataclasses.replace(SHOP, interface="asgi")
    )
    assert not any("make doctor" in sentence for sentence in sentences(ours))
    wsgi = dataclasses.replace(ours, target=SHOP)
    assert not any("make doctor" in sentence for sentence in sentences(wsgi))
    [hint] = [s for s in sentences(theirs) if "make doctor names the line" in s]
    assert hint.startswith("The slow handler of the app may hold something else")
