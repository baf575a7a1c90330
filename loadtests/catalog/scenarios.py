"""The scenarios: what the slow clients do.

A new scenario is an entry here, and a visit in `loadtests/clients/visits.py`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from loadtests import UserError
from loadtests.catalog.names import unknown
from loadtests.catalog.phases import Phase


class ScenarioError(UserError):
    """A scenario or profile that does not exist, or exists already; one line."""


@dataclass(frozen=True)
class Scenario:
    """One way to be slow: the phase of an exchange that it draws out, and how.

    `what` is a sentence whose subject is the slow client. One that is not `usual` is
    measured only if it is named. With `reads_slowly`, the client has the smallest
    receive buffer, so that it holds the server back soon. `locust_file` is for a
    scenario from outside this project: a file that Locust loads too, and that adds the
    scenario and its visit there. With `by_link` nobody plays slow, and the link has to
    be.
    """

    id: str
    phase: Phase
    what: str
    locust_file: str = ""
    usual: bool = True
    reads_slowly: bool = False
    by_link: bool = False

    @property
    def user_class(self) -> str:
        """The Locust user class: `SlowBody` for `slow-body`."""
        return "".join(word.capitalize() for word in self.id.split("-"))


# All of them, in the order of tables. Entries come and go while a program runs.
SCENARIOS: dict[str, Scenario] = {}


def add(*new: Scenario) -> None:
    """Enter scenarios, behind those that are there."""
    for scenario in new:
        if scenario.id in SCENARIOS:
            raise ScenarioError(f"there is a scenario {scenario.id!r} already")
        SCENARIOS[scenario.id] = scenario


add(
    Scenario("idle", Phase.SILENT, "connects and says nothing"),
    Scenario("slow-headers", Phase.HEAD, "sends a header line each second"),
    Scenario("slow-body", Phase.BODY, "sends 8 bytes of its body each second"),
    Scenario(
        "slow-read",
        Phase.RESPONSE,
        "reads 512 bytes of a 64 MB stream a second",
        reads_slowly=True,
    ),
    Scenario("handler-wait", Phase.HANDLER_WAITS, "asks for GET /wait?ms=20000"),
    Scenario("loop-block", Phase.HANDLER_BLOCKS, "asks for GET /block?ms=20000"),
    Scenario(
        "slow-link",
        Phase.RESPONSE,
        "downloads a 64 MB stream as fast as its slow link lets it",
        usual=False,
        by_link=True,
    ),
    Scenario("sse", Phase.STREAM, "hears 20 bytes of a stream a second", usual=False),
    Scenario(
        "ws-idle", Phase.WEBSOCKET, "opens a WebSocket and says nothing", usual=False
    ),
    Scenario(
        "ws-slow-read",
        Phase.WEBSOCKET,
        "reads 512 bytes a second of 1 MB pushed over a WebSocket",
        usual=False,
        reads_slowly=True,
    ),
)


def usual() -> tuple[str, ...]:
    """The ids of the scenarios that are meant where none are named."""
    return tuple(s.id for s in SCENARIOS.values() if s.usual)


def in_phases(*phases: Phase) -> tuple[str, ...]:
    """The ids of the scenarios that draw out one of these phases."""
    return tuple(s.id for s in SCENARIOS.values() if s.phase in phases)


def in_order(scenario_ids: Iterable[str]) -> list[str]:
    """Each once, in the order of the catalog, then others by name."""
    known = list(SCENARIOS)
    return sorted(
        set(scenario_ids),
        key=lambda s: (known.index(s) if s in SCENARIOS else len(known), s),
    )


def slow_clients() -> tuple[str, ...]:
    """The ids of the usual ones in which clients are slow, and not handlers."""
    return tuple(id for id in usual() if SCENARIOS[id].phase.client_is_slow)


def scenario(scenario_id: str) -> Scenario:
    """The scenario of that id; ScenarioError names the nearest."""
    try:
        return SCENARIOS[scenario_id]
    except KeyError:
        raise ScenarioError(unknown("scenario", scenario_id, SCENARIOS)) from None
