"""How a stack that is held at its capacity frees itself: by its own timeouts, or never.

Pure functions of a Recording in which the slow clients came once, stayed, and did not
come back when they were dropped.
"""

from __future__ import annotations

import re

from loadtests.analysis import health
from loadtests.analysis.cell import count_fates, well_from_s
from loadtests.analysis.server_figures import server_restarts
from loadtests.records.beside_cells import SelfRecovery
from loadtests.records.cell import Subject
from loadtests.records.facts import KILLS_DIFFER, fact
from loadtests.records.run import Method
from loadtests.records.samples import Recording, Sample

# gunicorn/arbiter.py, murder_workers: it kills a worker that has not said for --timeout
# seconds that it is alive.
_KILLED = re.compile(r"WORKER TIMEOUT \(pid:")
# All well for so long is no accident.
STEADY_S = 3.0


def analyse_self_recovery(
    subject: Subject, recording: Recording, method: Method, log: str
) -> SelfRecovery:
    """What became of a held stack; `log` is what its server wrote meanwhile."""
    steps = recording.steps
    samples = [s for step in steps for s in recording.due(step.asked_s, step.ends_s)]
    restarts = server_restarts(recording)
    kills = len(_KILLED.findall(log))
    faults = health.void_reasons(recording, method)
    differ = (
        []
        if kills == restarts
        else [fact(KILLS_DIFFER, killed=kills, replaced=restarts)]
    )
    return SelfRecovery(
        stack=subject.stack,
        scenario=subject.scenario,
        slow_clients=steps[0].slow_clients if steps else 0,
        watched_s=method.hold_s,
        attempted=len(samples),
        answered=sum(not sample.fault for sample in samples),
        freed_s=_freed_s(recording, samples),
        fates=count_fates(recording.visits),
        restarts=restarts,
        kills_logged=kills,
        valid=not faults,
        faults=faults,
        doubts=differ,
    )


def _freed_s(recording: Recording, samples: list[Sample]) -> float | None:
    """From the slow clients' coming until all is well; None where that is not seen for
    a few seconds, 0 where no healthy request went unanswered."""
    if samples and not any(sample.fault for sample in samples):
        return 0.0
    well_s = well_from_s(samples, steady_s=STEADY_S)
    return None if well_s is None else round(well_s - recording.steps[0].asked_s, 1)
