"""What a process of slow clients knows of its own run, and tells Locust of it."""

from __future__ import annotations

import time
from typing import Any, Protocol

import gevent

from loadtests.catalog.scenarios import Scenario
from loadtests.clients.targets import from_option
from loadtests.clients.wire import Ending
from loadtests.records.samples import Visit

_SHOW_EVERY_S = 1.0
_UNHARMED = ("held", "served", "connected")  # the other fates are failures to Locust


class Client(Protocol):
    """A slow client, as far as it matters here; `environment` is Locust's."""

    number: int
    scenario: Scenario
    environment: Any


class Visits(Protocol):
    """Where visits that have ended go: a file, or the master of a fleet."""

    def write(self, visit: Visit, /) -> None: ...


class Run:
    """What this process knows of its own run: its start, its records, who is held."""

    def __init__(self) -> None:
        self.began_s = time.monotonic()
        self.visits: Visits | None = None
        self.shows = False
        self.target = from_option("")
        self.held: dict[Client, float] = {}

    def connected(self, client: Client, began_s: float) -> None:
        if self.shows:
            self.held[client] = time.monotonic()
            fire(client, "connected", began_s)

    def ended(self, client: Client, began_s: float, ending: Ending) -> None:
        """One visit, into the raw records and into Locust's own statistics."""
        self.held.pop(client, None)
        # Of our own failure there is no fate to tell: this client is missing.
        if self.visits and ending.fate != "generator":
            visit = (client.number, began_s, time.monotonic())
            self.visits.write(Visit(*visit, ending.fate, ending.status))
        fire(client, ending.fate, began_s)

    def show(self) -> None:
        """Each client that is held, each second: a page would else be empty for as long
        as nobody is let go."""
        while True:
            gevent.sleep(_SHOW_EVERY_S)
            for client, began_s in list(self.held.items()):
                fire(client, "held", began_s)


def fire(client: Client, name: str, began_s: float) -> None:
    """Tell Locust's own statistics."""
    unharmed = name in _UNHARMED
    client.environment.events.request.fire(
        request_type=client.scenario.id,
        name=name,
        response_time=(time.monotonic() - began_s) * 1000,
        response_length=0,
        exception=None if unharmed else Exception(name),
        context={},
    )
