"""What requests at a rate wait for, and how many can wait at a time.

The one rule is Little's law: requests in progress = rate x time in progress. A stack
that has so many places, and holds each for so long, sustains places / time.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

from loadtests.catalog.contract import Request
from loadtests.catalog.names import unknown
from loadtests.catalog.phases import Phase
from loadtests.catalog.scenarios import ScenarioError
from loadtests.catalog.stacks import Stack

# So many requests a second one Locust process sends on time, each on a new connection.
TOP_PER_S = 1000.0
STEP_S = 13.0  # how long a rate is asked at least (experiments/asking.py says why)
OVERLOADS = (1.5, 3.0)  # times the rate that a stack sustains
WATCHED_S = 60.0  # after an overload, until all is well again

_BACKENDS = "loadtests.servers.apps.on_backends:app"


@dataclass(frozen=True)
class RateScenario:
    """What each request waits for, in a sentence whose subject is the handler.

    `path` is asked, with the wait in ms left open. It waits in that `phase` of the
    stack; or, in an app of its own by interface (`apps`), for one of `each` places that
    a worker has of the `supply`.
    """

    id: str
    what: str
    path: str
    phase: Phase = Phase.HANDLER_WAITS
    apps: Mapping[str, str] = field(default_factory=dict)
    each: int | None = None
    supply: str = ""

    def request(self, wait_ms: int) -> Request:
        return Request("GET", self.path.format(ms=wait_ms))

    def fits(self, stack: Stack) -> bool:
        """Whether that stack can be asked so."""
        return not self.apps or stack.interface in self.apps

    def places(self, stack: Stack) -> int:
        """How many requests can wait at a time, in all workers."""
        limit = stack.holds[self.phase].limit(stack)
        each = limit.each(stack) if self.each is None else self.each
        return each * stack.workers

    def places_beside(self, stack: Stack, scenario: str, slow_clients: int) -> int:
        """The same while slow clients of that scenario hold some of what requests that
        wait need. If they hold something else, all are left until the first harm."""
        holds, places = stack.held_under(scenario), self.places(stack)
        if stack.limit_under(scenario).supply == self.limited_by(stack):
            held = 0 if holds.makes_room else math.ceil(holds.share * slow_clients)
            return max(0, places - held)
        harm_at = stack.predicted_degrades_at(scenario)
        return places if harm_at is None or slow_clients < harm_at else 0

    def limited_by(self, stack: Stack) -> str:
        """What there are so many of."""
        return self.supply or stack.holds[self.phase].limit(stack).supply


RATE_SCENARIOS = {
    one.id: one
    for one in (
        RateScenario(
            "backend-wait",
            "waits for a backend as its interface invites",
            "/wait?ms={ms}",
        ),
        RateScenario(
            "backend-block",
            "blocks while it waits for a backend",
            "/block?ms={ms}",
            phase=Phase.HANDLER_BLOCKS,
        ),
        RateScenario(
            "backend-def",
            "is a `def` of FastAPI, which runs in one of 40 threads of its worker",
            "/block?ms={ms}",
            apps={"asgi": _BACKENDS},
            each=40,  # anyio/_backends/_asyncio.py, current_default_thread_limiter
            supply="threads for def handlers",
        ),
        RateScenario(
            "backend-async",
            "is an `async def` of FastAPI that awaits a backend",
            "/wait?ms={ms}",
            apps={"asgi": _BACKENDS},
        ),
        RateScenario(
            "backend-pool",
            "holds one of the 10 connections of its worker's pool",
            "/pool?ms={ms}",
            apps={"asgi": _BACKENDS},
            each=10,
            supply="connections of the pool",
        ),
    )
}


def rate_scenario(scenario_id: str) -> RateScenario:
    """The one of that id; ScenarioError names the nearest."""
    try:
        return RATE_SCENARIOS[scenario_id]
    except KeyError:
        raise ScenarioError(
            unknown("scenario of a rate", scenario_id, RATE_SCENARIOS)
        ) from None
