"""Why two runs cannot be compared.

Figures of different machines, methods or versions differ for reasons of their own,
whatever the servers do.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from typing import Literal

from loadtests.analysis.outcomes import Outcome, counts, key_of
from loadtests.analysis.predictions import searched
from loadtests.catalog.stacks import STACKS
from loadtests.records.beside_cells import Cost
from loadtests.records.run import Method, Run

# The kinds of reason: a run lacks the cell, its cells are void, one run was measured
# by the method of format 1, a part differs, or the version of a package.
MISSING, VOID, METHOD = "missing", "void", "method"
DIFFERENT, VERSION = "different", "version"
APP, OURS = "app", "ours"
MACHINE = ("kernel", "cpu", "cpus")
MEASURING = ("locust",)  # the packages that belong to every stack
# The packages of an app that is served to see what a request costs.
FRAMEWORKS = {
    "flask": ("flask", "werkzeug"),
    "starlette": ("starlette",),
    "fastapi": ("fastapi", "starlette", "pydantic"),
}
Which = Literal["", "BASE", "NEW"]


@dataclass(frozen=True)
class Reason:
    """Why a cell cannot be compared.

    MISSING and VOID say in which run, METHOD which run is the older one. DIFFERENT and
    VERSION say which part, and what each run has.
    """

    kind: str
    which: Which = ""
    part: str = ""
    base: object = None
    new: object = None


def absence(base: Run, new: Run, key: tuple[str, str]) -> list[Reason]:
    """Why one of the runs has no figures of a stack under a scenario."""
    found = []
    for which, run in _sides(base, new):
        cells = [cell for cell in run.cells if key_of(cell) == key]
        if not any(map(counts, cells)):
            found.append(Reason(VOID if cells else MISSING, which))
    return found


def absent_costs(base: Run, new: Run, stack: str) -> list[Reason]:
    """In which of the runs nothing was measured of what a stack's requests cost."""
    return [
        Reason(MISSING, which)
        for which, run in _sides(base, new)
        if not any(cost.stack == stack for cost in run.costs)
    ]


def _sides(base: Run, new: Run) -> list[tuple[Which, Run]]:
    return [("BASE", base), ("NEW", new)]


def different_machines(base: Run, new: Run) -> list[Reason]:
    """In what the machines differ. A number of slow clients is a count, which a search
    finds on any machine; every other figure is the machine's own."""
    return _unequal(base.environment, new.environment, MACHINE)


def different_runs(base: Run, new: Run) -> list[Reason]:
    """Python and the method, which are those of every cell. Of runs that climbed fixed
    steps the machine too: how many were held depended on that."""
    found = [
        *_different_apps(base, new),
        *_unequal(base.environment, new.environment, ["python"]),
    ]
    by_search = [_by_search(run) for run in (base, new)]
    if by_search[0] != by_search[1]:
        machine = different_machines(base, new)
        return [*found, *machine, Reason(METHOD, "NEW" if by_search[0] else "BASE")]
    if not by_search[0]:  # later, servers have a limit of their own
        found += different_machines(base, new)
        found += _unequal(base.environment, new.environment, ["nofile_limit"])
    found += _different_networks(base, new)
    return [*found, *_unequal(base.method, new.method, _method_parts(base, new))]


def _different_networks(base: Run, new: Run) -> list[Reason]:
    """The links that slow clients shared; 0 where there was none."""
    old, now = (run.ordered.network_kbit if run.ordered else 0 for run in (base, new))
    return _unequal_pairs([("network_kbit", old, now)])


def _different_apps(base: Run, new: Run) -> list[Reason]:
    old, now = (run.target.app if run.target else OURS for run in (base, new))
    return [] if old == now else [Reason(DIFFERENT, "", APP, old, now)]


def _method_parts(base: Run, new: Run) -> list[str]:
    """All, but for who has which cores, if one machine has more of them."""
    more = _by_search(base) and base.environment.cpus != new.environment.cpus
    names = [field.name for field in dataclasses.fields(Method)]
    return [name for name in names if not (more and name == "cores")]


def _by_search(run: Run) -> bool:
    """Whether steps were searched for; in format 1 they were fixed."""
    return run.method.arrive_per_s is not None


def different_parts(base: Run, new: Run, old: Outcome, now: Outcome) -> list[Reason]:
    """What else two outcomes of one cell must have in common."""
    versions = different_versions(base, new, old.stack)
    if _by_search(base) != _by_search(new):  # format 1 did not record all of its shape
        return versions
    return [*versions, *different_shapes(old, now)]


def different_costs(base: Run, new: Run, stack: str) -> list[Reason]:
    """What else must be alike where the costs of a stack's requests are compared."""
    apps = {cost.app for run in (base, new) for cost in _costs_of(run, stack)}
    beside = {name for app in apps for name in FRAMEWORKS.get(app, ())}
    versions = different_versions(base, new, stack, beside)
    old, now = base.ordered, new.ordered
    if old is None or now is None:
        return versions
    return [*versions, *_unequal(old, now, ("workers", "threads"))]


def _costs_of(run: Run, stack: str) -> list[Cost]:
    return [cost for cost in run.costs if cost.stack == stack]


def different_versions(
    base: Run, new: Run, stack: str, beside: Collection[str] = ()
) -> list[Reason]:
    """Other versions of what that stack is made of, of what is beside, or of what
    measures."""
    old, now = _packages(base, stack, beside), _packages(new, stack, beside)
    parts = ((name, old.get(name), now.get(name)) for name in sorted({*old, *now}))
    return _unequal_pairs(parts, VERSION)


def _packages(run: Run, stack: str, beside: Collection[str]) -> dict[str, str]:
    """Of a stack that is not in the catalog any more, every package may be a part."""
    versions = run.environment.packages
    if stack not in STACKS:
        return versions
    parts = {*STACKS[stack].made_of, *MEASURING, *beside}
    return {name: version for name, version in versions.items() if name in parts}


def different_shapes(old: Outcome, now: Outcome) -> list[Reason]:
    """The counts that belong to a stack, and in format 1 the steps that were climbed.
    A search takes the steps that it needs."""
    shapes: dict[str, Callable[[Outcome], list[int]]] = {
        "workers": lambda o: sorted({c.workers for c in o.cells}),
        "threads": lambda o: sorted({c.threads or 0 for c in o.cells}),
        "nofile": lambda o: sorted({c.nofile or 0 for c in o.cells}),
        "worker_connections": _worker_connections,
    }
    if not any(searched(cell) for cell in (*old.cells, *now.cells)):
        shapes["staircase"] = _levels
    parts = ((part, shape(old), shape(now)) for part, shape in shapes.items())
    return _unequal_pairs(parts)


def _worker_connections(outcome: Outcome) -> list[int]:
    """Those of the server, and of what stands in front of it."""
    known = {cell.worker_connections or 0 for cell in outcome.cells}
    in_front = {cell.front.connections for cell in outcome.cells if cell.front}
    return sorted(known | in_front)


def _levels(outcome: Outcome) -> list[int]:
    return [step.slow_clients for step in outcome.steps]


def _unequal(old: object, now: object, names: Iterable[str]) -> list[Reason]:
    return _unequal_pairs((n, getattr(old, n), getattr(now, n)) for n in names)


def _unequal_pairs(
    parts: Iterable[tuple[str, object, object]], kind: str = DIFFERENT
) -> list[Reason]:
    return [
        Reason(kind, part=part, base=old, new=now)
        for part, old, now in parts
        if old != now
    ]
