"""The finding: what a run says, in a few points made from its figures.

A point without data is not made. Points name stacks, never the interface: what decides
is the server and its worker class.
"""

from __future__ import annotations

from collections.abc import Sequence

from loadtests.analysis.outcomes import Outcome, outcomes, share
from loadtests.analysis.over_repeats import Reached
from loadtests.analysis.predictions import (
    BEYOND,
    CONFIRMED,
    PARTLY,
    REFUTED,
    another_ran_out,
)
from loadtests.records.run import Run
from loadtests.report.blocks import Block, Points, Section, Source
from loadtests.report.prose import Prose, joined, prose, stack, text
from loadtests.report.said import RAN_OUT, prediction, ran_out, reached
from loadtests.report.sections import figures
from loadtests.report.sections.groups import Group, by_steps, by_words
from loadtests.report.words import amount, count, listed, percent

TITLE = "What happened"
MOST_NAMED = 6
MOST_REFUTED = 3
MOST_POINTS = 6
NOTHING_COUNTS = "No cell of this run counts, so the run says nothing about any stack."


def blocks(source: Source) -> Sequence[Block]:
    return [Points(points(source.run), "finding")]


def points(run: Run) -> list[Prose]:
    """The finding, with the names of stacks marked."""
    found = outcomes(run)
    if not found:
        return [prose(NOTHING_COUNTS)]
    counted = (_out, _degraded, _unharmed, _predictions)
    makers = (*counted, figures.response_time, figures.memory)
    said = (maker(found) for maker in makers)
    return [point for point in said if point][:MOST_POINTS]


def sentences(run: Run) -> list[str]:
    """The finding in words alone."""
    return [text(point) for point in points(run)]


def incomplete(run: Run) -> str:
    """Two sentences when the run stopped early, else nothing."""
    if run.run.complete:
        return ""
    return (
        f"This run is not complete: it stopped after {amount(len(run.cells), 'cell')}. "
        "Everything below holds for those cells alone."
    )


def _out(found: list[Outcome]) -> Prose:
    groups = by_steps([o for o in found if o.out], found, lambda o: o.out_at)
    if not groups:
        top = max(o.last.slow_clients for o in found)
        return prose(f"No stack was out at any step, up to {count(top)} slow clients.")
    said = [
        prose("{} {} out at {}{}{}.", g.who, g.were, g.what, g.where, _spent(g, found))
        for g in groups[:MOST_NAMED]
    ]
    return joined([*said, *_more(groups, "So {} {} at higher numbers.")])


def _spent(group: Group, found: list[Outcome]) -> str:
    """What the stacks of a group ran out of, as far as that is known."""
    names = [ran_out(o) for o in found if o.stack in group.stacks and o.out]
    known = list(dict.fromkeys(filter(None, names)))
    return f": {RAN_OUT.format(listed(known))}" if known else ""


def _more(groups: Sequence[Group], template: str) -> list[Prose]:
    """That groups of stacks were left out, and how many."""
    more = len(groups) - MOST_NAMED
    if more < 1:
        return []
    were = "was" if more == 1 else "were"
    return [prose(template, were, amount(more, "more group"))]


def _degraded(found: list[Outcome]) -> Prose:
    degraded = [o for o in found if o.degraded]
    if not degraded:
        return ()
    groups = by_steps(degraded, found, lambda o: o.degrades_at)
    said = [
        prose("{} degraded from {}{}, but {} not out.", g.who, g.what, g.where, g.were)
        for g in groups[:MOST_NAMED]
    ]
    low = min(degraded, key=_lowest_share)
    lowest = prose(
        "{} answered the smallest share of healthy requests: {} at {} slow clients{}.",
        stack(low.stack),
        percent(low.worst.answered, low.worst.attempted),
        count(low.worst.slow_clients),
        f" under {low.scenario}",
    )
    return joined([*said, *_more(groups, "So {} {} at higher numbers."), lowest])


def _unharmed(found: list[Outcome]) -> Prose:
    kept = [o for o in found if o.unharmed]
    if not kept and any(cell.nofile for o in found for cell in o.cells):
        return ()  # the search goes on until each stack is harmed
    if not kept:
        return prose(
            "No stack kept 99 % of healthy requests answered up to its largest step."
        )
    groups = by_steps(kept, found, lambda o: Reached((o.last.slow_clients,)))
    first = prose(
        "{} kept at least 99 % of healthy requests answered up to the largest step, "
        "{},{}.",
        *(groups[0].who, groups[0].what, groups[0].where),
    )
    others = [
        prose("So did {}{}{}.", g.who, _up_to(g, groups[0]), g.where)
        for g in groups[1:MOST_NAMED]
    ]
    more = _more(groups, "So {} {}.")
    return joined([first, *others, *more, _lowest(min(kept, key=_lowest_share))])


def _up_to(group: Group, first: Group) -> str:
    return "" if group.what == first.what else f" up to {group.what}"


def _lowest(outcome: Outcome) -> Prose:
    low = outcome.worst
    if low.answered == low.attempted:
        return prose("Among them, no healthy request went unanswered.")
    return prose(
        "Among them, the lowest share was {}.", percent(low.answered, low.attempted)
    )


def _predictions(found: list[Outcome]) -> Prose:
    refuted = [o for o in found if o.verdict == REFUTED]
    partly = [o for o in found if o.verdict == PARTLY]
    beyond = sum(o.verdict == BEYOND for o in found)
    confirmed = sum(o.verdict == CONFIRMED for o in found)
    whole = amount(len(found), "prediction")
    said = [prose(f"The measurement confirmed {confirmed} of {whole}.")]
    if refuted:
        said.append(prose(f"It refuted {len(refuted)}."))
        said += _missed(refuted, found)
    if partly:
        said.append(_partly(partly, found))
    if beyond:
        said.append(prose(f"It did not test {beyond}, above the last step."))
    return joined(said)


def _partly(partly: list[Outcome], found: list[Outcome]) -> Prose:
    groups = by_words(partly, found, lambda o: (0, ""))
    named = [prose("{}{}", g.who, g.where) for g in groups[:MOST_REFUTED]]
    more = [prose("others")] if len(groups) > MOST_REFUTED else []
    start = prose(f"It confirmed {len(partly)} in some repeats only: ")
    return (*start, *joined([*named, *more], ", "), ".")


def _missed(refuted: list[Outcome], found: list[Outcome]) -> list[Prose]:
    groups = by_words(refuted, found, lambda o: (o.predicted.low or 0, _miss(o)))
    shown = [
        prose("{}{} {} {}.", g.who, g.where, g.were, g.what)
        for g in groups[:MOST_REFUTED]
    ]
    more = [prose("Others missed too.")] if len(groups) > MOST_REFUTED else []
    return [*shown, *more]


def _miss(outcome: Outcome) -> str:
    found = [c.capacity for c in outcome.cells if another_ran_out(c.capacity)]
    if found:
        predicted, evidence = found[0].predicted_ran_out, found[0].ran_out
        return f"predicted to run out of {predicted}, but ran out of {evidence}"
    never, first = outcome.predicted.never, outcome.predicted_first
    said = "not to be out" if never else f"to be out at {prediction(outcome.predicted)}"
    if first:
        out = f"out at {prediction(outcome.predicted)}"
        degrade = f"to degrade at {prediction(first)} and be {out}"
        said = "to be unharmed" if never else degrade
    measured = f"was out at {reached(outcome.out_at)}" if outcome.out else "was not out"
    if outcome.unharmed:
        return f"predicted {said}, but was unharmed"
    degraded = f"degraded at {reached(outcome.degrades_at)}"
    return f"predicted {said}, but {degraded} and {measured}"


def _lowest_share(outcome: Outcome) -> float:
    return share(outcome.worst) or 0.0


SECTION = Section("finding", TITLE, blocks)
