"""The result of a run in one line, and the counts that every stack had."""

from __future__ import annotations

from loadtests.analysis.summary import Summary, summaries
from loadtests.records.run import Run
from loadtests.report import said
from loadtests.report.prose import Prose, prose, stack
from loadtests.report.sections import summary
from loadtests.report.words import count, number_word


def counts(run: Run) -> str:
    """`2 workers, 8 threads each, 1,024 descriptors`, if all stacks have as many."""
    parts = (
        ({c.workers for c in run.cells if c.workers}, "{} workers"),
        ({c.threads for c in run.cells if c.threads}, "{} threads each"),
        ({c.nofile for c in run.cells if c.nofile}, "{} descriptors each"),
    )
    return ", ".join(
        words.format(count(*some)) for some, words in parts if len(some) == 1
    )


def headline(run: Run) -> Prose:
    """The result in one line: who stops first, who holds most; nothing where there are
    not two such stacks."""
    found = [s for s in summaries(run) if s.least]
    if len(found) < 2:
        return ()
    first = found[0]
    out = [(n, one) for one in found if (n := _least_out(one)) is not None]
    stops, last = min(out, key=lambda pair: pair[0], default=(0, first))
    most = first.least.held_by_all if first.least else 0
    if first.least is None or not 0 < stops <= most:
        return ()
    clients = "slow client stops" if stops == 1 else "slow clients stop"
    supply = said.ran_out(first.least)
    return prose(
        "{} {} {}; {} holds {}{}",
        number_word(stops),
        clients,
        stack(last.stack),
        stack(first.stack),
        summary.held_by(first.least).replace("≥", "at least").replace("≈", "about"),
        f", then runs out of {supply}" if supply else "",
    )


def _least_out(summary: Summary) -> int | None:
    """The fewest slow clients with which it was out, in all repeats."""
    found = [m for o in summary.clients if (m := o.out_at.middle) is not None]
    return min(found, default=None)
