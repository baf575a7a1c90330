"""Runs of format 1, as this version reads them.

Format 1 recorded sentences (`warnings`) where format 2 has facts. The sentences are
kept word for word and not read. One thing follows from figures that format 1 has too:
a cell that counts although its requests left late has doubtful times. The CPU time of
a cell is passed over: it was measured for one second. That of a cost is kept.
"""

from __future__ import annotations

from typing import Any

from loadtests.records.facts import AS_RECORDED, TIMES

LAG_LIMIT_MS = 5.0  # over it a cell was void, but for time stolen by a hypervisor

Json = dict[str, Any]


def upgraded(run: Json) -> Json:
    """The record in format 2; what is malformed is left for the reader to refuse."""
    run = {**run, "format": 2}
    for new, old in (("cells", "cells"), ("self_recoveries", "freeings")):
        if old in run:
            entries = run.pop(old)
            listed = isinstance(entries, list)
            run[new] = [_entry(e) for e in entries] if listed else entries
    if isinstance(costs := run.get("costs"), list):
        run["costs"] = [_cost(cost) for cost in costs]
    failures = run.pop("failures", [])
    listed = isinstance(failures, list)
    run["doubts"] = [_as_recorded(f) for f in failures] if listed else failures
    return run


def _entry(entry: Any) -> Any:
    if not isinstance(entry, dict):
        return entry
    entry = dict(entry)
    warnings = entry.pop("warnings", [])
    if not isinstance(warnings, list):
        return entry | {"faults": warnings}
    facts = [_as_recorded(words) for words in warnings]
    if not entry.get("valid"):
        return entry | {"faults": facts}
    if times := _doubtful_times(entry):
        facts[:1] = [times]  # it was the first of the warnings
    return entry | {"doubts": facts}


def _cost(cost: Any) -> Any:
    """Format 1 asked on new connections only, at a rate that left the server idle."""
    if not isinstance(cost, dict) or not isinstance(cost.get("request"), str):
        return cost
    method, _, target = cost["request"].partition(" ")
    how = {"kept_alive": False, "busy_percent": None}
    return how | cost | {"method": method, "target": target}


def _as_recorded(words: Any) -> Json:
    return {"kind": AS_RECORDED, "words": words}


def _doubtful_times(entry: Json) -> Json | None:
    generator = entry.get("generator")
    if not isinstance(generator, dict):
        return None
    lag_ms = generator.get("lag_p99_ms")
    if not isinstance(lag_ms, int | float) or lag_ms <= LAG_LIMIT_MS:
        return None
    stolen = generator.get("stolen_percent") or 0.0
    return {
        "kind": TIMES,
        "figures": {"stolen_percent": stolen, "lag_p99_ms": lag_ms},
    }
