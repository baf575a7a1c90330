"""The finding: what a run says, in three to five sentences made from its figures.

A sentence without data is not said. Sentences name stacks, never the interface: what
decides is the server and its worker class.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from loadtests.analysis.outcomes import Outcome, outcomes, share
from loadtests.analysis.over_repeats import Reached
from loadtests.analysis.predictions import BEYOND, CONFIRMED, REFUTED
from loadtests.records.run import Run
from loadtests.report.said import prediction, reached
from loadtests.report.sections import figures
from loadtests.report.words import amount, count, listed, percent

MOST_NAMED = 6
MOST_REFUTED = 3
MOST_SENTENCES = 5
MANY = 3  # scenarios; of more, the one that is missing is named instead


def sentences(run: Run) -> list[str]:
    """The finding, as plain text that is not yet escaped for any format."""
    found = outcomes(run)
    if not found:
        return ["No cell of this run counts, so it says nothing about any stack."]
    counted = (_out, _degraded, _unharmed, _predictions)
    makers = (*counted, figures.response_time, figures.memory)
    said = (maker(found) for maker in makers)
    return [sentence for sentence in said if sentence][:MOST_SENTENCES]


def incomplete(run: Run) -> str:
    """One sentence when the run stopped early, else nothing."""
    if run.run.complete:
        return ""
    return (
        f"This run is not complete: it stopped after {amount(len(run.cells), 'cell')}, "
        "and what follows holds for those alone."
    )


def _out(found: list[Outcome]) -> str:
    groups = _spans([o for o in found if o.out], found, lambda o: o.out_at)
    if not groups:
        top = max(o.last.slow_clients for o in found)
        return f"No stack was out at any step, up to {count(top)} slow clients."
    parts = [f"{g.who} at {g.what}{g.where}" for g in groups[1:]]
    first = groups[0]
    said = f"{first.who} {first.verb} out at {first.what}{first.where}"
    return f"{_groups_listed([said, *parts])}."


def _degraded(found: list[Outcome]) -> str:
    degraded = [o for o in found if o.degraded]
    if not degraded:
        return ""
    groups = _spans(degraded, found, lambda o: o.degrades_at)
    named = _groups_listed([f"{g.who} from {g.what}{g.where}" for g in groups])
    low = min(degraded, key=_lowest_share)
    return (
        f"Degraded, but not out: {named}; the smallest share of healthy requests, "
        f"{percent(low.worst.answered, low.worst.attempted)}, was answered by "
        f"{low.stack} under {low.scenario} at {count(low.worst.slow_clients)}."
    )


def _unharmed(found: list[Outcome]) -> str:
    kept = [o for o in found if o.unharmed]
    if not kept:
        return "No stack kept 99 % of healthy requests answered up to its largest step."
    groups = _spans(kept, found, lambda o: Reached((o.last.slow_clients,)))
    first = groups[0]
    parts = [
        f"{g.who}{'' if g.what == first.what else f' up to {g.what}'}{g.where}"
        for g in groups[1:]
    ]
    said = (
        f"{first.who} kept 99 % or more of healthy requests answered up to the largest "
        f"step, {first.what},{first.where}"
    )
    low = min(kept, key=_lowest_share).worst
    lowest = f"the lowest share was {percent(low.answered, low.attempted)}"
    if low.answered == low.attempted:
        lowest = "not one was unanswered"
    return f"{_groups_listed([said, *parts])}; {lowest}."


def _predictions(found: list[Outcome]) -> str:
    refuted = [o for o in found if o.verdict == REFUTED]
    partly = [o for o in found if o.verdict not in (CONFIRMED, REFUTED, BEYOND)]
    beyond = sum(o.verdict == BEYOND for o in found)
    confirmed = sum(o.verdict == CONFIRMED for o in found)
    parts = [f"confirmed {confirmed} of {amount(len(found), 'prediction')}"]
    if refuted:
        parts.append(f"refuted {len(refuted)} ({_missed(refuted, found)})")
    if partly:
        groups = _groups(partly, found, lambda o: (0, ""))
        named = listed([f"{g.who}{g.where}" for g in groups], MOST_REFUTED)
        parts.append(f"confirmed {len(partly)} in some repeats only ({named})")
    if beyond:
        parts.append(f"did not test {beyond}, above the last step")
    return f"The measurement {listed(parts)}."


def _missed(refuted: list[Outcome], found: list[Outcome]) -> str:
    groups = _groups(refuted, found, lambda o: (o.predicted.low or 0, _miss(o)))
    named = [f"{g.who}{g.where}: {g.what}" for g in groups[:MOST_REFUTED]]
    if len(groups) > MOST_REFUTED:
        named.append("and others")
    return "; ".join(named)


def _miss(outcome: Outcome) -> str:
    never, first = outcome.predicted.never, outcome.predicted_first
    said = "not to be out" if never else f"out at {prediction(outcome.predicted)}"
    if first:
        degrade = prediction(first)
        said = "unharmed" if never else f"to degrade at {degrade} and be {said}"
    measured = f"out at {reached(outcome.out_at)}" if outcome.out else "not out"
    if outcome.unharmed:
        return f"predicted {said}, measured unharmed"
    return f"predicted {said}, degraded at {reached(outcome.degrades_at)}, {measured}"


@dataclass(frozen=True)
class _Group:
    """Stacks of which the same is to be said, under the same scenarios."""

    stacks: list[str]
    what: str
    where: str

    @property
    def who(self) -> str:
        return listed(self.stacks)

    @property
    def verb(self) -> str:
        return "was" if len(self.stacks) == 1 else "were"


def _spans(
    some: list[Outcome], found: list[Outcome], at: Callable[[Outcome], Reached]
) -> list[_Group]:
    """`some` outcomes by the steps at which each stack reached something, from its
    first to its last over all scenarios and repeats."""
    spans: dict[str, tuple[int, str]] = {}
    for stack in dict.fromkeys(o.stack for o in some):
        steps = [step for o in some if o.stack == stack for step in at(o).steps]
        first, last = min(steps), max(steps)
        span = count(first) if first == last else f"{count(first)} to {count(last)}"
        spans[stack] = (first, f"{span} slow clients")
    return _groups(some, found, lambda o: spans[o.stack])


def _groups(
    some: list[Outcome],
    found: list[Outcome],
    say: Callable[[Outcome], tuple[int, str]],
) -> list[_Group]:
    """`some` outcomes by what is to be said of each, in the order of its number."""
    scenarios: dict[tuple[int, str, str], list[str]] = {}
    for outcome in some:
        scenarios.setdefault((*say(outcome), outcome.stack), []).append(
            outcome.scenario
        )
    stacks: dict[tuple[int, str, str], list[str]] = {}
    every = {o.scenario for o in found}
    for (order, what, stack), under in scenarios.items():
        stacks.setdefault((order, what, _where(under, every)), []).append(stack)
    ordered = sorted(stacks.items(), key=lambda item: item[0][0])
    return [_Group(named, what, where) for (_, what, where), named in ordered]


def _groups_listed(parts: list[str]) -> str:
    """Each is a list by itself, so a comma between them would not part them."""
    more = [f"{len(parts) - MOST_NAMED} more"] if len(parts) > MOST_NAMED else []
    return "; ".join([*parts[:MOST_NAMED], *more])


def _where(scenarios: list[str], every: set[str]) -> str:
    rest = every - set(scenarios)
    if len(every) > 1 and not rest:
        return " under every scenario"
    if len(rest) == 1 and len(every) > MANY:
        return f" under every scenario but {rest.pop()}"
    return f" under {listed(scenarios)}"


def _lowest_share(outcome: Outcome) -> float:
    return share(outcome.worst) or 0.0
