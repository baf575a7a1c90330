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
import functools
import gc
import itertools
import random
import time
from collections.abc import Callable, Iterator
from typing import Any, ClassVar, cast
from urllib.parse import urlsplit

import gevent
from locust import User, constant, events, task
from locust.runners import MasterRunner, WorkerRunner

from loadtests.catalog.scenarios import SCENARIOS, Scenario
from loadtests.catalog.scenarios import scenario as scenario_of
from loadtests.clients import fleet, staircase, steering, wire
from loadtests.clients.own_run import Run
from loadtests.clients.targets import from_option
from loadtests.clients.visits import GAP_S, VISITS, receive_buffer
from loadtests.clients.wire import Ending
from loadtests.records.samples import VISITS_FILE, SampleWriter, Visit

COMES_BACK_S = 0.5
ARRIVE_WITHIN_S = 0.8
IN_PLACE_WITHIN_S = 10.0
_DEFAULT = "slow-body"
_UNTIL_STOPPED_S = 10**6


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
    parser.add_argument(
        *("--source",), default="", help="the address that they come from", **hidden
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
            buffer = receive_buffer(self.scenario)
            source = self.options.source
            with wire.connect(
                self.address, receive_buffer=buffer, source=source
            ) as sock:
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


run = Run()


@events.init.add_listener
def prepare(environment: Any, **_: Any) -> None:
    options = environment.parsed_options
    if not options.user_classes:
        environment.user_classes = [SlowClient]
    if options.levels:
        environment.shape_class = _staircase(options)
    run.target = from_option(options.target)
    gc.collect()
    gc.freeze()  # as in probe.py
    if isinstance(environment.runner, WorkerRunner):
        configure = functools.partial(_as_told, environment)
        run.visits = fleet.Worker(environment.runner, _crowd(environment), configure)
        return
    records = steering.Records
    writer = records(options.raw, VISITS_FILE, Visit) if options.raw else None
    run.visits = writer
    if options.steered:
        bring = _bringing(environment, writer)
        environment.shape_class = steering.Steered(bring)
    else:
        run.shows = True
        gevent.spawn(run.show)


def _staircase(options: Any) -> staircase.Staircase:
    levels = [int(word) for word in options.levels.split(",")]
    times_s = (options.hold_s, options.top_extra_s, options.release_s)
    climb = staircase.Climb(levels, *times_s)
    return staircase.Staircase(climb, lambda: run.began_s)


# What slow clients do, wherever they are: a fleet's master hands it on.
_OPTIONS = ("scenario", "gap_s", "once", "short_download", "target", "host")


def _bringing(environment: Any, visits: SampleWriter | None) -> Callable[[int], int]:
    """What brings as many slow clients as the harness wants, here or in a fleet."""
    options = environment.parsed_options
    rate = options.arrive_per_s
    if isinstance(environment.runner, MasterRunner):
        told = {name: getattr(options, name) for name in _OPTIONS}
        master, count = environment.runner, options.expect_workers
        return fleet.Master(master, told, count, rate, visits).bring
    crowd = _crowd(environment)
    return lambda wanted: crowd.bring(wanted, rate)


def _crowd(environment: Any) -> steering.Crowd:
    """The harness counts users of one class: the scenario names what they do."""

    def spawn() -> User:
        # As Runner.spawn_users, which counts all users again for each one that comes.
        user = SlowClient(environment)
        user.start(environment.runner.user_greenlets)
        return user

    def in_place(user: User) -> bool:
        return cast(SlowClient, user).in_place

    return steering.Crowd(spawn, in_place, IN_PLACE_WITHIN_S)


def _as_told(environment: Any, options: dict[str, Any], place: int, count: int) -> None:
    """In a worker: do what the master was told; numbers are unique in the fleet."""
    scenario_of(options["scenario"])  # the master may know more of them
    vars(environment.parsed_options).update(options, steered=True)
    environment.host = options["host"]
    run.target = from_option(options["target"])
    SlowClient.numbers = itertools.count(place, count)
    address = _address(options["host"])
    try:
        wire.connect(address).close()
    except wire.WireError as error:  # else all would only be "refused"
        raise wire.WireError(error.fault, f"cannot reach {address}: {error}") from None


@events.test_start.add_listener
def started(**_: Any) -> None:
    run.began_s = time.monotonic()


def _address(host: str) -> wire.Address:
    url = urlsplit(host)
    return (url.hostname or "127.0.0.1", url.port or 80)
