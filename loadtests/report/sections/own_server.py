"""The server that was measured, where its user starts it or has started it."""

from __future__ import annotations

from loadtests.catalog.stacks import HTTP1, Stack
from loadtests.records.target import OwnCommand, RunningServer
from loadtests.report.prose import Prose, code, joined, prose, stack
from loadtests.report.words import amount, count, listed

COMMAND = (
    "{} was started as it is, in the environment of make. Only PORT was set, to a free "
    "port."
)
OWN_PORT = " It listens on port {} whatever PORT is."
VARIABLES = "Variables that change servers were set: {}."
PROCESSES = "Processes that take connections: {}, with {} when idle."
PREDICTED = "It was recognised as {}. The predictions are those of {} with {}."
UNKNOWN = (
    "Nothing was predicted, because no server of the catalog was recognised in the "
    "command."
)
UNMODELLED = "It was recognised as {}. Nothing was predicted, because of its {}."
RUNNING = "{} was running already. This run neither started, pinned nor ended it."
SEEN = "CPU time and memory are those of process {} and its children."
UNSEEN = (
    "Its CPU time and memory are not known, because PID= did not name its process. Nor "
    "can other processes be told from it."
)
REMOTE = "It runs at {}, so its CPU time and memory are not known."


def command(words: str, own: OwnCommand) -> Prose:
    """How it was started, what was recognised, and what was seen of its processes."""
    port = prose(OWN_PORT, str(own.port)) if own.port else ()
    said = [(*prose(COMMAND, code(words)), *port)]
    if own.variables:
        named = (f"{name}={value}" for name, value in own.variables.items())
        said.append(prose(VARIABLES, code(" ".join(named))))
    if own.seen_threads:
        threads = _threads(own.seen_threads)
        said.append(prose(PROCESSES, count(own.workers), threads))
    return joined([*said, _predicted(own)])


def _threads(seen: list[int]) -> str:
    """`1 thread each`, or `1, 4 and 4 threads`."""
    if len(set(seen)) == 1:
        return amount(seen[0], "thread") + " each" * (len(seen) > 1)
    return f"{listed([str(n) for n in seen])} threads"


def _predicted(own: OwnCommand) -> Prose:
    known = HTTP1.get(own.stack)
    if known:
        return prose(PREDICTED, own.server, stack(own.stack), _counts(own, known))
    if own.server:
        return prose(UNMODELLED, own.server, code(own.unmodelled))
    return prose(UNKNOWN)


def _counts(own: OwnCommand, known: Stack) -> str:
    """`2 workers, 8 threads each and keep-alive 2 s`, as far as predictions follow."""
    parts = [amount(own.workers, "worker")]
    if own.threads is not None:
        parts.append(f"{amount(own.threads, 'thread')} each")
    if own.worker_connections is not None:
        parts.append(f"{known.connections} {own.worker_connections}")
    if own.keepalive_s is not None:
        parts.append(f"keep-alive {own.keepalive_s} s")
    return listed(parts)


def running(url: str, own: RunningServer) -> Prose:
    """That it was there already, and what is known of it."""
    said = [prose(RUNNING, code(url))]
    if own.remote:
        said.append(prose(REMOTE, own.address))
    elif own.pid is None:
        said.append(prose(UNSEEN))
    else:
        said.append(prose(SEEN, str(own.pid)))
    return joined(said)
