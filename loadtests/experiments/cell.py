"""The task of a cell: where a stack degrades under a scenario, and where it is out."""

from __future__ import annotations

import dataclasses
import math
from dataclasses import dataclass
from pathlib import Path

from loadtests.analysis.cell import analyse_cell, failed_cell
from loadtests.analysis.predictions import (
    Prediction,
    predicted_out,
    predicted_to_degrade,
)
from loadtests.analysis.search import (
    Ask,
    Harm,
    Search,
    Tried,
    held_below,
    next_step,
)
from loadtests.catalog.profiles import Profile
from loadtests.experiments.hold import hold
from loadtests.experiments.holding import Holding, predicted
from loadtests.experiments.stepping import Stepping
from loadtests.experiments.task import Context, State
from loadtests.records.cell import Cell
from loadtests.records.facts import NOT_RECOVERED, Fact, fact
from loadtests.records.run import Run
from loadtests.records.tasks import CELL, TaskKey

# A stack that holds so many times what was predicted is not looked at any further.
TOP_RATIO = 4
TOP_AT_LEAST = 64
# Where no number is predicted to do harm: so many times what it holds at a time.
TOP_RATIO_OF_NEVER = 2
# Where nothing was predicted: many times what a thread pool holds, and the descriptors
# of four workers as most deployments have them.
TOP_UNPREDICTED = 4096
# One Locust process has 20,000 descriptors at most on common machines.
MOST_SLOW_CLIENTS = 10_000
RESTS_WITHIN_S = 1.0  # as a rule


@dataclass(frozen=True)
class CellTask:
    """One cell of a run, before it has a result."""

    holding: Holding
    repeat: int

    @property
    def key(self) -> TaskKey:
        holding = self.holding
        return TaskKey(CELL, holding.stack.id, holding.scenario.id, self.repeat)

    @property
    def lasts_s(self) -> float:
        return expected_s(search_of(self.holding), self.holding.profile)

    def state(self, run: Run, folder: Path) -> State:
        cell = self._cell(run)
        if cell is None:
            return State.MISSING
        return State.DONE if cell.valid else State.VOID

    def measured(self, run: Run, context: Context) -> Run:
        doubts: list[Fact] = []
        recording = hold(
            self.holding,
            self,
            context,
            lambda steps: doubts.extend(self._search(steps)),
        )
        subject = self.holding.subject(self.repeat)
        cell = analyse_cell(subject, recording, context.method)
        cell = dataclasses.replace(cell, doubts=[*cell.doubts, *doubts])
        return self._with(run, cell)

    def _search(self, stepping: Stepping) -> list[Fact]:
        """Step after step, until all is known that can be found; what to doubt."""
        whole = search_of(self.holding)
        # The most for which there are ports is the last step, so that it is taken.
        top = min(whole.top, stepping.most_with_ports)
        search = dataclasses.replace(whole, top=top)
        tried: list[Tried] = []
        while (ask := next_step(search, tried)) is not None:
            if tried and ask.slow_clients < tried[-1].ask.slow_clients:
                least = held_below(ask.slow_clients, tried)
                if not stepping.recover(least):
                    return [fact(NOT_RECOVERED, slow_clients=least)]
            if tried and (reason := stepping.lacks_room(ask.slow_clients)):
                return [reason]
            harm = stepping.take(ask.slow_clients, long=ask.long)
            tried.append(Tried(ask, harm))
        lacks = stepping.lacks_ports(whole.top)
        is_out = any(one.harm is Harm.OUT for one in tried)
        return [lacks] if lacks and not is_out else []

    def failed(self, run: Run, context: Context, reason: Fact) -> Run:
        subject = self.holding.subject(self.repeat)
        return self._with(run, failed_cell(subject, context.method, reason))

    def _cell(self, run: Run) -> Cell | None:
        return next((cell for cell in run.cells if cell.task == self.key), None)

    def _with(self, run: Run, cell: Cell) -> Run:
        """The run with this cell last; a void first try stays on record in it."""
        if first := self._cell(run):
            cell = dataclasses.replace(cell, first_try=first.faults)
        others = [other for other in run.cells if other.task != self.key]
        return dataclasses.replace(run, cells=[*others, cell])


def search_of(holding: Holding) -> Search:
    """Where to look for what the stack was predicted to do."""
    capacity = predicted(holding.stack, holding.scenario)
    frees = not holding.scenario.phase.handler_is_slow
    out = predicted_out(capacity)
    need = holding.profile.need
    most = holding.profile.most or MOST_SLOW_CLIENTS
    if out is None:
        return Search(None, None, min(most, max(TOP_UNPREDICTED, need)), frees)
    degrades = predicted_to_degrade(capacity) or out
    high = max(out.high or 0, degrades.high or 0)
    top = TOP_RATIO * high or TOP_RATIO_OF_NEVER * _fit(holding)
    top = min(most, max(top, TOP_AT_LEAST, need))
    unsure = holding.other is not None and not frees
    return Search(degrades, out, top, frees, unsure, need)


def _fit(holding: Holding) -> int:
    """How many slow clients a stack holds at a time, whether or not more do harm."""
    return holding.stack.limit_under(holding.scenario.id).out(holding.stack)[1]


def expected_s(search: Search, profile: Profile) -> float:
    """How long a cell takes if the stack does what was predicted."""
    tried: list[Tried] = []
    lasts_s, there = profile.release_s, 0
    while (ask := next_step(search, tried)) is not None:
        harm = _predicted_harm(search, ask.slow_clients)
        tried.append(Tried(ask, harm))
        coming_s = max(0, ask.slow_clients - there) / profile.arrive_per_s
        lasts_s += coming_s + RESTS_WITHIN_S + _looks_s(ask, harm, profile)
        there = ask.slow_clients
    return lasts_s


def _predicted_harm(search: Search, slow_clients: int) -> Harm:
    if slow_clients >= _middle(search.out):
        return Harm.OUT
    return Harm.DEGRADED if slow_clients >= _middle(search.degrades) else Harm.NONE


def _middle(predicted: Prediction | None) -> float:
    if predicted is None or predicted.low is None or predicted.high is None:
        return math.inf
    return (predicted.low + predicted.high) / 2


def _looks_s(ask: Ask, harm: Harm, profile: Profile) -> float:
    """A second look confirms each harm."""
    if harm is not Harm.NONE:
        return 2 * profile.hold_s
    return profile.long_hold_s if ask.long else profile.hold_s
