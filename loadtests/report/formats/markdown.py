"""report.md: tables and charts that a code host renders as they are.

A section for which the run has no data is left out. Everything that came from a run is
cleaned and escaped on its way in (`text`, `code`).
"""

from __future__ import annotations

from collections.abc import Iterator

from loadtests.records.folder import ALONE, Beside
from loadtests.records.run import Run
from loadtests.report.blocks import NAMES, Doubt, Strong, Table
from loadtests.report.charts import drawing
from loadtests.report.formats.readme import capacities
from loadtests.report.formats.syntax import code, fenced, table, text
from loadtests.report.sections import calls, claims, extras, tables
from loadtests.report.sections.finding import incomplete, sentences
from loadtests.report.words import amount

FILE = "report.md"


def render(run: Run, beside: Beside = ALONE) -> dict[str, str]:
    """The whole report, by file name."""
    sections = (
        *_head(run),
        *_section(tables.capacity(run)),
        *_reasons(run),
        *_charts(run, "capacity", "answered"),
        *_section(tables.response_times(run), *_charts(run, "response-time")),
        *_section(extras.prices(run)),
        *_section(tables.costs(run)),
        *_section(tables.fates(run), *_charts(run, "fates")),
        *_section(tables.recovery(run)),
        *_section(extras.freeings(run)),
        *_calls(beside),
        *_claims(run, beside),
        *_doubts(run),
        *_method(run),
        *_commands(run),
    )
    return {FILE: "\n\n".join(sections) + "\n"}


def summary(run: Run) -> str:
    """The finding and the capacities, short enough for a pull-request comment."""
    return "\n\n".join((*_head(run), *capacities(run))) + "\n"


def _head(run: Run) -> Iterator[str]:
    info = run.run
    yield f"# Slow clients: {text(info.profile)} run {text(info.id)}"
    yield (
        f"{text(info.started_at)}, {amount(len(run.cells), 'cell')}, "
        f"{text(run.environment.cpu)}, {amount(run.environment.cpus, 'core')}."
    )
    if not info.complete:
        yield f"> **{text(incomplete(run))}**"
    yield "\n".join(f"- {text(sentence)}" for sentence in sentences(run))


def _section(shown: Table, *pictures: str) -> Iterator[str]:
    if shown.rows:
        yield f"## {shown.title}"
        yield from pictures
        yield table(
            shown.headings,
            [
                [*map(text, row[:NAMES]), *map(_value, row[NAMES:])]
                for row in shown.rows
            ],
        )
        yield shown.note


def _reasons(run: Run) -> Iterator[str]:
    if given := tables.reasons(run):
        yield "Why each was predicted:"
        yield "\n".join(f"- {text(who)}: {text(why)}." for who, why in given.items())


def _value(value: str) -> str:
    return f"**{value}**" if isinstance(value, Strong) else value


def _charts(run: Run, *names: str) -> Iterator[str]:
    """The charts whose file names begin so."""
    starts = tuple(f"{drawing.FOLDER}/{name}" for name in names)
    for picture in drawing.plan(run):
        if picture.file.startswith(starts):
            yield f"![{text(picture.alternative)}]({picture.file})"


def _calls(beside: Beside) -> Iterator[str]:
    if beside.traces:
        yield f"## {calls.TITLE}"
        yield calls.LEAD
    for trace, picture in zip(
        beside.traces, calls.pictures(beside.traces), strict=True
    ):
        yield f"### {calls.NAMES[trace.id]}"
        yield "\n".join(f"- {text(said)}" for said in calls.sentences(trace))
        yield f"![{text(picture.title)}]({picture.file})"


def _claims(run: Run, beside: Beside) -> Iterator[str]:
    if beside.ledger is None:
        return
    yield f"## {claims.TITLE}"
    yield text(claims.lead(beside.ledger, run))
    headings = ["claim", "who says so", "verdict", "what decides it", "to see it alone"]
    rows = [
        [
            *map(text, (said.claim, said.source)),
            f"**{text(said.verdict)}**",
            text(said.evidence),
            # A bar would end the cell even in code; what is escaped there is shown.
            f"`{code(said.command)}`".replace("|", r"\|"),
        ]
        for group in claims.groups(beside.ledger)
        for said in group.claims
    ]
    yield table(headings, rows, names=len(headings))


def _doubts(run: Run) -> Iterator[str]:
    if void := tables.void(run):
        yield "## Void cells"
        yield "Left out of everything above, each for its reason."
        yield "\n".join(map(_doubt, void))
    if warned := [*tables.warned(run), *extras.doubted(run)]:
        yield "## Warnings"
        yield "\n".join(map(_doubt, warned))


def _doubt(doubt: Doubt) -> str:
    return f"- {text(doubt.cell)}: {text(doubt.reason)}"


def _method(run: Run) -> Iterator[str]:
    yield "## Method"
    on = {name: text(value) for name, value in tables.machine(run).items()}
    packages = run.environment.packages.items()
    lines = [
        *tables.method(run, lambda words: f"`{code(words)}`"),
        f"{on['CPU']}, {on['memory']}, {on['kernel']}, open files {on['open files']}; "
        f"Python {on['Python']}; project {on['project']}.",
        ", ".join(f"{text(name)} {text(version)}" for name, version in packages) + ".",
    ]
    yield "\n".join(f"- {line}" for line in lines)


def _commands(run: Run) -> Iterator[str]:
    lines = [f"# {name}\n{command}" for name, command in tables.commands(run).items()]
    yield "## Commands"
    yield fenced("\n".join(lines))
    yield f"To repeat: `{code(tables.again(run))}`"
