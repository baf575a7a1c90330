"""Questions that people ask, answered from a run; without figures, not answered."""

from __future__ import annotations

import re

import pytest

from loadtests import ROOT
from loadtests.commands.example import EXAMPLE
from loadtests.commands.targets import TARGETS
from loadtests.records.folder import ALONE, read_beside
from loadtests.records.run import load_run
from loadtests.report.formats import answers
from loadtests.report.questions import QUESTIONS, Question
from tests import runs


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
