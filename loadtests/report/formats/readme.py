"""The part of the README that a run makes: findings, a picture, a table.

It stands between two marks, and everything outside of them is left as it is.
"""

from __future__ import annotations

from loadtests.analysis.outcomes import BEYOND, CONFIRMED, REFUTED, Outcome, outcomes
from loadtests.records.run import Run
from loadtests.report.charts import drawing
from loadtests.report.formats.syntax import table, text
from loadtests.report.sections.finding import incomplete
from loadtests.report.sections.matrix import Entry, in_order, matrix
from loadtests.report.sections.mechanisms import mechanisms
from loadtests.report.words import NOTHING, amount, listed

BEGIN = "<!-- made from reports/example by make readme -->"
END = "<!-- made so far -->"
SHOWN = "slow-body"  # the scenario of the picture, if the run has it
HOW_TO_READ = (
    "*Out at* N: with N slow clients, under 1 % of healthy requests were answered in "
    "time. *Degrades at* N: under 99 %. *Held* N: no harm up to N, the most that were "
    "tried. ≠: the prediction was wrong."
)


def part(run: Run, folder: str) -> str:
    """What is to stand between the marks; `folder` is where the run is, as a link."""
    shown = picture(run)
    drawn = [f"![{text(shown.alternative)}]({folder}/{shown.file})"] if shown else []
    bullets = [
        f"- **{mechanism.title}.** {text(' '.join(mechanism.sentences))}"
        for mechanism in mechanisms(run)
    ]
    blocks = [_made(run, folder), text(incomplete(run)), "\n".join(bullets)]
    return "\n\n".join([*filter(None, blocks), *drawn, *capacities(run)])


def _made(run: Run, folder: str) -> str:
    """One sentence: which run, on what, and how many predictions were right."""
    found = outcomes(run)
    whole = f"[The whole report]({folder}/report.md)."
    if not found:
        return f"No cell of this run counts. {whole}"
    on = run.environment
    return (
        f"A {text(run.run.profile)} run of {text(run.run.started_at[:10])} "
        f"{_predictions(found)} ({amount(len(run.cells), 'cell')} on {text(on.cpu)}, "
        f"{amount(on.cpus, 'core')}, Python {text(on.python)}). {whole}"
    )


def _predictions(found: list[Outcome]) -> str:
    right, wrong, untested = (
        sum(outcome.verdict == verdict for outcome in found)
        for verdict in (CONFIRMED, REFUTED, BEYOND)
    )
    partly = len(found) - right - wrong - untested
    said = [f"confirmed {right} of {amount(len(found), 'prediction')}"]
    said += [f"refuted {wrong}"]
    said += [f"confirmed {partly} in some repeats only"] if partly else []
    said += [f"left {untested} untested"] if untested else []
    return listed(said)


def picture(run: Run) -> drawing.Picture | None:
    """The chart of the share answered, under the scenario that says most."""
    under = in_order({o.scenario for o in outcomes(run)})
    answered = {
        p.title.partition(":")[0]: p
        for p in drawing.plan(run)
        if p.file.startswith(f"{drawing.FOLDER}/answered-")
    }
    wanted = [s for s in (SHOWN, *under) if s in answered]
    return answered[wanted[0]] if wanted else None


def renewed(readme: str, new: str) -> str | None:
    """The README with this part in it; None if it has no place for one."""
    before, begin, rest = readme.partition(BEGIN)
    _, end, after = rest.partition(END)
    return f"{before}{begin}\n\n{new}\n\n{end}{after}" if begin and end else None


def capacities(run: Run) -> list[str]:
    """A row for each stack, a column for each scenario, and how to read them."""
    found = matrix(run)
    rows = [[text(s), *map(_said, entries)] for s, entries in found.rows.items()]
    headings = ["stack", *map(text, found.scenarios)]
    return [table(headings, rows, names=1), HOW_TO_READ] if rows else []


def _said(entry: Entry) -> str:
    if entry.state in ("void", "absent"):
        return entry.verb or NOTHING
    said = f"**{entry.said}**" if entry.state == "out" else entry.said
    return f"{said} ≠" if entry.missed else said
