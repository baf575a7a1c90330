"""The task of a cell: a stack under a scenario, once, on the whole staircase."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from pathlib import Path

from loadtests.analysis.cell import analyse_cell, failed_cell
from loadtests.experiments.holding import Holding, hold
from loadtests.experiments.task import Context, State
from loadtests.records.cell import Cell
from loadtests.records.facts import Fact
from loadtests.records.run import Run
from loadtests.records.tasks import CELL, TaskKey


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
        return self.holding.lasts_s

    def state(self, run: Run, folder: Path) -> State:
        cell = self._cell(run)
        if cell is None:
            return State.MISSING
        return State.DONE if cell.valid else State.VOID

    def measured(self, run: Run, context: Context) -> Run:
        recording = hold(self.holding, self, context)
        subject = self.holding.subject(self.repeat)
        return self._with(run, analyse_cell(subject, recording, context.method))

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
