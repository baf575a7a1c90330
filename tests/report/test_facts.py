"""The sentences of facts: of known kinds, of unknown ones, of both tries of a cell."""

from __future__ import annotations

import pytest

from loadtests.records import facts
from loadtests.records.facts import Fact, fact
from loadtests.report.facts import SENTENCES, doubts, reason, sentence, sentences
from loadtests.report.sections.doubts import warnings
from tests import runs

LATE = fact(facts.LEFT_LATE, lag_p99_ms=7.25, limit_ms=5)


def test_sentence_has_the_figures_of_its_fact() -> None:
    assert sentence(LATE) == (
        "requests left late, by up to 7.2 ms (p99; the limit is 5 ms)"
    )


@pytest.mark.parametrize(
    ("of_later", "says"),
    [
        (Fact("later", {"a": 1.5, "b": 2.0}), "later a 1.5, b 2"),
        (Fact("later", {"a": 1.5}, "it rained"), "it rained"),
    ],
)
def test_fact_of_an_unknown_kind_shows_its_words_or_its_figures(
    of_later: Fact, says: str
) -> None:
    assert sentence(of_later) == says


WITHOUT_FIGURES = (
    facts.NOT_CLIMBED,
    facts.NOTHING_SENT,
    facts.NOT_LISTENING,
    facts.PORT_TAKEN,
    facts.NOT_AT_REST,
)


@pytest.mark.parametrize("kind", [k for k in SENTENCES if k not in WITHOUT_FIGURES])
def test_fact_that_lacks_a_figure_shows_those_that_it_has(kind: str) -> None:
    assert sentence(Fact(kind, {"other": 3.0})) == f"{kind} other 3"


@pytest.mark.parametrize(
    ("found", "says"),
    [
        (
            fact(facts.SERVER_DIED, "logs/x ends: Killed", status=-9),
            "the server died: signal 9 ended its first process: logs/x ends: Killed",
        ),
        (
            fact(facts.SERVER_DIED, "logs/x ends: nothing", status=3),
            "the server died: its first process ended with status 3: logs/x ends: "
            "nothing",
        ),
        (
            fact(facts.TIMES, stolen_percent=0, lag_p99_ms=2.5, limit_ms=0.5),
            "response times are doubtful: requests left late, by up to 2.5 ms (p99)",
        ),
        (
            fact(facts.TIMES, stolen_percent=5, lag_p99_ms=2.5, limit_ms=0.5),
            "response times are doubtful: the hypervisor took 5 % of the machine's "
            "time, and requests left late, by up to 2.5 ms (p99)",
        ),
        (
            fact(facts.BASELINE_HARMED, answered=3, attempted=100),
            "without slow clients only 3 of 100 healthy requests were answered",
        ),
        (
            fact(facts.NOT_RECOVERED, slow_clients=12),
            "the search ended early: the server did not recover in 10 s after all but "
            "12 slow clients had left",
        ),
        (
            fact(facts.NOT_AT_REST, cores=0.98),
            "the server did not come to rest, even without slow clients: it used 0.98 "
            "of a core",
        ),
        (
            fact(facts.NO_DISK, slow_clients=900, wanted_mb=5300, free_mb=4000),
            "the search ended early: 900 slow clients would have stored 5300 MB more, "
            "over half of the 4000 MB that were free on disk",
        ),
        (
            fact(facts.NO_MEMORY, slow_clients=900, wanted_mb=5300, free_mb=4000),
            "the search ended early: 900 slow clients would have taken 5300 MB more, "
            "over half of the 4000 MB that were free",
        ),
        (
            fact(facts.NO_PORTS, slow_clients=900, wanted=1100, free=500),
            "the search ended early: 900 slow clients and the probe would have taken "
            "1100 ports, and there are 500 to connect from "
            "(net.ipv4.ip_local_port_range)",
        ),
        (
            fact(facts.PORT_TAKEN, "nc (pid 7)"),
            "a foreign process listens on the server's port: nc (pid 7)",
        ),
    ],
)
def test_words_of_a_fact_stand_behind_its_sentence(found: Fact, says: str) -> None:
    assert sentence(found) == says


def test_sentences_stand_behind_each_other() -> None:
    climbed = fact(facts.NOT_CLIMBED)
    assert sentences([LATE, climbed]) == f"{sentence(LATE)}; {sentence(climbed)}"
    assert sentences([]) == ""


def test_reason_names_the_faults_of_both_tries() -> None:
    cell = runs.cell(
        valid=False,
        faults=[fact(facts.NOTHING_SENT)],
        first_try=runs.facts("it rained"),
    )
    assert reason(cell) == (
        "no healthy request was sent; second try; the first was void: it rained"
    )


def test_cell_without_steps_or_faults_has_a_reason() -> None:
    assert reason(runs.cell(valid=False, steps=[])) == "no step was measured"
    assert reason(runs.cell(valid=False)) == "no reason was recorded"


def test_warnings_that_are_the_same_are_one_line_for_each_stack() -> None:
    early = [facts.Fact(facts.NOT_RECOVERED, {"slow_clients": 9})]
    cells = [
        runs.cell("a", "slow-body", doubts=early),
        runs.cell("a", "idle", doubts=early),
        runs.cell("b", "idle", doubts=early),
        runs.cell("b", "slow-body"),
    ]
    said = "the search ended early: the server did not recover in 10 s after all but "
    assert warnings(runs.run(cells)) == [
        ("a, 2 cells (idle, slow-body)", f"{said}9 slow clients had left"),
        ("b, idle, repeat 1", f"{said}9 slow clients had left"),
    ]


def test_doubts_name_the_first_try() -> None:
    cell = runs.cell(
        doubts=runs.facts("it may rain"), first_try=runs.facts("it rained")
    )
    assert doubts(cell) == ["it may rain", "second try; the first was void: it rained"]
    assert doubts(runs.cell()) == []
