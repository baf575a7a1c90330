"""The two requests that `make load` traces at the end of a run, for its report."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from loadtests.analysis.spans import (
    FROM_SERVER,
    Span,
    Watched,
    back_text,
    call_text,
    spans,
)
from loadtests.catalog.stacks import Stack
from loadtests.experiments.task import (
    Context,
    State,
    has_failed,
    with_failure,
    without_failure,
)
from loadtests.experiments.trace.client import TracedClient
from loadtests.experiments.trace.collect import choose, observe, traced
from loadtests.records.facts import Fact
from loadtests.records.run import Run
from loadtests.records.tasks import TRACES, TaskKey
from loadtests.records.traces import (
    BY_APP,
    BY_SERVER,
    FAST,
    SLOW,
    TRACES_FILE,
    Crossing,
    Side,
    Trace,
    Traces,
    save_traces,
)
from loadtests.servers.processes import Guard
from loadtests.servers.server import running

CLIENTS = {
    FAST: TracedClient.parse("GET /stream?chunks=3", "", "", ""),
    SLOW: TracedClient.parse("", "", "read", ""),
}


@dataclass(frozen=True)
class TracesTask:
    """The task of the traces: the calls of two clients, in a file beside the run."""

    @property
    def key(self) -> TaskKey:
        return TaskKey(TRACES, "both apps", "traces")

    @property
    def lasts_s(self) -> float:
        return 4.0

    def state(self, run: Run, folder: Path) -> State:
        if (folder / TRACES_FILE).exists():
            return State.DONE
        return State.VOID if has_failed(run, self.key) else State.MISSING

    def measured(self, run: Run, context: Context) -> Run:
        save_traces(Traces(both_sides(CLIENTS, context.guard)), context.folder)
        return without_failure(run, self.key)

    def failed(self, run: Run, context: Context, reason: Fact) -> Run:
        return with_failure(run, self.key, reason)


def both_sides(clients: dict[str, TracedClient], guard: Guard) -> list[Trace]:
    """Every client with both default stacks, each of which is started once."""
    wsgi, asgi = (_sides(stack, [*clients.values()], guard) for stack in choose([]))
    return [
        Trace(name, str(client), one, other)
        for (name, client), one, other in zip(clients.items(), wsgi, asgi, strict=True)
    ]


def _sides(stack: Stack, clients: Sequence[TracedClient], guard: Guard) -> list[Side]:
    with tempfile.TemporaryDirectory(prefix="traces-") as folder:
        log = Path(folder) / stack.id
        with running(traced(stack).with_counts(1, None), guard, log) as server:
            return [side(observe(server, client)) for client in clients]


def side(watched: Watched) -> Side:
    """What was watched, as it is stored: with no environ and no scope in it."""
    return Side(
        watched.stack, [_crossing(span) for span in spans(watched)], [*watched.actions]
    )


def _crossing(span: Span) -> Crossing:
    came_back = back_text(span)
    return Crossing(
        name=span.name,
        by=BY_SERVER if span.name in FROM_SERVER else BY_APP,
        runner=span.runner,
        start_ms=span.start_ms,
        end_ms=span.end_ms,
        text=call_text(span) + (f": {came_back}" if came_back else ""),
    )
