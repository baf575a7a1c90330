"""What `make doctor` says: what stops a server, why, and which change helps."""

from __future__ import annotations

from collections.abc import Sequence

from loadtests.analysis.diagnosis import Examined, Mended, Trial
from loadtests.analysis.threads import Place
from loadtests.records.cell import Cell
from loadtests.records.run import Run
from loadtests.report.blocks import (
    Block,
    Column,
    Heading,
    Points,
    Section,
    Table,
    Text,
)
from loadtests.report.causes import MENDED_IN_THE_APP, because, held, supplies
from loadtests.report.formats import html, markdown
from loadtests.report.prose import Prose, code, joined, prose, text
from loadtests.report.values import Name, Value
from loadtests.report.words import NOTHING, amount, count, figure, listed, when

PAGE, MARKDOWN = "doctor.html", "doctor.md"
SOUND = "Each scenario holds {} slow clients or more: nothing is to be changed."
SHORT = "Fewer than {} slow clients are held under {}: {}."
UNCLEAR = "Not known of {}: the whole report says why."
HELPS = "With {}, {} {} {} or more."
HELPS_NOT = "{} did not help enough under {}."
VOID = "What {} does could not be measured."
_MOST_PLACES = 4

DIAGNOSIS = (
    Column("scenario", "scenario", name=True),
    Column("held", "holds"),
    Column("stops", "stops at"),
)
BEFORE_AND_AFTER = (
    Column("scenario", "scenario", name=True),
    Column("before", "held before"),
    Column("after", "held with it"),
    Column("p50", "healthy p50, ms"),
    Column("idle", "memory at rest, MB"),
    Column("peak", "memory at most, MB"),
)
COSTS = (
    "Before and with the change. *Healthy p50* and *memory at rest* are without slow "
    "clients. *Memory at most* is with all that were tried, and more are tried where "
    "more are held."
)


def headline(found: Examined) -> Prose:
    """The result in one line."""
    unclear = listed([cell.scenario for cell in found.unclear])
    doubt = [prose(UNCLEAR, unclear)] if unclear else []
    if not found.findings:
        return joined(doubt or [prose(SOUND, count(found.need))])
    names = listed([one.scenario for one in found.findings])
    short = prose(SHORT, count(found.need), names, supplies(found.findings))
    results = [_result(trial, found.need) for trial in found.trials]
    return joined([short, *results, *doubt])


def _result(trial: Trial, need: int) -> Prose:
    names = [one.before.scenario for one in trial.mended]
    if not trial.counts:
        return prose(VOID, code(trial.change))
    if trial.helps(need):
        verb = "holds" if len(names) == 1 else "hold"
        return prose(HELPS, code(trial.change), listed(names), verb, count(need))
    return prose(HELPS_NOT, code(trial.change), listed(names))


def sections(found: Examined, run: Run) -> list[tuple[Section, Sequence[Block]]]:
    """Diagnosis, evidence, prescription, before and after."""
    stack = found.cells[0].stack if found.cells else ""
    made: dict[str, Sequence[Block]] = {
        "Diagnosis": [*_causes(found, stack), _diagnosis(found)],
        "Evidence": _evidence(found),
        "Prescription": _prescription(found),
        "How it was measured": [Text(joined(_measured(found, run)))],
    }
    return [(_section(title), blocks) for title, blocks in made.items() if blocks]


def _section(title: str) -> Section:
    return Section(title.lower().replace(" ", "-"), title, lambda _: ())


def _causes(found: Examined, stack: str) -> list[Block]:
    """A sentence for each cause, with the scenarios under which it was met."""
    met: dict[Prose, list[str]] = {}
    for one in found.findings:
        met.setdefault(because(one, stack), []).append(one.scenario)
    said = [prose("{}: {}", listed(names), cause) for cause, names in met.items()]
    return [Points(said)] if said else []


def _diagnosis(found: Examined) -> Table:
    short = {one.scenario for one in found.findings}
    rows: list[dict[str, Value]] = [
        {
            "scenario": Name(cell.scenario, strong=cell.scenario in short),
            "held": Name(held(cell)),
            "stops": Name(_stops(cell)),
        }
        for cell in found.cells
    ]
    return Table("Slow clients", DIAGNOSIS, rows)


def _stops(cell: Cell) -> str:
    at = cell.capacity
    if at.out_at is not None:
        return count(at.out_at)
    return f"degrades at {count(at.degrades_at)}" if at.degrades_at else NOTHING


def _evidence(found: Examined) -> list[Block]:
    """Where threads were, line by line."""
    made: list[Block] = []
    for one in found.findings:
        seen = [_threads(place) for place in one.places[:_MOST_PLACES]]
        if seen:
            number = one.out_at or one.degrades_at or 0
            slow = amount(number, "slow client")
            made += [Heading(f"{one.scenario}, {slow} and more"), Points(seen)]
    return made


def _threads(place: Place) -> Prose:
    where = code(f"{place.file}:{place.line}")
    said_so = prose(
        "{} in {}, {}", amount(place.threads, "thread"), code(place.function), where
    )
    if place.waits_in:
        said_so = (*said_so, *prose(", waiting in {}", code(place.waits_in)))
    return (*said_so, ".")


def _prescription(found: Examined) -> list[Block]:
    made: list[Block] = []
    for trial in found.trials:
        words = _result(trial, found.need)
        rows = [_row(one) for one in trial.mended]
        made += [
            Text(joined([words, prose("The whole command: {}.", code(trial.command))])),
            Table("Before and after", BEFORE_AND_AFTER, rows),
        ]
    if found.trials:
        made.append(Text(prose(COSTS), "note"))
    for cause in dict.fromkeys(one.cause for one in found.findings):
        if cause in MENDED_IN_THE_APP:
            words_of_it, values = MENDED_IN_THE_APP[cause]
            made.append(Text(prose(words_of_it, *map(code, values))))
    return [*made, *(Text(prose("{}", why)) for why in found.untried)]


def _row(one: Mended) -> dict[str, Value]:
    before, after = one.before, one.after
    return {
        "scenario": Name(before.scenario),
        "before": Name(held(before)),
        "after": Name(held(after)),
        "p50": Name(_pair(_p50(before), _p50(after))),
        "idle": Name(_pair(before.server.rss_idle_mb, after.server.rss_idle_mb)),
        "peak": Name(_pair(before.server.rss_peak_mb, after.server.rss_peak_mb)),
    }


def _p50(cell: Cell) -> float | None:
    return cell.steps[0].p50_ms if cell.steps else None


def _pair(before: float | None, after: float | None) -> str:
    return f"{figure(before)} → {figure(after)}"


def _measured(found: Examined, run: Run) -> list[Prose]:
    scenarios = listed([cell.scenario for cell in found.cells])
    return [
        prose("Measured: {}.", scenarios),
        prose(
            "Slow clients were added until healthy requests failed; {} is how many "
            "must be held ({}).",
            count(found.need),
            code("NEED="),
        ),
        *([_how_threads_were_seen(found)] if found.findings else []),
        prose("All figures are in {} and {}.", code("report.html"), code("report.md")),
    ]


def _how_threads_were_seen(found: Examined) -> Prose:
    why = next((one.unseen for one in found.findings if one.unseen), "")
    if why:
        return prose("{} could not look at the threads: {}.", code("py-spy"), why)
    return prose("{} looked twice at the threads of a step with harm.", code("py-spy"))


def page(found: Examined, run: Run) -> str:
    """A page of its own, which asks no network for anything."""
    on = run.environment
    server = run.target.app if run.target else listed([c.stack for c in run.cells[:1]])
    head = html.Head(
        title=f"Doctor: {server}",
        headline=headline(found),
        facts=" · ".join(
            [server, when(run.run.started_at), f"{on.cpu}, {amount(on.cpus, 'core')}"]
        ),
    )
    made = sections(found, run)
    return html.page(head, made, first_screen=len(made))  # it needs no contents


def in_markdown(found: Examined, run: Run) -> str:
    parts = [f"# {text(headline(found))}"]
    for section, blocks in sections(found, run):
        parts += [f"## {section.title}", *markdown.rendered(blocks)]
    return "\n\n".join(parts) + "\n"
