"""What to deploy: which stacks this run supports in a situation, or speaks against.

The one rule: a stack is supported where no repeat degraded up to the largest step under
every scenario of the situation that this run has, and spoken against where one did.
"""

from __future__ import annotations

from dataclasses import dataclass

from loadtests.analysis.outcomes import Outcome, outcomes
from loadtests.catalog.phases import Phase
from loadtests.catalog.scenarios import in_phases
from loadtests.records.run import Run
from loadtests.report.sections.matrix import entry
from loadtests.report.words import count

DIRECT = "Slow clients reach the server: nothing in front buffers for it"
BEHIND = "Whatever stands in front: a proxy does not shorten the handler"
CLIENTS = tuple(phase for phase in Phase if phase.client_is_slow)
PROXY = (
    "Behind a proxy that buffers requests and responses, as nginx does by default, "
    "slow clients end at the proxy, and only what is said of handlers applies; streams "
    "and downloads larger than its buffers still pass through. That is how such "
    "proxies work, not something that this run measured."
)
HANDLERS = (
    "What speaks against a stack here are handlers that take 20 s each, at the same "
    "time; how many of yours do, and for how long, decides. To block is time.sleep "
    "here, which gevent replaces by a wait that holds only a greenlet. It cannot do so "
    "for code that computes or waits inside a C library: that was not measured, and "
    "holds a whole gevent worker as it holds an event loop."
)


@dataclass(frozen=True)
class Situation:
    """Something that a reader may be in, and the phases that are slow in it."""

    name: str
    phases: tuple[Phase, ...]
    group: str

    @property
    def scenarios(self) -> tuple[str, ...]:
        """The scenarios that stand for it."""
        return in_phases(*self.phases)


SITUATIONS = (
    Situation("Any client may connect, from anywhere", CLIENTS, DIRECT),
    Situation(
        "Connections that are slow to ask, or silent",
        (Phase.SILENT, Phase.HEAD),
        DIRECT,
    ),
    Situation("Long uploads", (Phase.BODY,), DIRECT),
    Situation("Long downloads, streams", (Phase.RESPONSE,), DIRECT),
    Situation("Handlers that wait for other services", (Phase.HANDLER_WAITS,), BEHIND),
    Situation("Handlers that make blocking calls", (Phase.HANDLER_BLOCKS,), BEHIND),
)


@dataclass(frozen=True)
class Stand:
    """A figure that speaks for or against some stacks."""

    figure: str
    stacks: list[str]


@dataclass(frozen=True)
class Advice:
    """A situation, the scenarios that are the evidence, and how the stacks stand."""

    situation: Situation
    scenarios: list[str]
    supported: list[Stand]
    against: list[Stand]


def advice(run: Run) -> list[Advice]:
    """For each situation of which this run knows something."""
    found = outcomes(run)
    given = [_of(situation, found) for situation in SITUATIONS]
    # One scenario of several phases is a situation of its own, which comes after.
    return [a for a in given if len(a.scenarios) >= min(2, len(a.situation.phases))]


def grouped(run: Run) -> dict[str, list[Advice]]:
    groups: dict[str, list[Advice]] = {}
    for one in advice(run):
        groups.setdefault(one.situation.group, []).append(one)
    return groups


def notes(run: Run) -> list[str]:
    """What the table does not say by itself."""
    said = {DIRECT: PROXY, BEHIND: HANDLERS}
    return [said[group] for group in grouped(run)]


def _of(situation: Situation, found: list[Outcome]) -> Advice:
    some = [o for o in found if o.scenario in situation.scenarios]
    scenarios = [s for s in situation.scenarios if s in {o.scenario for o in some}]
    supported: list[tuple[int, str, str]] = []
    against: list[tuple[int, str, str]] = []
    for stack in dict.fromkeys(o.stack for o in some):
        mine = [o for o in some if o.stack == stack]
        hurt = [o for o in mine if not o.unharmed]
        if hurt:
            worst = min(hurt, key=_hurt_at)
            where = f" under {worst.scenario}" if len(scenarios) > 1 else ""
            against.append((_hurt_at(worst), f"{entry(worst).said}{where}", stack))
        elif len(mine) == len(scenarios):
            least = min(o.last.slow_clients for o in mine)
            supported.append((-least, f"held {count(least)}", stack))
    return Advice(situation, scenarios, _stands(supported), _stands(against))


def _stands(said: list[tuple[int, str, str]]) -> list[Stand]:
    """Stacks of which the same is said, together, by the number in it."""
    found: dict[str, list[str]] = {}
    for _, figure, stack in sorted(said, key=lambda item: item[0]):
        found.setdefault(figure, []).append(stack)
    return [Stand(figure, stacks) for figure, stacks in found.items()]


def _hurt_at(outcome: Outcome) -> int:
    return (outcome.out_at if outcome.out else outcome.degrades_at).steps[0]
