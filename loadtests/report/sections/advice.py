"""What to deploy: which stacks this run supports in a situation, or speaks against.

The one rule: a stack is supported if each repeat held enough slow clients, under every
scenario of the situation that this run has. If one did not, the run speaks against it.
No stack holds any number: the search goes on until something runs out.
"""

from __future__ import annotations

import dataclasses
import shlex
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from loadtests.analysis.outcomes import Outcome, outcomes
from loadtests.analysis.summary import ENOUGH, Summary, spins, summaries
from loadtests.analysis.sweeps import is_one_stack
from loadtests.catalog.phases import Phase
from loadtests.catalog.scenarios import in_order, in_phases, slow_clients
from loadtests.catalog.stacks import HTTP1, Supply
from loadtests.records.run import Run
from loadtests.report.blocks import Block, Folded, Section, Source, Text
from loadtests.report.prose import joined, prose
from loadtests.report.said import span
from loadtests.report.sections.situations import (
    KINDS_OF_CLIENTS,
    PROXY,
    SITUATIONS,
    Situation,
    about_handlers,
    of_a_proxy,
)
from loadtests.report.special_blocks import Advice, Advised, Stand, Start
from loadtests.report.words import count, figure

TITLE = "What should I deploy?"
KINDS = "The same by kind of slow client"
LEAD = (
    "*Choose*: the stack held at least {} slow clients, or slow handlers, in every "
    "repeat. *Not*: it held fewer. The first is the cheapest of those which hold at "
    "least half of the best, and its command is shown. Bind your own address in it."
)
APART = (
    "Two rows differ. For blocking C libraries, a stack must lend each call a thread. "
    "For quick handlers, it must cost little. *Not* is over twice the least there."
)
_HANDLERS = {*in_phases(*(phase for phase in Phase if phase.handler_is_slow))}
# So much dearer than the cheapest is a reason against a stack; so little is none.
_DEAR, _CHEAP = 2.0, 1.5
FRONTED = "{} stands in front, configured as the commands of this run show."
QUICK = "A proxy in front buffers, and handlers are quick (new connections)"


def blocks(source: Source) -> Sequence[Block]:
    given, kinds = advice(source.run), _given(source.run, KINDS_OF_CLIENTS)
    if not given:
        given, kinds = kinds, []
    if not given or is_one_stack(source.run):
        return []
    tried = {scenario for one in given for scenario in one.evidence}
    notes = [
        *([prose(PROXY, of_a_proxy(source))] if tried & {*slow_clients()} else []),
        *([prose(about_handlers(source.run))] if tried & _HANDLERS else []),
    ]
    apart = [prose(APART)] if len(given) > 1 else []
    found: list[Block] = [
        Advice("What this run supports, and what it speaks against", given),
        Text(joined([prose(LEAD, str(ENOUGH)), *apart]), "note"),
        *(Text(note, "note") for note in notes),
    ]
    if kinds:
        alone = [dataclasses.replace(one, start=None) for one in kinds]
        found.append(Folded(KINDS, [Advice(KINDS, alone)]))
    return found


def advice(run: Run) -> list[Advised]:
    """For each situation of which this run knows something."""
    if is_one_stack(run):
        return []  # the sweep compares its options
    given = _given(run, SITUATIONS)
    quick = _quick(run)
    return [*given, *([quick] if quick else [])]


def _given(run: Run, situations: Sequence[Situation]) -> list[Advised]:
    if run.target and (run.target.command or run.target.running):
        return []  # there is one server, and nothing to choose
    found, given = outcomes(run), []
    for situation in situations:
        some = [
            o
            for o in found
            if o.scenario in situation.scenarios and situation.is_about(o.stack)
        ]
        # One scenario of several is a situation of its own, which comes after.
        if len({o.scenario for o in some}) >= min(2, len(situation.phases)):
            given.append(_of(run, situation, some))
    return [one for one in given if one.supported or one.against]


@dataclass(frozen=True)
class _Held:
    """How many a stack held in a situation; `more`: it may hold still more."""

    stack: str
    number: int
    more: bool
    spins: bool = False

    @property
    def said(self) -> str:
        return f"{self.stack} (spins at its limit)" if self.spins else self.stack


def _of(run: Run, situation: Situation, some: list[Outcome]) -> Advised:
    scenarios = in_order(o.scenario for o in some)
    supported, against = [], []
    for stack in dict.fromkeys(o.stack for o in some):
        mine = [o for o in some if o.stack == stack]
        least = min(mine, key=lambda o: o.held_by_all)
        held = _Held(stack, least.held_by_all, least.unharmed, any(map(spins, mine)))
        if _is_supported(situation, held, scenarios, len(mine)):
            supported.append(held)
        elif _is_spoken_against(situation, held):
            against.append(held)
    supported.sort(key=lambda held: (held.spins, -held.number))
    against.sort(key=lambda held: held.number)
    start = _start(run, supported)
    supported.sort(key=lambda held: held.stack != (start.stack if start else ""))
    unknown = _unknown(situation, some) if against else []
    return Advised(
        situation.name,
        scenarios,
        _stand(supported, _with_threads(run, supported) if situation.threads else ""),
        _stand(against, also=unknown),
        start,
    )


def _unknown(situation: Situation, some: list[Outcome]) -> list[str]:
    """Of calls that gevent cannot replace, what its source says of them."""
    stacks = dict.fromkeys(o.stack for o in some if situation.threads)
    return [f"{stack} (not measured)" for stack in stacks if _is_gevent(stack)]


def _is_gevent(stack: str) -> bool:
    known = HTTP1.get(stack)
    return known is not None and "gevent" in known.packages


def _is_supported(
    situation: Situation, held: _Held, scenarios: Sequence[str], measured: int
) -> bool:
    if situation.threads:
        return _lends_a_thread(held.stack, scenarios)
    return measured == len(scenarios) and held.number >= ENOUGH


def _is_spoken_against(situation: Situation, held: _Held) -> bool:
    """Not where a search ended before it did harm; nor, of calls that gevent cannot
    replace, where that was not measured."""
    if situation.threads:
        return held.stack in HTTP1 and not _is_gevent(held.stack)
    return held.number < ENOUGH and not held.more


def _with_threads(run: Run, supported: Sequence[_Held]) -> str:
    """` with 16 threads`, if all have as many."""
    some = {one.stack for one in supported}
    cells = [cell for cell in run.cells if cell.stack in some and cell.threads]
    totals = {cell.workers * (cell.threads or 0) for cell in cells}
    return f" with {totals.pop()} threads" if len(totals) == 1 else ""


def _lends_a_thread(stack: str, scenarios: Sequence[str]) -> bool:
    known = HTTP1.get(stack)
    return known is not None and all(
        known.predicted_ran_out(scenario) is Supply.THREADS for scenario in scenarios
    )


def _stand(
    held: Sequence[_Held], each: str = "", also: Sequence[str] = ()
) -> Stand | None:
    """What is said of all of them at once: the table of all stacks has each number.
    `also` are stacks of which no number is known."""
    if not held:
        return None
    numbers = [one.number for one in held]
    if any(one.more for one in held):
        said = f"at least {count(min(numbers))}"
    else:
        said = span(min(numbers), max(numbers))
    return Stand(f"held {said}{each}", [*(one.said for one in held), *also])


def _start(run: Run, supported: Sequence[_Held]) -> Start | None:
    """How to start the cheapest of those that hold about as many as the best."""
    if not supported:
        return None
    best = supported[0]
    enough = [
        one.stack
        for one in supported
        if one.spins is best.spins and 2 * one.number >= best.number
    ]
    costs = {s.stack: _cpu(s) for s in summaries(run) if s.cpu_us}
    cheapest = min(enough, key=lambda stack: costs.get(stack, float("inf")))
    own = next(one.number for one in supported if one.stack == cheapest)
    return _started(run, cheapest, count(own) if len(supported) > 1 else "")


def _started(run: Run, stack: str, own: str = "") -> Start:
    argv = next(cell.argv for cell in run.cells if cell.stack == stack)
    known = HTTP1.get(stack)
    front = known.front if known else None
    beside = [FRONTED.format(front.program)] if front else []
    options = " ".join([*beside, *([known.deploy] if known else [])])
    return Start(stack, shlex.join(argv), options, own)


def _quick(run: Run) -> Advised | None:
    """Where nothing is slow, the CPU time of a request decides."""
    costs = {s.stack: _cpu(s) for s in summaries(run) if s.cpu_us}
    if len(costs) < 2:
        return None
    least = min(costs.values())
    cheap = _those(costs, lambda us: us <= _CHEAP * least)
    dear = _those(costs, lambda us: us > _DEAR * least)
    start = _started(run, cheap.stacks[0]) if cheap else None
    return Advised(QUICK, [], cheap, dear, start)


def _those(costs: dict[str, float], wanted: Callable[[float], bool]) -> Stand | None:
    some = sorted((us, stack) for stack, us in costs.items() if wanted(us))
    if not some:
        return None
    low, high = figure(some[0][0]), figure(some[-1][0])
    said = low if low == high else f"{low} to {high}"
    return Stand(f"{said} µs of CPU a request", [stack for _, stack in some])


def _cpu(summary: Summary) -> float:
    """On a new connection, as nginx opens for each request by default."""
    return summary.cpu_us.get(False) or next(iter(summary.cpu_us.values()))


SECTION = Section("deploy", TITLE, blocks)
