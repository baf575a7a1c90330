"""How a stack that is held at its capacity frees itself: by its own timeouts, or never.

Pure functions of a Recording in which the slow clients came once, stayed, and did not
come back when they were dropped.
"""

from __future__ import annotations

import re

from loadtests import analysis, health, raw
from loadtests.results import Freeing, Method

# gunicorn/arbiter.py, murder_workers: it kills a worker that has not said for --timeout
# seconds that it is alive.
_KILLED = re.compile(r"WORKER TIMEOUT \(pid:")
# Answers for so long, with no failure after them, are no accident.
_STEADY_S = 3.0


def freeing(
    subject: analysis.Subject, recording: raw.Recording, method: Method, log: str
) -> Freeing:
    """What became of a held stack; `log` is what its server wrote meanwhile."""
    climb = analysis.treads(recording, method)
    samples = [s for tread in climb for s in tread.samples(recording)]
    restarts = analysis.server_figures(recording, climb).restarts
    kills = len(_KILLED.findall(log))
    faults = health.void_reasons(recording, climb, method)
    told = [f"the log tells of {kills} workers killed, {restarts} were replaced"]
    return Freeing(
        stack=subject.stack,
        scenario=subject.scenario,
        slow_clients=climb[0].slow_clients if climb else 0,
        watched_s=method.hold_s,
        attempted=len(samples),
        answered=sum(not sample.fault for sample in samples),
        freed_s=_freed_s(recording, samples),
        fates=analysis.count_fates(recording.visits),
        restarts=restarts,
        kills_logged=kills,
        valid=not faults,
        warnings=[*faults, *(told if kills != restarts else [])],
    )


def _freed_s(recording: raw.Recording, samples: list[raw.Sample]) -> float | None:
    """From the slow clients' coming to the first request after which all were answered;
    None where that is not seen for a few seconds, 0 where none went unanswered."""
    in_order = sorted(samples)
    last = max((n for n, s in enumerate(in_order) if s.fault), default=-1)
    after = in_order[last + 1 :]
    if not after or after[-1].intended_s - after[0].intended_s < _STEADY_S:
        return None
    came_s = recording.levels[0].at_s
    return 0.0 if last < 0 else round(after[0].intended_s - came_s, 1)
