"""Facts about a measurement: why it does not count, or what to doubt of it.

The one rule: a fact is a kind and its figures. Reports make sentences of facts; no code
reads a sentence. `words` are somebody else's: a server's last line, a tool's message.
"""

from __future__ import annotations

from dataclasses import dataclass, field

# The generator's own trouble: these void a cell.
NOT_CLIMBED = "staircase-not-climbed"
NOTHING_SENT = "no-request-sent"
LEFT_LATE = "requests-left-late"  # lag_p99_ms, limit_ms
BUSY = "generator-busy"  # cpu_percent, limit_percent
UNSENT = "requests-unsent"  # sent, due
BASELINE_HARMED = "baseline-harmed"  # answered, attempted
MISSING = "slow-clients-missing"  # present, wanted
# The server was not there to the end: these void a cell, whoever ended it.
SERVER_DIED = "server-died"  # status, negative for a signal; words: end of its log
NOT_LISTENING = "server-not-listening"  # words: the end of its log
PORT_TAKEN = "port-taken"  # words: who listens there too
SERVER_GONE = "server-gone"  # pid, of a server that somebody else started
# What could not be measured at all; `words` say why.
NOT_MEASURED = "not-measured"
# Doubts: the cell counts.
TIMES = "times-doubtful"  # stolen_percent, lag_p99_ms, limit_ms
NEIGHBOURS = "neighbours"  # foreign_cpu_percent; words: names, as far as known
NOT_RECOVERED = "not-recovered"  # slow_clients
NO_MEMORY = "no-memory"  # slow_clients, wanted_mb, free_mb
NO_DISK = "no-disk"  # slow_clients, wanted_mb, free_mb
NOT_AT_REST = "not-at-rest"  # cores, if that is known
NO_PORTS = "no-ports"  # slow_clients, wanted, free
KILLS_DIFFER = "kills-differ"  # killed, replaced
# A sentence from a run of format 1, which recorded no figures for it.
AS_RECORDED = "as-recorded"


@dataclass(frozen=True)
class Fact:
    """One fact; which figures belong to a kind stands beside the kinds above."""

    kind: str
    figures: dict[str, float] = field(default_factory=dict)
    words: str = ""


def fact(kind: str, words: str = "", **figures: float) -> Fact:
    """A fact with its figures by name; whole numbers become floats, as JSON reads."""
    return Fact(kind, {name: float(value) for name, value in figures.items()}, words)
