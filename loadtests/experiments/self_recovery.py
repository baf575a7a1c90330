"""The task of own timeouts: a stack held at its capacity until it frees itself."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from pathlib import Path

from loadtests.analysis.self_recovery import analyse_self_recovery
from loadtests.experiments.hold import hold
from loadtests.experiments.holding import Holding
from loadtests.experiments.stepping import Stepping
from loadtests.experiments.task import (
    Context,
    State,
    has_failed,
    with_failure,
    without_failure,
)
from loadtests.records.beside_cells import SelfRecovery
from loadtests.records.facts import Fact
from loadtests.records.run import Run
from loadtests.records.tasks import SELF_RECOVERY, TaskKey


@dataclass(frozen=True)
class SelfRecoveryTask:
    """One stack, held exactly at its predicted capacity by clients that stay."""

    holding: Holding
    watch_s: int

    @property
    def key(self) -> TaskKey:
        holding = self.holding
        return TaskKey(SELF_RECOVERY, holding.stack.id, holding.scenario.id)

    @property
    def lasts_s(self) -> float:
        return self.watch_s + self.holding.profile.release_s

    def state(self, run: Run, folder: Path) -> State:
        valid = [one.valid for one in run.self_recoveries if one.task == self.key]
        if any(valid):
            return State.DONE
        return State.VOID if valid or has_failed(run, self.key) else State.MISSING

    def measured(self, run: Run, context: Context) -> Run:
        recording = hold(self.holding, self, context, self._hold)
        log = context.log(self, "server").read_text(encoding="utf-8", errors="replace")
        subject = self.holding.subject(repeat=1)
        method = dataclasses.replace(context.method, hold_s=self.watch_s)
        found = analyse_self_recovery(subject, recording, method, log)
        return self._with(without_failure(run, self.key), found)

    def _hold(self, stepping: Stepping) -> None:
        stack, scenario = self.holding.stack, self.holding.scenario.id
        stepping.hold(stack.predicted_out_by(scenario) or 0, self.watch_s)

    def failed(self, run: Run, context: Context, reason: Fact) -> Run:
        return with_failure(self._with(run), self.key, reason)

    def _with(self, run: Run, *found: SelfRecovery) -> Run:
        others = [one for one in run.self_recoveries if one.task != self.key]
        return dataclasses.replace(run, self_recoveries=[*others, *found])
