"""What runs measured beside what was simulated: for docs/scale.md and the terminal."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from loadtests import MAKE
from loadtests.analysis.health import NEIGHBOURS_FROM_PERCENT
from loadtests.analysis.scale import FEWEST, Held
from loadtests.analysis.scale_answer import Answer
from loadtests.analysis.scale_checks import PROMISED, TOLERANCE, Check, Figure
from loadtests.records.run import Run
from loadtests.report.blocks import Block, Column, Points, Table, Text
from loadtests.report.prose import Prose, code, prose
from loadtests.report.values import Name, Value
from loadtests.report.words import amount, count, figure, listed, when

MISSED = {
    Figure.ADDED: "the server kept memory otherwise than the smaller run did",
    Figure.KERNEL: "other sockets of the machine share its limit, or it was set anew",
    Figure.BUSIEST: "the model has workers as busy as in the smaller run, however fast "
    "clients come",
    Figure.ARRIVING: "others used the machine, and requests cost more or less then",
    Figure.CORES: "two readings of 4 s differ by some hundredths of a core by chance",
}


def checked(one: Answer) -> Iterator[Block]:
    """What the runs measured, beside what smaller runs say; and what missed."""
    yield Text(_verdict(one.checks) if one.checks else _nothing())
    yield Points([*_made_from(one.held)])
    if not one.checks:
        return
    yield _checks(one.checks)
    missed: dict[Figure, list[Check]] = {}
    for check in one.checks:
        if not check.holds:
            missed.setdefault(check.figure, []).append(check)
    if missed:
        yield Points([_missed(what, found) for what, found in missed.items()])


def _nothing() -> Prose:
    return prose(
        "Nothing of this is checked. It takes two runs that held different counts "
        "under the same scenario, both {} slow clients or more: for example {} and {}.",
        *(count(FEWEST), code(f"{MAKE} load PROFILE=c10k")),
        code(f"{MAKE} load PROFILE=c50k"),
    )


def _verdict(found: Sequence[Check]) -> Prose:
    cells = {(check.held.run.run.id, _cell(check.held)) for check in found}
    promised = [check for check in found if check.figure in PROMISED]
    return prose(
        "{} of {} figures are within {} % of what smaller runs predict, in {}. Of "
        "memory alone: {} of {}.",
        *(str(sum(check.holds for check in found)), str(len(found))),
        *(figure(100 * TOLERANCE), amount(len(cells), "cell")),
        *(str(sum(check.holds for check in promised)), str(len(promised))),
    )


def _made_from(found: Sequence[Held]) -> Iterator[Prose]:
    """Which runs, on what, and who else used the machine."""
    for run in {one.run.run.id: one.run for one in found}.values():
        on, made = run.environment, when(run.run.started_at)
        yield prose(
            "Measured by {} of {}, on {}, {}{}.{}",
            *(run.run.profile, made, on.cpu, amount(on.cpus, "core")),
            _beside([one for one in found if one.run is run]),
            _rate(run),
        )


def _rate(run: Run) -> str:
    rate_per_s = run.method.arrive_per_s
    return f" {rate_per_s:,.0f} slow clients came in a second." if rate_per_s else ""


def _beside(found: Sequence[Held]) -> str:
    percent = max(one.cell.generator.foreign_cpu_percent or 0.0 for one in found)
    if percent < NEIGHBOURS_FROM_PERCENT:
        return ""
    return f", beside others that used {figure(percent)} % of a core"


def _checks(found: Sequence[Check]) -> Table:
    columns = [
        Column("cell", "slow clients", name=True),
        Column("figure", "figure", name=True),
        Column("measured", "measured"),
        Column("simulated", "simulated"),
        Column("ratio", "ratio"),
    ]
    rows: list[dict[str, Value]] = [
        {
            "cell": Name(_cell(check.held)),
            "figure": Name(check.figure),
            "measured": Name(_figure(check.measured)),
            "simulated": Name(_figure(check.simulated)),
            "ratio": Name(f"{check.ratio:.2f}", doubtful=not check.holds),
        }
        for check in found
    ]
    return Table("Measured and simulated", columns, rows)


def _cell(one: Held) -> str:
    workers = amount(one.cell.workers, "worker")
    return f"{count(one.clients)} {one.cell.scenario}, {workers}"


def _figure(value: float) -> str:
    return f"{value:.3f}" if value < 1 else figure(value)


def _missed(what: Figure, found: Sequence[Check]) -> Prose:
    """In one sentence, for all cells where that figure missed."""
    cells = [f"{check.ratio:.2f} for {_cell(check.held)}" for check in found]
    return prose(
        "{}: missed, with a ratio of {}. A likely reason: {}.",
        *(what, listed(cells), MISSED[what]),
    )
