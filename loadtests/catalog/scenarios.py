"""The scenarios: what the slow clients do."""

from __future__ import annotations

from dataclasses import dataclass

from loadtests import UserError
from loadtests.catalog.names import unknown


class ScenarioError(UserError):
    """A scenario or profile that does not exist; one line."""


@dataclass(frozen=True)
class Scenario:
    """One way to be slow; `user_class` is the class in `slow_clients.py`."""

    id: str
    user_class: str
    what: str


SCENARIOS: dict[str, Scenario] = {
    scenario.id: scenario
    for scenario in (
        Scenario("idle", "Idle", "connects and says nothing"),
        Scenario("slow-headers", "SlowHeaders", "sends a header line each second"),
        Scenario("slow-body", "SlowBody", "sends 8 bytes of its body each second"),
        Scenario("slow-read", "SlowRead", "reads 512 bytes of a 64 MB stream a second"),
        Scenario("handler-wait", "HandlerWait", "asks for GET /wait?ms=20000"),
        Scenario("loop-block", "LoopBlock", "asks for GET /block?ms=20000"),
    )
}

# Those in which clients are slow. A handler ends by itself: no matter of timeouts.
SLOW_CLIENTS = ("idle", "slow-headers", "slow-body", "slow-read")


def scenario(scenario_id: str) -> Scenario:
    """The scenario of that id; ScenarioError names the nearest."""
    try:
        return SCENARIOS[scenario_id]
    except KeyError:
        raise ScenarioError(unknown("scenario", scenario_id, SCENARIOS)) from None
