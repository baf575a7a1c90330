"""The probe, healthy requests at a fixed rate: a Locust file.

By itself, with Locust's web page or with --headless:
  locust -f loadtests/clients/probe.py --users 1 --rate 100
An open workload: a request starts at its scheduled time whatever became of the earlier
ones, on a connection of its own, and its response time counts from the scheduled time.
A server that stalls therefore shows in every request that was due meanwhile, and not in
the one that happened to be waiting (coordinated omission). Each Locust user is one such
stream of requests.
"""

from __future__ import annotations

import gc
import itertools
import math
import time
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import gevent
from gevent.pool import Group
from locust import User, events, task

from loadtests.clients import wire
from loadtests.clients.answers import unlike
from loadtests.clients.steering import Records, lines, say
from loadtests.clients.targets import from_option
from loadtests.clients.timer import Timer
from loadtests.records.samples import (
    NOT_SENT,
    RETRIES_FILE,
    SAMPLES_FILE,
    Sample,
)

# A greenlet begins 0.1 ms after it is asked for, a third of what a quick answer takes.
# So each request is called up this much ahead.
_AHEAD_S = 0.0004


@events.init_command_line_parser.add_listener
def add_options(parser: Any) -> None:
    parser.add_argument("--rate", type=float, default=100.0, help="requests a second")
    parser.add_argument("--deadline-s", type=float, default=1.0, help="then unanswered")
    parser.add_argument("--lasts-s", type=float, default=0.0, help="then stop (0: no)")
    parser.add_argument("--raw", default="", help="folder for the raw records")
    parser.add_argument("--target", default="", help="another app's record, as JSON")
    parser.add_argument("--ask", default="", help="another healthy request: GET /path")
    parser.add_argument("--bursts", action="store_true", help="rates by lines of input")
    parser.add_argument(
        *("--retries",), type=int, default=0, help="ask again what was not answered"
    )
    parser.add_argument(
        *("--steered",),
        action="store_true",
        help="wait on standard input for the time to begin, and end as it ends",
    )


class Probe(User):
    """One stream of healthy requests."""

    host = "http://127.0.0.1:8000"  # where `make serve-wsgi` and `serve-asgi` serve

    @task
    def keep_asking(self) -> None:
        options = self.environment.parsed_options
        url = urlsplit(self.host or "")
        address = (url.hostname or "127.0.0.1", url.port or 80)
        timer, asking = Timer(), Group()
        for intended_s in self._due():
            timer.sleep_until(intended_s - _AHEAD_S)
            if run.over:
                break
            asking.spawn(ask, self.environment, address, intended_s, options.deadline_s)
        timer.close()
        asking.join()  # each ends by its deadline
        if self.environment.runner:
            self.environment.runner.quit()

    def _due(self) -> Iterator[float]:
        """When requests are due; with --bursts, as the harness says, a line for each:
        when to begin, at which rate, for how long."""
        options = self.environment.parsed_options
        if not options.bursts:
            began_s = run.began_s or time.monotonic()
            yield from _schedule(began_s, options.rate, options.lasts_s)
            return
        for line in run.said:
            began_s, rate, lasts_s = map(float, line.split())
            yield from _schedule(began_s, rate, lasts_s)


def _schedule(began_s: float, rate: float, lasts_s: float) -> Iterator[float]:
    """The moments at which requests are due, evenly spaced; endless if `lasts_s` is 0.

    Computed from the start and not from the request before, so that lateness never
    adds up to a lower rate.
    """
    numbers = range(math.ceil(lasts_s * rate)) if lasts_s else itertools.count()
    return (began_s + n / rate for n in numbers)


def ask(
    environment: Any, address: wire.Address, intended_s: float, deadline_s: float
) -> None:
    """One healthy request when it is due, its answer checked, recorded; and asked again
    by a client that has no patience."""
    while time.monotonic() < intended_s:
        gevent.sleep(0)  # give way to the other greenlets
    sample, length = _tried(address, intended_s, deadline_s)
    _record(environment, sample, length)
    for _ in range(environment.parsed_options.retries):
        if not sample.fault or sample.fault == NOT_SENT:
            return
        sample, _length = _tried(address, time.monotonic(), deadline_s)
        if run.retried:
            run.retried.write(sample._replace(intended_s=intended_s))


def _tried(
    address: wire.Address, intended_s: float, deadline_s: float
) -> tuple[Sample, int]:
    """One try, and how long its answer is.

    The clock stops at the answer's last byte: to check it and to close the connection
    is our own time, some 0.15 ms, and nothing that the server took.
    """
    started_s = time.monotonic()
    remaining_s = max(0.001, intended_s + deadline_s - started_s)
    fault, length, ended_s = "", 0, 0.0
    try:
        answer = wire.exchange(address, run.request, deadline_s=remaining_s)
        length, ended_s = len(answer.body), answer.received_s
        if run.target.check(answer.status, answer.headers, answer.body):
            fault = unlike(answer.status, answer.headers)
    except wire.WireError as error:
        fault, ended_s = error.fault, time.monotonic()
    return Sample(intended_s, started_s, ended_s, fault), length


def _record(environment: Any, sample: Sample, length: int) -> None:
    """One sample, into the raw records and into Locust's own statistics."""
    if run.samples:
        run.samples.write(sample)
    environment.events.request.fire(
        request_type=run.target.healthy.method,
        name=run.target.healthy.target,
        response_time=(sample.ended_s - sample.intended_s) * 1000,
        response_length=length,
        exception=Exception(sample.fault) if sample.fault else None,
        context={},
    )


class Run:
    """What this process knows of its own run: its start, its records, its target."""

    began_s: float | None = None
    said: Iterator[str] = iter(())
    over = False
    samples: Records | None = None
    retried: Records | None = None
    target = from_option("")
    request = target.healthy.to_bytes()


run = Run()


@events.init.add_listener
def prepare(environment: Any, **_: Any) -> None:
    options = environment.parsed_options
    run.target = from_option(options.target)
    if options.ask:
        run.target = run.target.asking(options.ask)
    run.request = run.target.healthy.to_bytes()
    if options.raw:
        run.samples = Records(options.raw, SAMPLES_FILE, Sample)
    if options.raw and options.retries:
        run.retried = Records(options.raw, RETRIES_FILE, Sample)
    # All that Locust has loaded is kept out of the garbage collector's rounds, which
    # would otherwise stop this process for 10 to 20 ms now and then.
    gc.collect()
    gc.freeze()
    if options.bursts:
        run.said = lines()
        say("ready")
    elif options.steered:
        _await_start()


def _await_start() -> None:
    """Say that we are ready, and wait for the moment (monotonic seconds) to begin."""
    said = lines()
    say("ready")
    run.began_s = float(next(said))
    gevent.spawn(_end_with, said)


def _end_with(said: Iterator[str]) -> None:
    for _ in said:
        pass
    run.over = True
