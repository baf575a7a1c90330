"""The sentences of a comparison: why cells cannot be compared, and what differs."""

from __future__ import annotations

from loadtests.analysis import intervals
from loadtests.analysis.capacities import RESOLVED_STEPS
from loadtests.analysis.changes import IDLE_MEMORY, SLOW_CLIENT
from loadtests.analysis.comparable import METHOD, MISSING, VERSION, VOID, Reason
from loadtests.analysis.compare import false_alarms
from loadtests.analysis.differences import (
    RESOLVED_MS,
    RESOLVED_MS_IN_FORMAT_1,
    RESOLVED_US,
    USED,
)
from loadtests.analysis.predictions import EXACT_UP_TO, RESOLUTION
from loadtests.records.run import Run
from loadtests.report.words import amount, count, percent, plain

# What a part is called; the name that `run.json` has for the part comes behind.
PARTS = {
    "python": "Python",
    "kernel": "the kernel",
    "cpu": "the CPU",
    "cpus": "the number of CPUs",
    "nofile_limit": "the machine's limit of descriptors",
    "rate_per_s": "the rate of healthy requests",
    "deadline_s": "the deadline in seconds",
    "settle_s": "the time that a server gets to come to rest",
    "hold_s": "the time that a step is held",
    "long_hold_s": "the time that the longest steps are held",
    "release_s": "the time that is watched at the end",
    "app": "the application",
    "healthy_request": "the healthy request",
    "cores": "the use of cores",
    "segment_bytes": "the largest TCP segment",
    "arrive_per_s": "the rate at which slow clients come",
    "network_kbit": "the rate in kbit/s of the link that slow clients share",
    "workers": "the number of workers",
    "threads": "the number of threads",
    "nofile": "the limit of descriptors",
    "worker_connections": "the limit of connections of a worker",
    "staircase": "the staircase",
}
METHOD_CHANGED = (
    "The method changed: {old} climbed fixed steps, and {new} searches for the number."
)


def sentence(reason: Reason) -> str:
    """`Void in NEW.`, `The number of CPUs (cpus) is 2 in BASE and 4 in NEW.`"""
    if reason.kind in (MISSING, VOID):
        return f"{'Void' if reason.kind == VOID else 'Not measured'} in {reason.which}."
    if reason.kind == METHOD:
        old, new = ("BASE", "NEW") if reason.which == "BASE" else ("NEW", "BASE")
        return METHOD_CHANGED.format(old=old, new=new)
    base, new = (_part(value, reason.kind) for value in (reason.base, reason.new))
    return plain(f"{_name(reason)} is {base} in BASE and {new} in NEW.")


def _name(reason: Reason) -> str:
    if reason.kind == VERSION:
        return reason.part
    said = PARTS.get(reason.part, reason.part)
    named = f"{said[0].upper()}{said[1:]}"
    plain_enough = reason.part.replace("_", " ") in said.lower()
    return named if plain_enough else f"{named} ({reason.part})"


def _part(value: object, kind: str) -> str:
    if value is None:
        return "not installed" if kind == VERSION else "not set"
    if isinstance(value, list):
        return " ".join(count(number) for number in value)
    if isinstance(value, int | float):
        return f"{value:,g}"
    return f"“{value}”" if " " in str(value) else str(value)


def rule(run: Run, threshold: float) -> str:
    """What counts as a difference."""
    fixed = run.method.arrive_per_s is None
    resolved_ms = RESOLVED_MS_IN_FORMAT_1 if fixed else RESOLVED_MS
    memory = {used.kind: used.resolved for used in USED}
    return (
        f"A figure differs if it changed by more than {100 * threshold:.0f} %, and by "
        f"more than {resolved_ms:g} ms (response times), {memory[IDLE_MEMORY]:g} MB "
        f"(idle memory), {memory[SLOW_CLIENT]:g} kB (a slow client) or "
        f"{RESOLVED_US:g} µs (CPU time of a request). If the difference has a 95 % "
        f"interval, the interval must leave out 0. {_of_counts(fixed)}"
    )


def alarms(base: Run, new: Run, threshold: float) -> str:
    """What a difference is worth, by the repeats of both runs, each with its own;
    nothing where no cell was repeated."""
    both = [false_alarms(run, threshold) for run in (base, new)]
    differed, pairs = (sum(getattr(x, n) for x in both) for n in ("alarms", "pairs"))
    within = intervals.of_share(differed, pairs)
    if within is None:
        return ""
    return (
        f"Repeats of one cell, compared like this, differed in {differed} of "
        f"{amount(pairs, 'pair')}, though nothing was changed between them: a "
        f"false-alarm rate of {percent(differed, pairs)}, at most "
        f"{100 * within.high:.1f} %."
    )


def _of_counts(fixed: bool) -> str:
    if fixed:
        steps = amount(RESOLVED_STEPS, "step")
        return (
            f"A number of slow clients differs by more than {steps} of the staircase, "
            "or if only one run has a number."
        )
    return (
        f"A number of slow clients differs by more than 1 up to {EXACT_UP_TO}, and by "
        f"more than {100 * RESOLUTION:g} % above. Where slow clients reach the workers "
        "at random, one number must also lie outside the predicted range."
    )
