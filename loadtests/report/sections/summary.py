"""All stacks in one table: how many slow clients, what runs out, what happens then."""

from __future__ import annotations

from collections.abc import Sequence

from loadtests.analysis.outcomes import Outcome
from loadtests.analysis.summary import Summary, at_limit, spins, summaries
from loadtests.catalog.phases import Phase
from loadtests.catalog.scenarios import in_order, in_phases
from loadtests.records.run import Run
from loadtests.report import said
from loadtests.report.blocks import Block, Column, Section, Source, Table, Text
from loadtests.report.prose import Prose, joined, prose
from loadtests.report.sections import costs
from loadtests.report.values import Name, Seconds, Value, written
from loadtests.report.words import NOTHING, count, figure, listed

TITLE = "All stacks in one table"
SHORT = "All stacks"
CLIENTS, HANDLERS, REQUEST = "slow clients", "slow handlers", "a request"
# The rank says which columns a narrow terminal leaves out first: the highest.
COLUMNS = (
    Column("stack", "stack", name=True),
    Column("held", "held", group=CLIENTS, short="slow clients"),
    Column("ran_out", "runs out of", group=CLIENTS, rank=1),
    Column("then", "healthy requests then", group=CLIENTS, short="then", rank=5),
    Column("freed", "frees itself", group=CLIENTS, rank=4),
    Column("cost", "each takes, kB", group=CLIENTS, short="kB each", rank=3),
    Column("p99", "p99 beside, ms", group=CLIENTS, short="p99, ms", rank=6),
    Column("waiting", "waiting", group=HANDLERS, rank=2),
    Column("blocking", "time.sleep", group=HANDLERS, rank=2),
    Column("cpu", "µs CPU: kept / new", group=REQUEST, short="µs CPU", rank=7),
)
# How a healthy request is lost, by the fault that the probe recorded.
THEN = {
    "late": "wait in vain",
    "closed": "are dropped",
    "reset": "are dropped",
    "refused": "are refused",
    "rejected": "get an error",
    "rejected-for-now": "get an error",
}
FLOODS_FROM = 1.0  # MB of log a second

HELD = (
    "*held*: so many slow clients, and still 99 % of healthy requests were answered "
    "within {} s; the least of {}every repeat. ≈: slow clients reach the "
    "workers unevenly, so the number is chance within a predicted range."
)
RAN_OUT = "*runs out of*: what a worker had none left of when the stack degraded."
THEN_SAID = "*healthy requests then*: what becomes of healthy requests when it is out."
FREED = (
    "*frees itself*: after so long the stack's own timeouts end slow clients that "
    "stay. It was watched for {} s, and not tried with more than {} clients."
)
COST = (
    "*each takes*: memory of server + kernel for the dearest slow client, a slow "
    "reader if nothing else is said."
)
P99 = (
    "*p99 beside*: of healthy requests alone, then beside nearly as many slow clients "
    "as it holds. A question mark: something else on the machine may have moved it."
)
SLOW_HANDLERS = (
    "*waiting*, *time.sleep*: so many quick clients are held whose handler waits as "
    "its interface invites, or calls time.sleep, for 20 s. gevent replaces that call, "
    "but none inside a C library."
)
HANDLERS_OF_YOURS = (
    "*waiting*: so many quick clients are held that ask for the app's slow handler."
)
CPU = "*kept*, *new*: the connection. –: not measured."


def blocks(source: Source) -> Sequence[Block]:
    shown = table(source.run)
    if not shown.rows:
        return []
    return [shown, Text(words(source.run, shown), "note")]


def table(run: Run) -> Table:
    """A row for each stack; without the columns of which the run knows nothing."""
    rows = [_row(summary) for summary in summaries(run)]
    known = {
        key for row in rows for key, value in row.items() if written(value) != NOTHING
    }
    columns = [column for column in COLUMNS if column.key in known]
    return Table(TITLE, columns, rows, look="board")


def _row(summary: Summary) -> dict[str, Value]:
    least = summary.least
    return {
        "stack": Name(summary.stack),
        "held": Name(held_by(least), note=_more(summary)) if least else Name(NOTHING),
        "ran_out": Name(said.ran_out(least) or NOTHING) if least else Name(NOTHING),
        "then": _then(least),
        "freed": _freed(summary),
        "cost": _cost(summary),
        "p99": _p99(summary.slowest),
        "waiting": Name(held_by(summary.waiting)),
        "blocking": Name(held_by(summary.blocking)),
        "cpu": Name(" / ".join(map(figure, summary.cpu_us.values())) or NOTHING),
    }


def held_by(outcome: Outcome | None) -> str:
    """`1,937`; `≥ 512` where that was the largest step and did no harm; `≈ 13` where
    it is chance within a range."""
    if outcome is None:
        return NOTHING
    made = outcome.predicted_first
    about = made is not None and made.uneven and not outcome.unharmed
    return f"{'≥ ' * outcome.unharmed}{'≈ ' * about}{count(outcome.held_by_all)}"


def _more(summary: Summary) -> str:
    """`1,903 if idle or slow-headers`, where it held several times as many."""
    more = summary.much_more
    if not more:
        return ""
    where = in_order(o.scenario for o in more)
    return f"{held_by(more[0])} if {listed(where, last='or')}"


def _then(outcome: Outcome | None) -> Name:
    found = at_limit(outcome) if outcome else None
    if outcome is None or found is None:
        return Name(NOTHING)
    notes = []
    if spins(outcome):
        notes.append(f"spins on {figure(found.server_cores)} cores")
    if (found.log_mb_per_s or 0.0) >= FLOODS_FROM:
        notes.append(f"logs {figure(found.log_mb_per_s)} MB/s")
    return Name(THEN.get(found.lost, "are answered wrong"), note=", ".join(notes))


def _freed(summary: Summary) -> Value:
    one = summary.freed
    if one is None:
        return Name(NOTHING)
    note = f"under {one.scenario}" if summary.often_faster else ""
    return Seconds(
        one.freed_s,
        one.watched_s,
        digits=0,
        never="not in",
        at_once="not harmed",
        note=note,
    )


def _cost(summary: Summary) -> Value:
    """`146 + 100`, of the scenario where it is most."""
    known = [
        (of.sum_kb, of, o.scenario)
        for o in summary.clients
        if (of := costs.slow_client(o)) and of.sum_kb is not None
    ]
    if not known:
        return Name(NOTHING)
    _, of, scenario = max(known, key=lambda one: one[0])
    server, kernel = (figure(max(0.0, f.value or 0.0)) for f in (of.server, of.kernel))
    usual = scenario in in_phases(Phase.RESPONSE)
    return Name(f"{server} + {kernel}", note="" if usual else f"under {scenario}")


def _p99(outcome: Outcome | None) -> Value:
    if outcome is None or outcome.baseline is None or outcome.largest_timed is None:
        return Name(NOTHING)
    before, after = outcome.baseline.p99_ms, outcome.largest_timed.p99_ms
    return Name(f"{figure(before)} → {figure(after)}", doubtful=outcome.doubtful)


def held(run: Run) -> Prose:
    """What it is to hold slow clients, and under which scenarios that was tried."""
    scenarios = in_order({o.scenario for s in summaries(run) for o in s.clients})
    under = f"{listed(scenarios)}, and of " if scenarios else ""
    return prose(HELD, f"{run.method.deadline_s:g}", under)


def brief(run: Run, shown: Table) -> list[Text]:
    """What the numbers of the table count, for who sees no groups of columns."""
    handlers = [Text(_slow_handlers(run))] if _has(shown, "waiting") else []
    return [Text(held(run)), *handlers]


def _slow_handlers(run: Run) -> Prose:
    return prose(HANDLERS_OF_YOURS if run.target else SLOW_HANDLERS)


def _has(shown: Table, key: str) -> bool:
    return any(column.key == key for column in shown.columns)


def words(run: Run, shown: Table) -> Prose:
    """What each column says, for those that are there."""
    watched = [one for one in run.self_recoveries if one.valid]
    most = max((one.slow_clients for one in watched), default=0)
    up_to = run.ordered.up_to if run.ordered and run.ordered.up_to else most
    watched_s = max((one.watched_s for one in watched), default=0.0)
    explained = {
        "held": held(run),
        "ran_out": prose(RAN_OUT),
        "then": prose(THEN_SAID),
        "freed": prose(FREED, f"{watched_s:g}", count(up_to)),
        "cost": prose(COST),
        "p99": prose(P99),
        "waiting": _slow_handlers(run),
        "cpu": prose(CPU),
    }
    return joined([why for key, why in explained.items() if _has(shown, key)])


SECTION = Section("summary", TITLE, blocks, short=SHORT)
