"""Slow clients: a Locust file.

By itself, with Locust's web page or with --headless:
  locust -f loadtests/clients/slow_clients.py --scenario slow-read --users 20
Every Locust user is one slow client. A client that the server drops is recorded with
its fate and comes back. With `--levels` the number of users climbs a staircase, each
step held for `--hold-s` seconds, then everybody is let go. Users of several scenarios
at a time are chosen by their classes: `SlowBody SlowRead`.
"""

from __future__ import annotations

import dataclasses
import gc
import itertools
import random
import time
from collections.abc import Iterator
from typing import Any, ClassVar, cast
from urllib.parse import urlsplit

import gevent
from locust import User, constant, events, task

from loadtests.catalog.scenarios import SCENARIOS, Scenario
from loadtests.clients import staircase, steering, wire
from loadtests.clients.targets import from_option
from loadtests.clients.visits import GAP_S, VISITS, receive_buffer
from loadtests.clients.wire import Ending
from loadtests.records.samples import VISITS_FILE, SampleWriter, Visit

COMES_BACK_S = 0.5
ARRIVE_WITHIN_S = 0.8
IN_PLACE_WITHIN_S = 10.0
SHOW_EVERY_S = 1.0
_DEFAULT = "slow-body"
_UNTIL_STOPPED_S = 10**6
_UNHARMED = ("held", "served")  # the other fates are failures to Locust


@events.init_command_line_parser.add_listener
def add_options(parser: Any) -> None:
    parser.add_argument(
        *("--scenario",),
        default=_DEFAULT,
        choices=list(SCENARIOS),
        help="what the slow clients do, where no user class is named",
    )
    hidden = {"include_in_web_ui": False}  # what is read before the page is there
    parser.add_argument("--levels", default="", help="steps to climb: 0,4,32", **hidden)
    parser.add_argument(
        *("--hold-s",), type=int, default=5, help="seconds on each step", **hidden
    )
    parser.add_argument(
        *("--top-extra-s",), type=int, default=0, help="more on the last", **hidden
    )
    parser.add_argument(
        *("--release-s",), type=int, default=5, help="seconds at 0, after", **hidden
    )
    parser.add_argument("--target", default="", help="another app's record", **hidden)
    parser.add_argument("--once", action="store_true", help="nobody comes back")
    parser.add_argument(
        *("--gap-s",),
        type=float,
        default=GAP_S,
        help="seconds between what a slow client sends or reads and the next",
    )
    parser.add_argument(
        *("--short-download",),
        action="store_true",
        help="slow readers ask for a short answer, for servers that store it",
        **hidden,
    )
    parser.add_argument(
        "--raw", default="", help="folder for the raw records", **hidden
    )
    parser.add_argument(
        *("--steered",),
        action="store_true",
        help="how many come and go is read from standard input",
        **hidden,
    )
    parser.add_argument(
        *("--arrive-per-s",), type=float, default=500.0, help="if steered", **hidden
    )


class SlowClient(User):
    """Visits the server, slowly, again and again; its scenario says how."""

    host = "http://127.0.0.1:8000"  # where `make serve-wsgi` and `serve-asgi` serve
    wait_time = constant(COMES_BACK_S)
    numbers: ClassVar[Iterator[int]] = itertools.count()
    of_class: ClassVar[Scenario | None] = None
    in_place = False  # whether its first connect has succeeded or failed

    def on_start(self) -> None:
        self.number = next(self.numbers)
        self.address = _address(self.environment.host or self.host or "")
        host = "{}:{}".format(*self.address)
        target = run.target
        if self.options.short_download:
            target = target.with_short_download()
        self.target = dataclasses.replace(target, host=host)
        self.scenario = self.of_class or SCENARIOS[self.options.scenario]
        # Clients that arrive together would speak together too, each second, and make
        # a drum beat of the server's load. Those that are steered come one by one.
        if not self.options.steered:
            gevent.sleep(random.uniform(0, ARRIVE_WITHIN_S))

    @property
    def options(self) -> Any:
        return self.environment.parsed_options

    @task
    def visit(self) -> None:
        began_s = time.monotonic()
        # What it is if we are told to leave before more is known: with its backlog full
        # a server leaves even the connection open (listen(2)).
        ending = Ending("refused")
        try:
            buffer = receive_buffer(self.scenario.phase)
            with wire.connect(self.address, receive_buffer=buffer) as sock:
                ending = Ending("held")
                self.in_place = True
                run.connected(self, began_s)
                visit, gap_s = VISITS[self.scenario.id], self.options.gap_s
                ending = visit(sock, self.target, gap_s)
        except wire.WireError as error:
            ending = Ending(error.fault)
        finally:
            self.in_place = True
            run.ended(self, began_s, ending)
        if self.options.once:
            gevent.sleep(_UNTIL_STOPPED_S)


def _class_of(scenario: Scenario) -> type[SlowClient]:
    """The user class for one scenario, which is named on Locust's command line."""
    what = f"A slow client {scenario.what}."
    body = {"__doc__": what, "__module__": __name__, "of_class": scenario}
    return type(scenario.user_class, (SlowClient,), body)


# Locust takes the user classes that are names of this module.
globals().update({s.user_class: _class_of(s) for s in SCENARIOS.values()})


class Run:
    """What this process knows of its own run: its start, its records, who is held."""

    def __init__(self) -> None:
        self.began_s = time.monotonic()
        self.visits: SampleWriter | None = None
        self.shows = False
        self.target = from_option("")
        self.held: dict[SlowClient, float] = {}

    def connected(self, client: SlowClient, began_s: float) -> None:
        if self.shows:
            self.held[client] = time.monotonic()
            _fire(client, "connected", began_s)

    def ended(self, client: SlowClient, began_s: float, ending: Ending) -> None:
        """One visit, into the raw records and into Locust's own statistics."""
        self.held.pop(client, None)
        # Of our own failure there is no fate to tell: this client is missing.
        if self.visits and ending.fate != "generator":
            visit = (client.number, began_s, time.monotonic())
            self.visits.write(Visit(*visit, ending.fate, ending.status))
        _fire(client, ending.fate, began_s)

    def show(self) -> None:
        """Each client that is held, each second: a page would else be empty for as long
        as nobody is let go."""
        while True:
            gevent.sleep(SHOW_EVERY_S)
            for client, began_s in list(self.held.items()):
                _fire(client, "held", began_s)


run = Run()


def _fire(client: SlowClient, name: str, began_s: float) -> None:
    """Tell Locust's own statistics."""
    unharmed = name in _UNHARMED or name == "connected"
    client.environment.events.request.fire(
        request_type=client.scenario.id,
        name=name,
        response_time=(time.monotonic() - began_s) * 1000,
        response_length=0,
        exception=None if unharmed else Exception(name),
        context={},
    )


@events.init.add_listener
def prepare(environment: Any, **_: Any) -> None:
    options = environment.parsed_options
    if not options.user_classes:
        environment.user_classes = [SlowClient]
    if options.levels:
        environment.shape_class = _staircase(options)
    run.target = from_option(options.target)
    if options.raw:
        run.visits = SampleWriter(options.raw, VISITS_FILE, Visit)
    gc.collect()
    gc.freeze()  # as in probe.py
    if options.steered:
        environment.shape_class = _steered(environment)
        steering.say("ready")
    else:
        run.shows = True
        gevent.spawn(run.show)


def _staircase(options: Any) -> staircase.Staircase:
    levels = [int(word) for word in options.levels.split(",")]
    times_s = (options.hold_s, options.top_extra_s, options.release_s)
    climb = staircase.Climb(levels, *times_s)
    return staircase.Staircase(climb, lambda: run.began_s)


def _steered(environment: Any) -> steering.Steered:
    """The harness counts users of one class: the scenario names what they do."""

    def spawn() -> User:
        # As Runner.spawn_users, which counts all users again for each one that comes.
        user = SlowClient(environment)
        user.start(environment.runner.user_greenlets)
        return user

    def in_place(user: User) -> bool:
        return cast(SlowClient, user).in_place

    rate = environment.parsed_options.arrive_per_s
    return steering.Steered(spawn, in_place, rate, IN_PLACE_WITHIN_S)


@events.test_start.add_listener
def started(**_: Any) -> None:
    run.began_s = time.monotonic()


def _address(host: str) -> wire.Address:
    url = urlsplit(host)
    return (url.hostname or "127.0.0.1", url.port or 80)
