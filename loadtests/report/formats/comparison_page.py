"""Two runs, compared, as a page: a verdict a line, and all figures behind it."""

from __future__ import annotations

from collections.abc import Sequence

from loadtests.analysis.changes import BETTER, SAME, WORSE
from loadtests.analysis.compare import INCOMPARABLE, Comparison
from loadtests.report.blocks import (
    Block,
    Column,
    Reasons,
    Section,
    Table,
    Text,
)
from loadtests.report.formats import html
from loadtests.report.formats.compared import Compared, called, notes
from loadtests.report.formats.comparison import COLUMNS, values
from loadtests.report.prose import prose
from loadtests.report.values import Name, Value
from loadtests.report.words import NOTHING

ORDER = (WORSE, BETTER, SAME, INCOMPARABLE)
VERDICTS = (
    Column("cell", "cell", name=True),
    Column("verdict", "verdict"),
    Column("changed", "what changed"),
)
FIGURES = (
    Column("cell", "cell", name=True),
    Column("figure", "figure", name=True),
    *(Column(name, name) for name in COLUMNS if name),
    Column("verdict", "verdict"),
)


def page(compared: Compared) -> str:
    """A page of its own, which asks no network for anything."""
    head = html.Head(
        title=f"{compared.base.run.id} and {compared.new.run.id}, compared",
        headline=prose("{}", compared.sentence.removesuffix(".")),
        facts=compared.runs,
    )
    made = [(section, blocks) for section, blocks in _sections(compared) if blocks]
    return html.page(head, made, first_screen=1)


def _sections(compared: Compared) -> list[tuple[Section, Sequence[Block]]]:
    by_verdict = sorted(compared.found, key=lambda one: ORDER.index(one.verdict))
    verdicts: list[Block] = [
        Table("Verdicts", VERDICTS, [_verdict(one) for one in by_verdict])
    ]
    if compared.rule:
        verdicts.append(Text(prose("{}", compared.rule), "note"))
    verdicts += [Text(prose("{}", line.strip())) for line in notes(compared)]
    whys: dict[str, str] = {}
    for said, some in compared.reasons:
        who = ", ".join(map(called, some))
        whys[who] = f"{whys[who]} {said}" if who in whys else said
    whys = {who: why.removesuffix(".") for who, why in whys.items()}
    if whys:
        verdicts.append(Reasons("Why cells cannot be compared", whys))
    rows = [row for one in by_verdict for row in _figures(one)]
    figures: list[Block] = [Table("All figures", FIGURES, rows)] if rows else []
    return [(_section("Verdicts"), verdicts), (_section("All figures"), figures)]


def _section(title: str) -> Section:
    return Section(title.lower().replace(" ", "-"), title, lambda _: [])


def _verdict(one: Comparison) -> dict[str, Value]:
    changed = [d for d in one.differences if d.verdict != SAME]
    said = [f"{name}: {base} to {new}" for name, base, new, *_ in map(values, changed)]
    differs = one.verdict in (WORSE, BETTER)
    return {
        "cell": Name(called(one)),
        "verdict": Name(one.verdict, strong=differs),
        "changed": Name("; ".join(said) or NOTHING),
    }


def _figures(one: Comparison) -> list[dict[str, Value]]:
    return [
        {
            "cell": Name(called(one)),
            "figure": Name(name),
            **{c: Name(value) for c, value in zip(COLUMNS, rest, strict=False)},
            "verdict": Name(difference.verdict, strong=difference.verdict != SAME),
        }
        for difference in one.differences
        for name, *rest in [values(difference)]
    ]
