"""report.md: tables and charts that a code host renders as they are.

Everything that came from a run is cleaned and escaped on its way in (`text`, `code`).
Markdown shows what a page folds away.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from loadtests.records.run import Run
from loadtests.report import blocks as kinds
from loadtests.report import special_blocks as special
from loadtests.report.blocks import Block, Points, Source, Table
from loadtests.report.formats import syntax
from loadtests.report.formats.syntax import code, fenced, text
from loadtests.report.picture import Picture
from loadtests.report.prose import CODE, STRESS, Mark, Prose
from loadtests.report.said import measured
from loadtests.report.sections import finding, order
from loadtests.report.sections import summary as overall
from loadtests.report.sections.matrix import matrix
from loadtests.report.special_blocks import Entry, Matrix, Stand
from loadtests.report.values import Code, Value, written
from loadtests.report.words import NOTHING, amount, listed, plain

FILE = "report.md"
HOW_TO_READ = (
    "*Out at* N: with N slow clients, under 1 % of healthy requests were answered in "
    "time. *Degrades at* N: under 99 %. *Held* N: 99 % or more up to N, the most that "
    "were tried. ≠: the prediction was wrong."
)

HISTORIES = (
    "[report.html](report.html) draws each cell by half seconds: slow "
    "clients, healthy requests, and the server's CPU."
)


def render(source: Source) -> dict[str, str]:
    """The whole report, by file name."""
    parts = [*_head(source.run)]
    for section, blocks in order.filled(source):
        parts.append(f"## {text(section.title)}")
        parts += rendered(blocks)
    return {FILE: "\n\n".join(parts) + "\n"}


def summary(run: Run) -> str:
    """The table of all stacks, the finding and the capacities, short enough for a
    pull-request comment."""
    found = [Points(finding.points(run))]
    parts = (*rendered(overall.blocks(Source(run))), *rendered(found))
    return "\n\n".join((*_head(run), *parts, *capacities(run))) + "\n"


def capacities(run: Run) -> list[str]:
    """A row for each stack, a column for each scenario, and how to read them."""
    shown = matrix(run)
    return [*rendered([shown]), HOW_TO_READ] if shown.rows else []


def rendered(blocks: Sequence[Block]) -> Iterator[str]:
    """The paragraphs of some blocks."""
    for block in blocks:
        yield from RENDERERS[type(block)](block)


def _head(run: Run) -> Iterator[str]:
    info = run.run
    yield f"# Slow clients: {text(info.profile)} run {text(info.id)}"
    yield (
        f"{text(info.started_at)}, {measured(run)}, "
        f"{text(run.environment.cpu)}, {amount(run.environment.cpus, 'core')}."
    )
    for notice in finding.notices(run):
        yield f"> **{text(notice)}**"


def _prose(said: Prose) -> str:
    return "".join(map(_part, said)).strip()


def _part(part: str | Mark) -> str:
    if isinstance(part, str):
        return syntax.part(part)
    if part.kind == CODE:
        return f"`{code(part.text)}`"
    return f"*{text(part.text)}*" if part.kind == STRESS else text(part.text)


def _points(block: kinds.Points) -> Iterator[str]:
    yield "\n".join(f"- {_prose(item)}" for item in block.items)


def _heading(block: kinds.Heading) -> Iterator[str]:
    number = "" if block.number is None else f" ({block.number})"
    yield f"### {text(block.title)}{number}"


def _table(block: Table) -> Iterator[str]:
    headings = [text(column.said) for column in block.columns]
    rows = [[_value(row[c.key]) for c in block.columns] for row in block.rows]
    yield syntax.table(headings, rows, names=len(block.names))


def _value(value: Value) -> str:
    if isinstance(value, Code):
        # A bar would end the cell even in code; what is escaped there is shown.
        return f"`{code(value.text)}`".replace("|", r"\|")
    shown = text(written(value))
    return f"**{shown}**" if value.strong else shown


def _glance(block: kinds.Glance) -> Iterator[str]:
    yield f"### {text(block.table.title)}"
    yield from _table(block.table)
    yield _prose(block.note)


def _picture(picture: Picture) -> str:
    return f"![{text(picture.alternative)}]({picture.file})"


def _matrix(block: Matrix) -> Iterator[str]:
    rows = [[text(s), *map(_entry, entries)] for s, entries in block.rows.items()]
    yield syntax.table(["stack", *map(text, block.scenarios)], rows, names=1)


def _entry(entry: Entry) -> str:
    if entry.state in ("void", "absent"):
        return entry.verb or NOTHING
    said = f"**{entry.said}**" if entry.state == "out" else entry.said
    return f"{said} ≠" if entry.missed else said


def _advice(block: special.Advice) -> Iterator[str]:
    headings = ["if", "choose (first: the cheapest)", "not", "evidence"]
    rows = [
        [
            text(one.name),
            _stand(one.supported, one.start),
            _stand(one.against),
            text(listed(list(one.evidence))) or NOTHING,
        ]
        for one in block.given
    ]
    yield syntax.table(headings, rows, names=len(headings))
    starts = {s.stack: s for one in block.given if (s := one.start)}
    for start in starts.values():
        yield f"To start {text(start.stack)}:"
        yield fenced(plain(start.command))
        if start.options:
            yield text(start.options)


def _stand(one: Stand | None, first: special.Start | None = None) -> str:
    if one is None:
        return "none"
    names = (
        f"**{text(first.said)}**" if first and s == first.stack else text(s)
        for s in one.stacks
    )
    return f"**{text(one.figure)}**: {', '.join(names)}"


def _claims(block: special.Claims) -> Iterator[str]:
    headings = ["claim", "who says so", "verdict", "what decides it", "to see it alone"]
    rows = [
        [
            *map(text, (said.claim, said.source)),
            f"**{text(said.verdict)}**",
            text(said.evidence),
            _value(Code(said.command)),
        ]
        for said in block.claims
    ]
    yield f"### {text(block.title)} ({len(block.claims)})"
    yield syntax.table(headings, rows, names=len(headings))


def _reasons(block: kinds.Reasons) -> Iterator[str]:
    yield f"{text(block.title)}:"
    items = block.items.items()
    yield "\n".join(f"- {text(who)}: {text(why)}." for who, why in items)


def _facts(block: kinds.Facts) -> Iterator[str]:
    facts = [f"{text(name)}: {text(value)}" for name, value in block.items.items()]
    yield "\n".join(f"- {fact}" for fact in facts)


def _commands(block: kinds.Commands) -> Iterator[str]:
    lines = [
        f"# {plain(name)}\n{plain(command)}" for name, command in block.items.items()
    ]
    yield fenced("\n".join(lines))
    yield f"To repeat: `{code(block.again)}`"


RENDERERS: dict[type[Block], Callable[[Any], Iterator[str]]] = {
    kinds.Text: lambda block: iter([_prose(block.said)]),
    kinds.Points: _points,
    kinds.Heading: _heading,
    kinds.Table: _table,
    kinds.Glance: _glance,
    kinds.Chart: lambda block: iter([_picture(block.picture)]),
    special.Matrix: _matrix,
    special.Histories: lambda _: iter([HISTORIES]),
    special.Advice: _advice,
    special.Claims: _claims,
    kinds.Reasons: _reasons,
    kinds.Facts: _facts,
    kinds.Commands: _commands,
    kinds.Folded: lambda block: rendered(block.blocks),
}
