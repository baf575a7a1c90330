"""The sentence of each kind of fact, as every report writes it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from loadtests.records import facts
from loadtests.records.cell import Cell
from loadtests.records.facts import Fact

Figures = Mapping[str, float]

_STOLEN_FROM_PERCENT = 2.0

SENTENCES: dict[str, Callable[[Figures], str]] = {
    facts.NOT_CLIMBED: lambda _: "no step was taken to its end",
    facts.NOTHING_SENT: lambda _: "no healthy request was sent",
    facts.LEFT_LATE: lambda f: (
        f"requests left late, by up to {f['lag_p99_ms']:.1f} ms (p99; the limit is "
        f"{f['limit_ms']:g} ms)"
    ),
    facts.BUSY: lambda f: (
        f"a generator used {f['cpu_percent']:.1f} % of a core (the limit is "
        f"{f['limit_percent']:g} %)"
    ),
    facts.UNSENT: lambda f: (
        f"only {f['sent']:.0f} of {f['due']:.0f} healthy requests were sent"
    ),
    facts.MISSING: lambda f: (
        f"only {f['present']:.0f} of {f['wanted']:.0f} slow clients were there"
    ),
    facts.SERVER_DIED: lambda f: f"the server died: {_end(f['status'])}",
    facts.NOT_LISTENING: lambda _: "the server stopped listening on its port",
    facts.PORT_TAKEN: lambda _: "a foreign process listens on the server's port",
    facts.SERVER_GONE: lambda f: f"process {f['pid']:.0f}, the server, has ended",
    facts.TIMES: lambda f: (
        "response times are doubtful: "
        f"{_taken(f['stolen_percent'])}requests left late, by up to "
        f"{f['lag_p99_ms']:.1f} ms (p99)"
    ),
    facts.NEIGHBOURS: lambda f: (
        "response times are doubtful: other processes used "
        f"{f['foreign_cpu_percent']:.0f} % of a core"
    ),
    facts.BASELINE_HARMED: lambda f: (
        f"without slow clients only {f['answered']:.0f} of {f['attempted']:.0f} "
        "healthy requests were answered"
    ),
    facts.NOT_RECOVERED: lambda f: (
        "the search ended early: the server did not recover in 10 s after all but "
        f"{f['slow_clients']:.0f} slow clients had left"
    ),
    facts.NO_MEMORY: lambda f: (
        f"the search ended early: {f['slow_clients']:.0f} slow clients would have "
        f"taken {f['wanted_mb']:.0f} MB more, over half of the {f['free_mb']:.0f} MB "
        "that were free"
    ),
    facts.NO_DISK: lambda f: (
        f"the search ended early: {f['slow_clients']:.0f} slow clients would have "
        f"stored {f['wanted_mb']:.0f} MB more, over half of the {f['free_mb']:.0f} MB "
        "that were free on disk"
    ),
    facts.NOT_AT_REST: lambda f: (
        f"the server did not come to rest, even without slow clients{_used(f)}"
    ),
    facts.NO_PORTS: lambda f: (
        f"the search ended early: {f['slow_clients']:.0f} slow clients and the probe "
        f"would have taken {f['wanted']:.0f} ports, and there are {f['free']:.0f} to "
        "connect from (net.ipv4.ip_local_port_range)"
    ),
    facts.KILLS_DIFFER: lambda f: (
        f"the log reports {f['killed']:.0f} killed workers, but "
        f"{f['replaced']:.0f} were replaced"
    ),
}


def _used(figures: Figures) -> str:
    """What a server used; nothing where a worker went with what it had used."""
    cores = figures.get("cores")
    return "" if cores is None else f": it used {cores:.2f} of a core"


def _taken(percent: float) -> str:
    """The hypervisor's part in late requests, where it is one to speak of."""
    if percent < _STOLEN_FROM_PERCENT:
        return ""
    return f"the hypervisor took {percent:g} % of the machine's time, and "


def _end(status: float) -> str:
    if status < 0:
        return f"signal {-status:.0f} ended its first process"
    return f"its first process ended with status {status:.0f}"


def sentence(fact: Fact) -> str:
    """A fact in words, with its own words behind; of an unknown kind, its figures."""
    make = SENTENCES.get(fact.kind)
    try:
        said = make(fact.figures) if make else ""
    except KeyError:
        said = ""
    figures = ", ".join(f"{name} {value:g}" for name, value in fact.figures.items())
    known = ": ".join(filter(None, (said, fact.words)))
    return known or f"{fact.kind} {figures}"


def sentences(found: Sequence[Fact]) -> str:
    return "; ".join(map(sentence, found))


def reason(cell: Cell) -> str:
    """Why the cell does not count."""
    empty = [] if cell.steps else ["no step was measured"]
    said = [*map(sentence, cell.faults), *_first_try(cell)]
    return "; ".join([*said, *empty]) or "no reason was recorded"


def doubts(cell: Cell) -> list[str]:
    """What to know of a cell that counts."""
    return [*map(sentence, cell.doubts), *_first_try(cell)]


def _first_try(cell: Cell) -> list[str]:
    if not cell.first_try:
        return []
    return [f"second try; the first was void: {sentences(cell.first_try)}"]
