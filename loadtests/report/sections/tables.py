"""The tables and the words that every report has, before they take on its format.

Names in them are already `plain`, and not yet escaped: each report does that for its
own format. A table without rows is one for which the run has no data.
"""

from __future__ import annotations

import dataclasses
import shlex
from collections.abc import Callable

from loadtests.analysis.outcomes import Outcome, counts, outcomes, void_cells
from loadtests.analysis.predictions import REFUTED
from loadtests.analysis.steps import PERCENTILES
from loadtests.records.run import Cell, Fates, Run, Step
from loadtests.report.blocks import Doubt, Strong, Table
from loadtests.report.facts import doubts, reason
from loadtests.report.formats.comparison import repeatability
from loadtests.report.said import (
    prediction,
    reached,
    repeated,
    share_within,
    time,
    verdict,
)
from loadtests.report.words import NOTHING, amount, count, figure, listed, plain


def capacity(run: Run) -> Table:
    rows = [
        [
            o.scenario,
            o.stack,
            prediction(o.predicted_first),
            reached(o.degrades_at),
            prediction(o.predicted),
            Strong(reached(o.out_at)) if o.out else reached(o.out_at),
            reached(o.held),
            Strong(verdict(o)) if o.verdict == REFUTED else verdict(o),
        ]
        for o in by_scenario(run)
    ]
    first = ["predicted to degrade at", "degrades at"]
    headings = [*first, "predicted out at", "out at", "held", "prediction"]
    return Table(
        "How many slow clients it takes",
        ["scenario", "stack", *headings],
        rows,
        "*degrades at*: the first step at which under 99 % of healthy requests "
        "were answered within the deadline. *out at*: under 1 %. *held*: the "
        "largest step up to which every step stayed at 99 % or more. A prediction is "
        "confirmed by the first step at or above it.",
    )


def reasons(run: Run) -> dict[str, str]:
    """Why each prediction was made: the reason, and where it is given."""
    found: dict[str, dict[str, list[str]]] = {}
    for o in by_scenario(run):
        if because := plain(o.cells[0].capacity.predicted_because):
            found.setdefault(because, {}).setdefault(o.stack, []).append(o.scenario)
    every = {o.scenario for o in by_scenario(run)}
    return {
        "; ".join(_given(stack, where, every) for stack, where in stacks.items()): why
        for why, stacks in found.items()
    }


def _given(stack: str, scenarios: list[str], every: set[str]) -> str:
    return stack if set(scenarios) == every else f"{stack} ({listed(scenarios)})"


def response_times(run: Run) -> Table:
    rows = [
        [
            outcome.scenario,
            outcome.stack + (" ?" if outcome.doubtful else ""),
            count(step.slow_clients),
            share_within(step),
            *(time(step, p, run.method.deadline_s) for p in PERCENTILES),
        ]
        for outcome in by_scenario(run)
        for step in _telling_steps(outcome)
    ]
    headings = ["slow clients", "answered", "p50, ms", "p90, ms", "p99, ms"]
    return Table(
        "Response times of healthy requests",
        ["scenario", "stack", *headings],
        rows,
        "The baseline, the largest step that was held, and the last step. An "
        "unanswered request counts as slower than every answered one; a dash is a "
        "percentile with under 10 requests beyond it. In brackets: 95 % intervals. A "
        "question mark: the times of a repeat are doubtful, as is said below.",
    )


def _telling_steps(outcome: Outcome) -> list[Step]:
    wanted = {0, outcome.held.middle, outcome.last.slow_clients}
    return [step for step in outcome.steps if step.slow_clients in wanted]


def costs(run: Run) -> Table:
    rows = []
    for o in by_scenario(run):
        figures = [
            _repeated(o, lambda c: c.server.cpu_us_per_request),
            figure(o.typical(lambda c: c.server.rss_idle_mb)),
            figure(o.typical(lambda c: c.server.rss_peak_mb)),
            NOTHING if o.out else _repeated(o, lambda c: c.server.kb_per_slow_client),
            str(max(cell.server.restarts for cell in o.cells)),
        ]
        if set(figures) - {NOTHING, "0"}:
            rows.append([o.scenario, o.stack, *figures])
    headings = ["CPU a request, µs", "idle, MB", "peak, MB"]
    return Table(
        "What a healthy request and a slow client cost the server",
        ["scenario", "stack", *headings, "a slow client, kB", "workers replaced"],
        rows,
        "CPU time is that of the baseline, memory the resident memory of all "
        "processes of the server, pages that they share counted in each; of a slow "
        "client the slope over the staircase, without what the kernel holds for its "
        "socket, and only where the stack was not out: else they may wait unaccepted.",
    )


def _repeated(outcome: Outcome, part: Callable[[Cell], float | None]) -> str:
    """The middle of the repeats, and where their mean lies if there are enough."""
    return f"{figure(outcome.typical(part))} {repeated(outcome.known(part))}".strip()


def fates(run: Run) -> Table:
    names = [field.name for field in dataclasses.fields(Fates)]
    rows = [
        [o.scenario, o.stack, *(_some(o.fates, name) for name in names)]
        for o in by_scenario(run)
        if o.visits
    ]
    return Table(
        "What became of the slow clients",
        ["scenario", "stack", *names],
        rows,
        "Visits by fate; a slow client that is dropped comes back. *held*: still "
        "connected when it left by itself, whether or not a worker had accepted it.",
    )


def _some(fates: Fates, name: str) -> str:
    number: int = getattr(fates, name)
    return count(number) if number else NOTHING


def recovery(run: Run) -> Table:
    rows = []
    for o in by_scenario(run):
        if not o.unharmed:
            watched = f"not within {run.method.release_s:g} s"
            told = watched if o.recovery_s is None else f"{o.recovery_s:.2f} s"
            rows.append([o.scenario, o.stack, told])
    return Table(
        "Recovery",
        ["scenario", "stack", "until all are answered again"],
        rows,
        "Counted from the moment at which the slow clients leave by themselves.",
    )


def void(run: Run) -> list[Doubt]:
    return [Doubt(_name(cell), reason(cell)) for cell in void_cells(run)]


def warned(run: Run) -> list[Doubt]:
    return [
        Doubt(_name(cell), said)
        for cell in run.cells
        if counts(cell) and (said := doubts(cell))
    ]


def _name(cell: Cell) -> str:
    return f"{plain(cell.stack)}, {plain(cell.scenario)}, repeat {cell.repeat}"


def method(run: Run, code: Callable[[str], str]) -> list[str]:
    """How every cell was measured; `code` sets what was sent apart, and escapes it."""
    how = run.method
    lags = [x for c in run.cells if (x := c.generator.lag_p99_ms) is not None]
    return [
        f"Healthy requests: {code(how.healthy_request)}, "
        f"{how.rate_per_s:g} a second, evenly spaced, each on a new connection, "
        "sent when due whatever became of the earlier ones (an open workload). "
        "Response time counts from the moment when the request was due. "
        f"Deadline {how.deadline_s:g} s; bodies are checked.",
        f"Slow clients climb a staircase, {how.hold_s:g} s a step, of which the "
        f"first {how.settle_s:g} s, while they arrive, do not count; then they "
        f"leave, and {how.release_s:g} s more are watched.",
        f"{_cores(run)} Every cell is a fresh server. Access logs are off.",
        f"{_order(run)} {_repeats(run)}Requests left "
        f"late by at most {figure(max(lags, default=None), 'ms')} (p99, worst cell).",
    ]


def _order(run: Run) -> str:
    if max((cell.repeat for cell in run.cells), default=1) < 2:
        return "Cells in the order of the tables."
    return f"Cells in shuffled order, seed {run.run.seed}."


def _cores(run: Run) -> str:
    said = plain(run.method.cores)
    told = said or "with two cores or more, each has its own"
    return f"Server and load generator share one machine; {told}."


def _repeats(run: Run) -> str:
    most = max((len(outcome.cells) for outcome in outcomes(run)), default=0)
    if most < 2:
        return ""
    said = (
        f"{most} repeats: their requests and visits are pooled; of their capacities "
        "and times the middle one is given, with the interval (95 %) of their mean in "
        "brackets."
    )
    return "".join(f"{part} " for part in (said, repeatability(run)) if part)


def machine(run: Run) -> dict[str, str]:
    """What it was measured on."""
    on = run.environment
    return {
        "CPU": f"{plain(on.cpu)}, {amount(on.cpus, 'core')}",
        "memory": f"{count(on.memory_mb)} MB",
        "kernel": plain(on.kernel),
        "open files": count(on.nofile_limit),
        "Python": plain(on.python),
        "project": plain(on.revision),
    }


def commands(run: Run) -> dict[str, str]:
    """The command line of each stack, and that of the run."""
    listing = {plain(cell.stack): cell.argv for cell in run.cells}
    ordered = {**dict(sorted(listing.items())), "this run": run.run.argv}
    return {name: plain(shlex.join(argv)) for name, argv in ordered.items()}


def again(run: Run) -> str:
    """What measures the same once more, in the same order."""
    words = [plain(word) for word in run.run.argv]
    if "load" not in words or _has(words, "--resume"):
        return f"make load PROFILE={plain(run.run.profile)}"
    asked = words[words.index("load") + 1 :]
    seed = [] if _has(asked, "--seed") else ["--seed", str(run.run.seed)]
    return shlex.join(["python", "-m", "loadtests", "load", *asked, *seed])


def _has(words: list[str], option: str) -> bool:
    """Whether an option is given, as `--seed 3` or as `--seed=3`."""
    return any(word.partition("=")[0] == option for word in words)


def by_scenario(run: Run) -> list[Outcome]:
    return sorted(outcomes(run), key=lambda outcome: outcome.scenario)
