"""What runs measured beside what was simulated: for docs/scale.md and the terminal."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from loadtests.analysis.health import NEIGHBOURS_FROM_PERCENT
from loadtests.analysis.scale import Held, held
from loadtests.analysis.scale_checks import PROMISED, TOLERANCE, Check, Figure, checks
from loadtests.records.run import Run
from loadtests.report.blocks import Block, Column, Points, Table, Text
from loadtests.report.prose import Prose, prose
from loadtests.report.values import Name, Value
from loadtests.report.words import amount, count, figure, when

MISSED = {
    Figure.ADDED: "the server kept memory otherwise than the smaller run did",
    Figure.PEAK: "the server kept memory otherwise than the smaller run did",
    Figure.KERNEL: "other sockets of the machine share its limit, or it was set anew",
    Figure.BUSIEST: "the order of workers that wake depends on the load of the machine",
    Figure.ARRIVING: "the machine was busy, and a request without slow clients as dear",
    Figure.CORES: "two readings of 4 s differ by some hundredths of a core by chance",
}


def checked(runs: Sequence[Run], stack: str) -> Iterator[Block]:
    """What the runs measured, beside what smaller runs say; and what missed."""
    found = [check for check in checks(runs) if check.held.stack == stack]
    yield _checks(found)
    if missed := [check for check in found if not check.holds]:
        yield Points([_missed(check) for check in missed])
    cells = [one for one in held(runs) if one.stack == stack]
    yield Points([*_made_from(cells)])
    within = sum(check.holds for check in found)
    yield Text(
        prose(
            "Within {} %: {} of {}. Of memory alone: {} of {}.",
            *(figure(100 * TOLERANCE), str(within), str(len(found))),
            str(sum(check.holds for check in found if check.figure in PROMISED)),
            str(sum(check.figure in PROMISED for check in found)),
        )
    )


def _made_from(found: Sequence[Held]) -> Iterator[Prose]:
    """Which runs, on what, and who else used the machine."""
    for run in {one.run.run.id: one.run for one in found}.values():
        on, made = run.environment, when(run.run.started_at)
        yield prose(
            "Measured by {} of {}, on {}, {}{}.",
            *(run.run.profile, made, on.cpu, amount(on.cpus, "core")),
            _beside([one for one in found if one.run is run]),
        )


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


def _missed(check: Check) -> Prose:
    what = f"{_cell(check.held)}, {check.figure}, missed by {check.ratio - 1:+.0%}"
    return prose("{}. A likely reason: {}.", what, MISSED[check.figure])
