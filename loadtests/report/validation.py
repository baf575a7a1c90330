"""What `make validate` shows: predictions beside measurements, and each miss."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from rich.console import Group, RenderableType
from rich.text import Text as Line

from loadtests.analysis.predictions import Prediction
from loadtests.analysis.validation import (
    MISSING,
    PASSES_FROM,
    VOID,
    Checked,
    checked,
    passes,
    tally,
)
from loadtests.records.cell import Capacity
from loadtests.records.validation import (
    PREDICTIONS_FILE,
    Draw,
    Predictions,
    Validation,
)
from loadtests.report import facts
from loadtests.report.blocks import Block, Column, Heading, Points, Table, Text
from loadtests.report.formats import markdown, terminal
from loadtests.report.prose import Prose, code, prose, stack
from loadtests.report.said import NEVER, prediction, supply
from loadtests.report.values import Count, Name, Value
from loadtests.report.words import NOTHING, amount, count, percent, visible, when

FILE = "validation.md"
RULE = (
    "A prediction is confirmed within 1 slow client up to 64, within 5 % above, or "
    "inside the predicted range. A void cell decides nothing."
)
Row = Mapping[str, Value]


def line(one: Checked) -> Line:
    """What was found of a draw, as soon as its cell is finished."""
    draw = one.draw
    said = f"{draw.number:>3}  {draw.stack} under {draw.scenario}, {counts_of(draw)}: "
    found = f"{_measured(one)} {_expected(draw)}: {one.verdict}"
    return Line.assemble(said, (visible(found), "" if one.decided else "yellow"))


def counts_of(draw: Draw) -> str:
    """`3 workers, 5 threads, nofile 613`."""
    said = [
        amount(draw.workers, "worker"),
        amount(draw.threads, "thread") if draw.threads else "",
        f"nofile {count(draw.nofile)}",
        f"{count(draw.worker_connections)} worker_connections"
        if draw.worker_connections
        else "",
        f"keep-alive {draw.keepalive_s} s" if draw.keepalive_s else "",
    ]
    return ", ".join(filter(None, said))


def _measured(one: Checked) -> str:
    if one.cell is None:
        return MISSING
    if one.verdict == VOID:
        return facts.reason(one.cell)
    found = one.cell.capacity
    at = (_at(found.degrades_at), _at(found.out_at))
    gone = _ran_out(one.draw.stack, found)
    return f"degraded at {at[0]}, out at {at[1]}, {gone} ran out"


def _ran_out(stack: str, found: Capacity) -> str:
    return supply(stack, found.ran_out) or "nothing that was seen"


def _expected(draw: Draw) -> str:
    degrades, out = (prediction(made) for made in _made(draw))
    return f"(predicted {degrades} and {out}, {draw.predicted_ran_out})"


def _made(draw: Draw) -> tuple[Prediction, Prediction]:
    """Where it was predicted to degrade, and to be out."""
    return (
        Prediction(draw.predicted_degrades_at, draw.predicted_degrades_by),
        Prediction(draw.predicted_out_at, draw.predicted_out_by),
    )


def _at(number: int | None) -> str:
    return NEVER if number is None else count(number)


def summary(found: Sequence[Checked]) -> str:
    """How many were confirmed, and if these are enough."""
    confirmed, decided = tally(found)
    void = sum(one.verdict == VOID for one in found)
    missing = sum(one.verdict == MISSING for one in found)
    said = [
        f"{count(confirmed)} of {amount(decided, 'prediction')} confirmed "
        f"({percent(confirmed, decided)}).",
        "That is enough." if passes(found) else f"{PASSES_FROM:.0%} are needed.",
        f"{amount(void, 'cell')} void." if void else "",
        f"{amount(missing, 'cell')} not measured." if missing else "",
    ]
    return " ".join(filter(None, said))


def misses(found: Sequence[Checked]) -> list[Prose]:
    """What the model said of each miss, with its source, beside what was measured."""
    return [
        prose(
            "Draw {}, {} under {} with {}. Predicted to degrade at {} and to be out at "
            "{}, because {}. {} were to run out. Measured: {}.",
            *(str(one.draw.number), stack(one.draw.stack), one.draw.scenario),
            counts_of(one.draw),
            *(prediction(made) for made in _made(one.draw)),
            one.draw.predicted_because,
            one.draw.predicted_ran_out.capitalize(),
            _measured(one),
        )
        for one in found
        if one.missed
    ]


def blocks(found: Sequence[Checked], table: Table) -> Iterator[Block]:
    """The table, the share, and the misses."""
    yield table
    yield Text((summary(found),))
    yield Text((RULE,), look="note")
    if said := misses(found):
        yield Heading("Misses", len(said))
        yield Points(said)


def narrow(found: Sequence[Checked]) -> Table:
    """For a terminal: two rows for each draw."""
    columns = [
        Column("stack", "stack, scenario", name=True),
        *(Column(key, key) for key in ("draw", "", "predicted", "measured", "verdict")),
    ]
    rows = [row for one in found for row in _two_rows(one)]
    return Table("Predicted, and measured", columns, rows)


def _two_rows(one: Checked) -> Iterator[Row]:
    draw, found = one.draw, one.cell.capacity if one.decided and one.cell else None
    degrades, out = _made(draw)
    yield {
        "stack": Name(draw.stack),
        "draw": Count(draw.number),
        "": Name("degrades at"),
        "predicted": Name(prediction(degrades)),
        "measured": Name(_at(found.degrades_at) if found else NOTHING),
        "verdict": Name(one.verdict, strong=one.missed),
    }
    yield {
        "stack": Name(f"  {draw.scenario}"),
        "draw": Name(""),
        "": Name("out at"),
        "predicted": Name(prediction(out)),
        "measured": Name(_at(found.out_at) if found else NOTHING),
        "verdict": Name(""),
    }


# Of the wide table: what is drawn of a stack, by the names of the record.
_COUNTS = ("workers", "threads", "nofile", "worker_connections", "keepalive_s")


def wide(found: Sequence[Checked]) -> Table:
    """For a page: a row for each draw, its counts included."""
    columns = [
        Column("stack", "stack", name=True),
        Column("scenario", "scenario", name=True),
        *(Column(key, key) for key in ("draw", *_COUNTS)),
        Column("predicted", "predicted to degrade"),
        Column("degrades", "degraded at"),
        Column("predicted_out", "predicted to be out"),
        Column("out", "out at"),
        Column("predicted_ran_out", "predicted to run out"),
        Column("ran_out", "ran out"),
        Column("verdict", "verdict"),
    ]
    return Table("Predicted, and measured", columns, [_row(one) for one in found])


def _row(one: Checked) -> Row:
    draw, found = one.draw, one.cell.capacity if one.decided and one.cell else None
    degrades, out = _made(draw)
    return {
        "stack": Name(draw.stack),
        "scenario": Name(draw.scenario),
        "draw": Count(draw.number),
        **{name: Count(getattr(draw, name)) for name in _COUNTS},
        "predicted": Name(prediction(degrades)),
        "degrades": Name(_at(found.degrades_at) if found else NOTHING),
        "predicted_out": Name(prediction(out)),
        "out": Name(_at(found.out_at) if found else NOTHING),
        "predicted_ran_out": Name(supply(draw.stack, draw.predicted_ran_out)),
        "ran_out": Name(
            supply(draw.stack, found.ran_out if found else None) or NOTHING
        ),
        "verdict": Name(one.verdict, strong=one.missed),
    }


def shown(predictions: Predictions, validation: Validation) -> RenderableType:
    """The end of `make validate`."""
    found = checked(predictions, validation)
    return Group(*terminal.rendered(blocks(found, narrow(found))))


def page(predictions: Predictions, validation: Validation) -> str:
    """The page of a validation, in Markdown."""
    info, machine = validation.run.run, validation.run.environment
    found = checked(predictions, validation)
    about = prose(
        "{}, seed {}, {}, revision {}, {}, {}.",
        *(when(info.started_at), str(info.seed), amount(len(found), "draw")),
        *(machine.revision, machine.cpu, amount(machine.cpus, "core")),
    )
    first = prose(
        "The predictions were written before the first server started: {}, SHA-256 {}.",
        *(code(PREDICTIONS_FILE), code(validation.sha256)),
    )
    parts = [Text(about), Text(first), *blocks(found, wide(found))]
    heading = f"# Validation {info.id}"
    return "\n\n".join([heading, *markdown.rendered(parts)]) + "\n"
