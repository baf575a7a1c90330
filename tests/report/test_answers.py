"""Questions that people ask, answered from a run; without figures, not answered."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable

import pytest

from loadtests import ROOT
from loadtests.catalog.phases import Phase
from loadtests.commands.example import EXAMPLE
from loadtests.commands.targets import TARGETS
from loadtests.records.beside_cells import SelfRecovery
from loadtests.records.cell import Fates, ServerFigures
from loadtests.records.folder import ALONE, Beside, read_beside
from loadtests.records.phase_map import Ended
from loadtests.records.rate import Overload, Rate
from loadtests.records.run import load_run
from loadtests.report.answers import AbsentError, Source
from loadtests.report.formats import answers
from loadtests.report.questions import QUESTIONS, Question
from tests import runs
from tests.analysis.test_rates import RATE
from tests.phase_maps import phase_map


@pytest.fixture(scope="module")
def page() -> str:
    folder = ROOT / EXAMPLE
    return answers.page(load_run(folder), read_beside(folder))


def test_example_answers_twenty_questions_with_figures(page: str) -> None:
    sections = page.split("\n## ")[1:]
    assert len(sections) >= 20
    for section in sections:
        answer = section.split("\n\n")[1]
        assert re.search(r"\d", answer), section
        assert "This changes if " in section
        assert "    make " in section


def test_question_of_which_the_run_knows_nothing_is_left_out() -> None:
    assert "## " not in answers.page(runs.run([runs.cell("other")]), ALONE)


@pytest.mark.parametrize("one", QUESTIONS, ids=lambda one: one.asked[:30])
def test_command_of_an_answer_is_one_that_make_takes(one: Question) -> None:
    words = one.command.split()
    assert words[0] == "make"
    names = re.findall(r"([A-Z_]+)=", one.command)
    assert set(names) <= set(TARGETS[words[1]].takes)


@pytest.mark.parametrize(
    "figure",
    [
        lambda s: s.out("wsgi-waitress"),
        lambda s: s.met("asgi-uvicorn"),
        lambda s: s.freed("asgi-uvicorn"),
        lambda s: s.us("asgi-uvicorn"),
        lambda s: s.cheapest(),
        lambda s: s.kb("asgi-uvicorn", "slow-body"),
        lambda s: s.ends(Phase.HEAD),
        lambda s: s.watched_s,
        lambda s: s.evidence("nothing"),
        lambda s: s.uneven("asgi-uvicorn", "slow-body"),
        lambda s: s.sustained("asgi-uvicorn", "backend-wait"),
        lambda s: s.in_time("asgi-uvicorn", "backend-wait"),
    ],
)
def test_figure_that_the_run_does_not_have_is_absent(
    figure: Callable[[Source], object],
) -> None:
    cell = dataclasses.replace(
        runs.cell("asgi-uvicorn"),
        server=ServerFigures(60.0, 90.0, None, 0),
    )
    with pytest.raises(AbsentError):
        figure(Source(runs.run([cell]), ALONE))


def test_stack_that_was_never_out_is_said_to_hold_more() -> None:
    source = Source(runs.run([runs.cell("asgi-uvicorn")]), ALONE)
    assert source.out("asgi-uvicorn") == "more than 512"


def test_stack_that_never_freed_itself_is_said_not_to() -> None:
    one = SelfRecovery("a", "slow-body", 2, 40.0, 9, 0, None, Fates(), 0, 0, True)
    run = dataclasses.replace(runs.run([]), self_recoveries=[one])
    assert Source(run, ALONE).freed("a") == "not within 40 s"


def test_nginx_is_named_only_where_it_stands_in_front() -> None:
    ended = [Ended("asgi-hypercorn", Phase.HEAD, 5.1)]
    phases = dataclasses.replace(phase_map(runs.ENVIRONMENT), ended=ended)
    [one] = [q for q in QUESTIONS if q.asked == "Who stops a slowloris?"]
    said = one.answer(Source(runs.run([]), Beside(phases=phases)))
    assert "ended by asgi-hypercorn (5 s). The other" in said


def rate(sustained: float | None, failed: float | None, *tried: Overload) -> Rate:
    return dataclasses.replace(
        RATE,
        stack="a",
        scenario="backend-wait",
        sustained_per_s=sustained,
        failed_per_s=failed,
        overloads=[*tried],
    )


@pytest.mark.parametrize(
    ("sustained", "failed", "said"),
    [
        (144.0, 176.0, "144 a second, and failed at 176"),
        (1000.0, None, "1,000 a second, the most that was asked"),
    ],
)
def test_rate_is_said_of_the_run_that_has_it(
    sustained: float, failed: float | None, said: str
) -> None:
    of_rates = dataclasses.replace(runs.run([]), rates=[rate(sustained, failed)])
    source = Source(runs.run([runs.cell("a")]), ALONE, of_rates)
    assert source.sustained("a", "backend-wait") == said


def test_rate_that_was_never_sustained_is_absent() -> None:
    run = dataclasses.replace(runs.run([]), rates=[rate(None, 9.0)])
    with pytest.raises(AbsentError):
        Source(run, ALONE).sustained("a", "backend-wait")


@pytest.mark.parametrize(
    ("goodput", "recovered_s", "said", "well"),
    [
        (0.0, 12.0, "none of 216 a second", "after 12 s"),
        (140.0, None, "140 of 216 a second", "not within 60 s"),
    ],
)
def test_overload_is_said_by_the_least_that_was_tried(
    goodput: float, recovered_s: float | None, said: str, well: str
) -> None:
    least = Overload(1.5, 216.0, goodput, {}, recovered_s, None, 60.0)
    more = dataclasses.replace(least, times=3.0, rate_per_s=432.0, goodput_per_s=1.0)
    found = rate(144.0, 176.0, more, least)
    source = Source(dataclasses.replace(runs.run([]), rates=[found]), ALONE)
    assert source.in_time("a", "backend-wait") == said
    assert source.well_again("a", "backend-wait") == well


@pytest.mark.parametrize(
    "figure",
    [
        lambda s: s.predicted("a", "backend-wait"),
        lambda s: s.in_time("a", "backend-wait"),
    ],
)
def test_rate_without_a_prediction_or_an_overload_has_no_such_figure(
    figure: Callable[[Source], object],
) -> None:
    unknown = dataclasses.replace(rate(144.0, 176.0), predicted_per_s=None)
    source = Source(dataclasses.replace(runs.run([]), rates=[unknown]), ALONE)
    with pytest.raises(AbsentError):
        figure(source)
