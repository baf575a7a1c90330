"""The part of the README that a run makes: findings, a picture, a table.

It stands between two marks, and everything outside of them is left as it is.
"""

from __future__ import annotations

import statistics
from collections import Counter

from loadtests.analysis.outcomes import Outcome, outcomes
from loadtests.analysis.predictions import BEYOND, CONFIRMED, PARTLY, REFUTED
from loadtests.records.run import Run
from loadtests.report.charts import drawing
from loadtests.report.formats.markdown import capacities
from loadtests.report.formats.syntax import text
from loadtests.report.prose import text as words
from loadtests.report.sections import rate_overload, rates
from loadtests.report.sections.finding import incomplete
from loadtests.report.sections.mechanisms import Mechanism, mechanisms, named
from loadtests.report.words import amount, listed

HARM = "Harm begins with fewer. [The first table of the report]({}) has what each held."
BEGIN = "<!-- made from reports/example by make readme -->"
END = "<!-- made so far -->"


def part(run: Run, folder: str) -> str:
    """What is to stand between the marks; `folder` is where the run is, as a link."""
    shown = drawing.capacity(run)
    drawn = [f"![{text(shown.alternative)}]({folder}/{shown.file})"] if shown else []
    bullets = [
        f"- **{mechanism.title}.** {text(' '.join(mechanism.sentences))}"
        for mechanism in (*mechanisms(run), *_of_rates(run))
    ]
    blocks = [_made(run, folder), text(incomplete(run)), "\n".join(bullets)]
    table = capacities(run)
    if table:
        where = f"{folder}/report.md#all-stacks-in-one-table"
        table[-1] += f" {HARM.format(where)}"
    return "\n\n".join([*filter(None, blocks), *drawn, *table])


def _of_rates(run: Run) -> list[Mechanism]:
    """What it found of requests at a rate, if that was measured."""
    overload = rate_overload.points(run, lambda names: (named(names),))
    said = [words(point) for point in (*rates.points(run), *overload)]
    return [Mechanism("Requests that wait", said)] if said else []


def _made(run: Run, folder: str) -> str:
    """One sentence: which run, on what, and how many predictions were right."""
    found = outcomes(run)
    report = f"{folder}/report.md"
    deploy = f"[what to deploy]({report}#what-should-i-deploy)"
    whole = f"[The whole report]({report}) begins with {deploy}.{_earlier(run)}"
    if not found:
        return f"No cell of this run counts. [The whole report]({report})."
    on = run.environment
    return (
        f"A {text(run.run.profile)} run of {text(run.run.started_at[:10])} "
        f"{_predictions(found)}.{_ranges(found)} It measured "
        f"{amount(len(run.cells), 'cell')} on {text(on.cpu)}, "
        f"{amount(on.cpus, 'core')}, Python {text(on.python)}. {whole}"
    )


def _earlier(run: Run) -> str:
    """That a run of format 1 was measured otherwise than a new one would be."""
    if run.method.arrive_per_s is not None:
        return ""
    top = max((s.slow_clients for c in run.cells for s in c.steps), default=0)
    return f" An earlier method measured this run, with up to {top} slow clients."


def _predictions(found: list[Outcome]) -> str:
    """How many of what was predicted was found so, and what became of the others."""
    verdicts = Counter(outcome.verdict for outcome in found if outcome.predicted)
    said = (
        f"confirmed {verdicts[CONFIRMED]} of {amount(verdicts.total(), 'prediction')}"
    )
    others = {
        "refuted {}": verdicts[REFUTED],
        "did not test {} (above the last step)": verdicts[BEYOND],
        "found {} in some repeats": verdicts[PARTLY],
    }
    parts = [words.format(number) for words, number in others.items() if number]
    return f"{said}. It {listed(parts)}" if parts else said


def _ranges(found: list[Outcome]) -> str:
    """How many predictions are no single number, and how wide they are: a wide one is
    easily confirmed."""
    widths = [width for outcome in found if (width := _width(outcome))]
    if not widths:
        return ""
    return (
        f" {amount(len(widths), 'prediction')} gave a range, because clients reach the "
        "workers unevenly. Half of these ranges span a factor of "
        f"{statistics.median_low(widths):.1f} or less."
    )


def _width(outcome: Outcome) -> float:
    """How many times its least number the most is; 0 where one number was predicted."""
    predicted = (outcome.predicted, outcome.predicted_first)
    known = [(one.low, one.high) for one in predicted if one and one.uneven]
    return max((high / low for low, high in known if low and high), default=0.0)


def renewed(page: str, new: str, mark: str = BEGIN) -> str | None:
    """The page with this part behind that mark; None if it has no place for one."""
    before, begin, rest = page.partition(mark)
    _, end, after = rest.partition(END)
    return f"{before}{begin}\n\n{new}\n\n{end}{after}" if begin and end else None
