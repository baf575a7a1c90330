"""The part of the README that a run makes: what it found, a picture, its capacities.

It stands between two marks, and everything outside of them is left as it is.
"""

from __future__ import annotations

from loadtests.records.run import Run
from loadtests.report.charts import drawing
from loadtests.report.formats.markdown import capacities
from loadtests.report.formats.syntax import text
from loadtests.report.picture import Picture
from loadtests.report.sections.finding import incomplete, sentences
from loadtests.report.sections.matrix import in_order
from loadtests.report.words import amount

BEGIN = "<!-- made from reports/example by make readme -->"
END = "<!-- made so far -->"
SHOWN = "slow-body"  # the scenario of the picture, if the run has it


def part(run: Run, folder: str) -> str:
    """What is to stand between the marks; `folder` is where the run is, as a link."""
    on = run.environment
    made = (
        f"A {text(run.run.profile)} run of {text(run.run.started_at[:10])} "
        f"({amount(len(run.cells), 'cell')}) on {text(on.cpu)}, "
        f"{amount(on.cpus, 'core')}, Python {text(on.python)}: "
        f"[the whole report]({folder}/report.md)."
    )
    found = [text(s) for s in (incomplete(run), *sentences(run)) if s]
    shown = picture(run)
    drawn = [f"![{text(shown.alternative)}]({folder}/{shown.file})"] if shown else []
    bullets = "\n".join(f"- {sentence}" for sentence in found)
    return "\n\n".join([made, bullets, *drawn, *capacities(run)])


def picture(run: Run) -> Picture | None:
    """The chart of the share answered, under the scenario that says most."""
    shown = drawing.answered(run)
    wanted = [s for s in (SHOWN, *in_order(shown)) if s in shown]
    return shown[wanted[0]] if wanted else None


def renewed(readme: str, new: str) -> str | None:
    """The README with this part in it; None if it has no place for one."""
    before, begin, rest = readme.partition(BEGIN)
    _, end, after = rest.partition(END)
    return f"{before}{begin}\n\n{new}\n\n{end}{after}" if begin and end else None
