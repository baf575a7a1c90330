"""How every cell was measured, and what its figures are worth."""

from __future__ import annotations

from collections.abc import Sequence

from loadtests.analysis import compare, intervals, predictions
from loadtests.analysis.outcomes import outcomes
from loadtests.catalog.target import RAW
from loadtests.records.run import Run
from loadtests.report.blocks import Block, Points, Section, Source
from loadtests.report.prose import Prose, code, prose
from loadtests.report.words import amount, count, figure, listed, percent

TITLE = "Method"
HEALTHY = (
    "A healthy request is {}. {} of them are sent each second, evenly spaced, each on "
    "a new connection. A request is sent when it is due, whatever became of earlier "
    "ones (an open workload). Response time counts from the moment when the request "
    "was due. The deadline is {} s. Bodies are checked."
)
ARRIVING = (
    "Slow clients arrive at {} a second. The server then gets up to {} s to come to "
    "rest. Only after that are the slow clients held, and the step counts."
)
GAP = " A slow client does something every {} s, and not every second."
HOLDING = (
    "A look at healthy requests takes {} s. If a look shows harm, further looks follow "
    "until two agree. The baseline and the largest step without harm last {} s. After "
    "the last step the slow clients leave, and the server is watched for {} s more."
)
SEARCH = (
    "The search tries half of the predicted number, one below, and the number itself. "
    "If the prediction is wrong, the search doubles and then bisects. A capacity is "
    "exact to one client up to {}, and to {} above. A predicted range is climbed in a "
    "few steps."
)
NOFILE = "Each process of a server may open {} file descriptors."
SLOW = (
    "Slow clients climb a staircase of {} s a step. The first {} s of a step do not "
    "count, because slow clients still arrive. After the last step they leave, and the "
    "server is watched for {} s more."
)
SEARCH_UNKNOWN = (
    "Nothing is predicted of this server. The search doubles and then bisects. A "
    "capacity is exact to one client up to {}, and to {} above. Where a handler is "
    "slow, the search only doubles."
)
OTHER_MACHINE = "The server runs on another machine, so times include the network's."
RUNNING = "The server was already running, and each cell used the same one."
COMMAND = "Each cell starts the command anew. It logs requests if it is set to."
MACHINE = "Server and load generator share one machine; {}."
CORES = "with two cores or more, each has its own"
FRESH = "Each cell starts a fresh server. Access logs are off."
POOLED = (
    "{} repeats: requests and visits are pooled. Of capacities and times, the middle "
    "one is given, with the 95 % interval of the mean in brackets."
)
ALARMS = (
    "To see what a difference is worth, repeats of one cell were compared as {} "
    "compares runs. They came out as different in {} of {}: a false-alarm rate of {}, "
    "at most {} %."
)
SEGMENTS = (
    "All clients connect with TCP segments of {} bytes, as over Ethernet. With the "
    "segments of loopback, a slow reader would take 4 MB of an answer at once."
)
STORED = (
    "Slow readers of {} ask for {} MB, and elsewhere for {} MB. nginx stores each "
    "answer in a file: a slow reader costs as much disk as its answer is long."
)
FLEET = "Slow clients came from {} on other machines or processes, led by Locust."
NETWORK = (
    "Under slow-link, all slow clients together shared a link of {} kbit/s from the "
    "server to them. Healthy requests did not cross that link."
)
LATE = "Requests left at most {} late (p99, worst cell)."


def blocks(source: Source) -> Sequence[Block]:
    return [Points([point for point in lines(source.run) if point])]


def lines(run: Run) -> list[Prose]:
    """One fact or two about the method in each."""
    how = run.method
    servers = prose(" ".join(_servers(run)), how.cores or CORES)
    segments = prose(SEGMENTS, count(how.segment_bytes)) if how.segment_bytes else ()
    if run.rates and not run.cells:
        return [servers, segments]
    lags = [x for c in run.cells if (x := c.generator.lag_p99_ms) is not None]
    request = code(how.healthy_request)
    return [
        prose(HEALTHY, request, f"{how.rate_per_s:g}", f"{how.deadline_s:g}"),
        *_slow_clients(run),
        _nofile(run),
        servers,
        segments,
        _fleet(run),
        _network(run),
        _stored(run),
        prose(_order(run)),
        _repeats(run),
        repeatability(run),
        prose(LATE, figure(max(lags, default=None), "ms")),
    ]


def _servers(run: Run) -> list[str]:
    """Where the server ran, and how it was started."""
    target = run.target
    if target and target.running:
        remote = target.running.remote
        return [OTHER_MACHINE if remote else MACHINE, RUNNING]
    return [MACHINE, COMMAND if target and target.command else FRESH]


def _slow_clients(run: Run) -> list[Prose]:
    """How they came and were held; in format 1 they climbed a staircase."""
    how = run.method
    hold, settle, release = (
        f"{time_s:g}" for time_s in (how.hold_s, how.settle_s, how.release_s)
    )
    if how.arrive_per_s is None:
        return [prose(SLOW, hold, settle, release)]
    long = f"{how.long_hold_s or how.hold_s:g}"
    exact, part = str(predictions.EXACT_UP_TO), f"{100 * predictions.RESOLUTION:g} %"
    return [
        prose(
            ARRIVING + (GAP if how.gap_s != 1.0 else ""),
            *(f"{how.arrive_per_s:g}", settle, f"{how.gap_s:g}"),
        ),
        prose(HOLDING, hold, long, release),
        prose(SEARCH if _predicted(run) else SEARCH_UNKNOWN, exact, part),
    ]


def _predicted(run: Run) -> bool:
    return not all(cell.capacity.unpredicted for cell in run.cells) or not run.cells


def _nofile(run: Run) -> Prose:
    known = sorted({cell.nofile for cell in run.cells if cell.nofile})
    return prose(NOFILE, listed([count(n) for n in known])) if known else ()


def _fleet(run: Run) -> Prose:
    workers = run.ordered.fleet.workers if run.ordered else 0
    return prose(FLEET, amount(workers, "worker")) if workers else ()


def _network(run: Run) -> Prose:
    kbit = run.ordered.network_kbit if run.ordered else 0
    return prose(NETWORK, count(kbit)) if kbit else ()


def _stored(run: Run) -> Prose:
    """That some slow readers ask for less, because it is stored on disk."""
    usual = RAW.download_mb
    lengths = {c.stack: c.download_mb for c in run.cells if c.download_mb}
    short = {name: mb for name, mb in lengths.items() if mb != usual}
    if not short:
        return ()
    each = listed([f"{mb:g}" for mb in sorted(set(short.values()))])
    return prose(STORED, listed(sorted(short)), each, f"{usual:g}")


def _order(run: Run) -> str:
    if max((cell.repeat for cell in run.cells), default=1) < 2:
        return "Cells were measured in the order of the tables."
    return f"Cells were measured in shuffled order, seed {run.run.seed}."


def _repeats(run: Run) -> Prose:
    most = max((len(outcome.cells) for outcome in outcomes(run)), default=0)
    return prose(POOLED, str(most)) if most > 1 else ()


def repeatability(run: Run) -> Prose:
    """How often the repeats of one cell, compared, differ although nothing did."""
    found = compare.false_alarms(run)
    within = intervals.of_share(found.alarms, found.pairs)
    if within is None:
        return ()
    return prose(
        ALARMS,
        code("make compare"),
        count(found.alarms),
        amount(found.pairs, "pair"),
        percent(found.alarms, found.pairs),
        f"{100 * within.high:.1f}",
    )


SECTION = Section("method", TITLE, blocks)
