"""What to deploy: which stacks this run supports in a situation, or speaks against.

The one rule: a stack is supported if each repeat held enough slow clients, under every
scenario of the situation that this run has. If one did not, the run speaks against it.
No stack holds any number: the search goes on until something runs out.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from loadtests.analysis.outcomes import Outcome, outcomes
from loadtests.catalog.phases import Phase
from loadtests.catalog.scenarios import in_phases
from loadtests.records.run import Run
from loadtests.report.blocks import Block, Section, Source, Text
from loadtests.report.prose import prose
from loadtests.report.sections import smalls
from loadtests.report.sections.matrix import entry, in_order
from loadtests.report.special_blocks import Advice, Advised, Stand
from loadtests.report.words import count

TITLE = "What should I deploy?"
LEAD = (
    "A stack is *supported* if it held at least {} slow clients at the same time, in "
    "every repeat. At least 99 % of healthy requests were then answered."
)
ENOUGH = 500  # many times what workers or threads can hold, half of 1,024 descriptors
DIRECT = "Slow clients reach the server: nothing in front buffers for it"
BEHIND = "With or without a proxy in front: a proxy does not shorten the handler"
CLIENTS = tuple(phase for phase in Phase if phase.client_is_slow)
PROXY = (
    "A proxy that buffers requests and responses, as nginx does by default, keeps slow "
    "clients away from the server. Behind such a proxy only the rows about handlers "
    "apply. Streams, and downloads larger than the proxy's buffers, still reach the "
    "server. This run did not measure a proxy; that is how such proxies work."
)
HANDLERS = (
    "The handlers measured here take 20 s each, all at the same time. Yours matter as "
    "far as they are as many and as long. The blocking call here is time.sleep. gevent "
    "replaces it by a wait that holds one greenlet only. gevent cannot replace "
    "computation, or waits inside a C library. Those were not measured: they hold a "
    "whole gevent worker, as they hold an event loop."
)


@dataclass(frozen=True)
class Situation:
    """Something that a reader may be in, and the phases that are slow in it."""

    name: str
    phases: tuple[Phase, ...]
    group: str

    @property
    def scenarios(self) -> tuple[str, ...]:
        """Those that stand for it."""
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


def blocks(source: Source) -> Sequence[Block]:
    given = advice(source.run)
    if not given:
        return []
    groups = {one.group for one in given}
    notes = [PROXY] * (DIRECT in groups) + [HANDLERS] * (BEHIND in groups)
    return [
        Text(prose(LEAD, str(ENOUGH))),
        Advice("What this run supports, and what it speaks against", given),
        *(Text(prose(note), "note") for note in notes),
    ]


def advice(run: Run) -> list[Advised]:
    """For each situation of which this run knows something."""
    found, anchors = outcomes(run), smalls.anchors(run)
    given = []
    for situation in SITUATIONS:
        some = [o for o in found if o.scenario in situation.scenarios]
        # One scenario of several is a situation of its own, which comes after.
        if len({o.scenario for o in some}) >= min(2, len(situation.phases)):
            given.append(_of(situation, some, anchors))
    return given


def _of(situation: Situation, some: list[Outcome], anchors: dict[str, str]) -> Advised:
    scenarios = in_order(o.scenario for o in some)
    supported: list[tuple[int, str, str]] = []
    against: list[tuple[int, str, str]] = []
    for stack in dict.fromkeys(o.stack for o in some):
        mine = [o for o in some if o.stack == stack]
        hurt = [o for o in mine if not o.unharmed and _held(o) < ENOUGH]
        if hurt:
            worst = min(hurt, key=_hurt_at)
            where = f" under {worst.scenario}" if len(scenarios) > 1 else ""
            against.append((_hurt_at(worst), f"{entry(worst).said}{where}", stack))
        elif len(mine) == len(scenarios):
            least = min(map(_held, mine))
            supported.append((-least, f"held {count(least)}", stack))
    return Advised(
        situation.name,
        situation.group,
        {scenario: anchors[scenario] for scenario in scenarios},
        _stands(supported),
        _stands(against),
    )


def _stands(said: list[tuple[int, str, str]]) -> list[Stand]:
    """Stacks of which the same is said, together, by the number in it."""
    found: dict[str, list[str]] = {}
    for _, figure, stack in sorted(said, key=lambda item: item[0]):
        found.setdefault(figure, []).append(stack)
    return [Stand(figure, stacks) for figure, stacks in found.items()]


def _held(outcome: Outcome) -> int:
    """How many slow clients every repeat held."""
    return min(held or 0 for held in outcome.held.repeats)


def _hurt_at(outcome: Outcome) -> int:
    return (outcome.out_at if outcome.out else outcome.degrades_at).steps[0]


SECTION = Section("deploy", TITLE, blocks)
