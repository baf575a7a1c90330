"""docs/answers.md: questions that people ask, answered with figures of the examples."""

from __future__ import annotations

import re

from loadtests.records.folder import Beside
from loadtests.records.run import Run
from loadtests.report.answers import AbsentError, Source
from loadtests.report.formats.syntax import text
from loadtests.report.questions import QUESTIONS, Question
from loadtests.report.words import amount, plain, when

LEAD = """\
# Answers

Questions that people ask about servers for WSGI and ASGI, with what
[the example](../reports/example/report.md){and_rates} measured.
`make readme` writes this page. {machine}.
Stacks had 2 workers, and 8 threads in each worker where there are threads. daphne and
waitress had one process, and waitress had 16 threads. On another machine, a count of
slow clients is the same, or another number in the predicted range. A time is not.
"""
AND_RATES = """
and [the example of rates](../reports/example-rates/report.md)"""


def page(run: Run, beside: Beside, of_rates: Run | None = None) -> str:
    """The whole page, as Markdown: the questions for which the runs have figures."""
    source = Source(run, beside, of_rates)
    answered = [part for one in QUESTIONS if (part := _answered(one, source))]
    contents = "\n".join(f"- [{asked}](#{_anchor(asked)})" for asked, _ in answered)
    and_rates = AND_RATES if of_rates else ""
    lead = LEAD.format(machine=_machine(run), and_rates=and_rates).rstrip()
    return "\n\n".join([lead, contents, *(part for _, part in answered)]) + "\n"


def _answered(one: Question, source: Source) -> tuple[str, str] | None:
    try:
        answer = one.answer(source)
        evidence = source.evidence(one.claim) if one.claim else ""
    except AbsentError:
        return None
    lines = [
        f"## {one.asked}",
        _with_code(answer),
        *([f"    {plain(evidence)}"] if evidence else []),
        f"This changes if {_with_code(one.unless)}. See for yourself:",
        f"    {one.command}",
    ]
    return one.asked, "\n\n".join(lines)


def _with_code(answer: str) -> str:
    """Text in which backticks stand for code."""
    parts = answer.split("`")
    return "`".join(part if n % 2 else text_of(part) for n, part in enumerate(parts))


def text_of(part: str) -> str:
    """Escaped, with the blanks around it."""
    inner = text(part)
    before, after = part[:1] == " ", part[-1:] == " "
    return f"{' ' * before}{inner}{' ' * after}" if part.strip() else part


def _anchor(asked: str) -> str:
    """As code hosts make one of a heading."""
    kept = re.sub(r"[^\w\- ]", "", asked.lower())
    return kept.replace(" ", "-")


def _machine(run: Run) -> str:
    on = run.environment
    cores = amount(on.cpus, "core")
    return plain(f"Measured on {cores} of an {on.cpu}, {when(run.run.started_at)}")
