"""A fleet: slow clients in several processes, of this machine or of others.

The one rule: to the harness a fleet is one process of slow clients. Its master hears
how many there should be and shares them out; its workers send what became of each. All
of that crosses Locust's own connection between master and workers
(docs.locust.io/en/stable/running-distributed.html, "Communicating across nodes").

Clocks of two machines are never compared. A worker's times are moved by the offset of
its clock, which the master measures: half of the shortest of some round trips is how
far that may be wrong.
"""

from __future__ import annotations

import os
import socket
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import gevent
from locust.runners import MasterRunner, WorkerRunner

from loadtests import __version__
from loadtests.clients.steering import Crowd
from loadtests.records.samples import SampleWriter, Visit

PULSE_EVERY_S = 0.5
GONE_AFTER_S = 3.0  # without a pulse a worker has died, or has fallen behind
BUSY_PERCENT = 90.0
_ROUND_TRIPS = 5
_ANSWERS_WITHIN_S = 2.0
_UNTIL_SENT_S = 0.1
_AT_ONCE = 5_000  # visits in a message


@dataclass
class _Member:
    """A worker as the master knows it; `offset_s` is what its clock is ahead."""

    id: str
    name: str = "a worker"
    offset_s: float = 0.0
    trip_s: float = float("inf")
    pulse_s: float = field(default_factory=time.monotonic)
    present: int | None = None


class Master:
    """Leads as many workers as are expected, of those that are there when it is first
    asked for slow clients."""

    def __init__(
        self,
        runner: MasterRunner,
        options: dict[str, Any],
        expected: int,
        arrive_per_s: float,
        visits: SampleWriter | None,
    ) -> None:
        self._runner, self._options, self._expected = runner, options, expected
        self._arrive_per_s, self._visits = arrive_per_s, visits
        self._members: dict[str, _Member] = {}
        self._over = False
        for name, heard in (
            ("clock", self._heard_clock),
            ("pulse", self._heard_pulse),
            ("visits", self._heard_visits),
            ("there", self._heard_there),
        ):
            runner.register_message(name, _of_known(self._members, heard))

    def bring(self, wanted: int) -> int:
        """Let so many be there in all. How many are in place."""
        if not self._members:
            self._gather()
        count = len(self._members)
        for place, member in enumerate(self._members.values()):
            member.present = None
            self._send(
                member,
                "steer",
                wanted=wanted // count + (place < wanted % count),
                arrive_per_s=self._arrive_per_s / count,
                place=place,
                count=count,
                options=self._options,
            )
        while self._over or any(m.present is None for m in self._members.values()):
            gevent.sleep(0.01)
        return sum(member.present or 0 for member in self._members.values())

    def _gather(self) -> None:
        """Of those that have joined, as many as were asked for are the fleet. How far
        their clocks are ahead is measured."""
        joined = sorted(client.id for client in self._runner.clients.ready)
        if len(joined) < self._expected:
            self._end(f"only {len(joined)} of {self._expected} workers are there")
        for name in joined[: self._expected]:
            self._members[name] = _Member(name)
        for member in self._members.values():
            for _ in range(_ROUND_TRIPS):
                self._send(member, "clock", asked_s=time.monotonic())
        measured_by_s = time.monotonic() + _ANSWERS_WITHIN_S
        while any(m.trip_s > _ANSWERS_WITHIN_S for m in self._members.values()):
            if time.monotonic() > measured_by_s:
                self._end("a worker of the fleet does not answer")
            gevent.sleep(0.01)
        gevent.spawn(self._see_that_all_are_there)

    def _send(self, member: _Member, kind: str, **data: object) -> None:
        self._runner.send_message(kind, data, member.id)

    def _see_that_all_are_there(self) -> None:
        """A fleet that lacks a worker measures nothing more."""
        while True:
            gevent.sleep(PULSE_EVERY_S)
            now_s = time.monotonic()
            for member in self._members.values():
                if now_s - member.pulse_s > GONE_AFTER_S:
                    words = f"no sign of {member.name} for {GONE_AFTER_S:.0f} s"
                    self._end(f"{words}: it ended, or has too much to do")
                busy_percent = self._runner.clients[member.id].cpu_usage
                if busy_percent > BUSY_PERCENT:  # as of a generator of this machine
                    self._end(f"{member.name} uses {busy_percent:.0f} % of a core")

    def _end(self, words: str) -> None:
        """The last words, for the harness. Its cell is void then."""
        self._over = True
        print(words, file=sys.stderr, flush=True)
        try:
            self._runner.send_message("quit")
            gevent.sleep(_UNTIL_SENT_S)
        finally:
            os._exit(1)

    def _heard_clock(self, member: _Member, data: dict[str, Any]) -> None:
        now_s = time.monotonic()
        trip_s = now_s - data["asked_s"]
        if trip_s < member.trip_s:
            middle_s = data["asked_s"] + trip_s / 2
            member.trip_s, member.offset_s = trip_s, data["said_s"] - middle_s

    def _heard_pulse(self, member: _Member, data: dict[str, Any]) -> None:
        member.pulse_s, member.name = time.monotonic(), data["name"]
        if data["version"] != __version__:
            self._end(f"{member.name} has version {data['version']}, not {__version__}")

    def _heard_there(self, member: _Member, data: dict[str, Any]) -> None:
        if "fault" in data:
            self._end(f"{member.name}: {data['fault']}")
        member.present = data["present"]

    def _heard_visits(self, member: _Member, data: dict[str, Any]) -> None:
        for number, began_s, ended_s, fate, status in data["visits"]:
            began_s, ended_s = began_s - member.offset_s, ended_s - member.offset_s
            if self._visits:
                self._visits.write(Visit(number, began_s, ended_s, fate, status))


def _of_known(
    members: dict[str, _Member], heard: Callable[[_Member, dict[str, Any]], None]
) -> Callable[..., None]:
    """Nobody else is heard: slow clients of others were not asked for."""

    def listener(environment: object, msg: Any) -> None:
        if msg.node_id in members:
            heard(members[msg.node_id], msg.data)

    return listener


class Worker:
    """Does what the master says, with the users of this process; keeps their visits
    until they are sent. `configure` takes the master's options at the first time."""

    def __init__(
        self,
        runner: WorkerRunner,
        crowd: Crowd,
        configure: Callable[[dict[str, Any], int, int], None],
    ) -> None:
        self._runner, self._crowd, self._configure = runner, crowd, configure
        self._begun = False
        self._visits: list[Visit] = []
        runner.register_message("clock", self._say_clock)
        runner.register_message("steer", self._steer, concurrent=True)
        gevent.spawn(self._pulse)

    def write(self, visit: Visit) -> None:
        """Keep a visit that has ended, as SampleWriter does in a process alone."""
        self._visits.append(visit)

    def _say_clock(self, environment: object, msg: Any) -> None:
        said = {"asked_s": msg.data["asked_s"], "said_s": time.monotonic()}
        self._runner.send_message("clock", said)

    def _steer(self, environment: object, msg: Any) -> None:
        data = msg.data
        try:
            if not self._begun:
                self._configure(data["options"], data["place"], data["count"])
                self._begun = True
            present = self._crowd.bring(data["wanted"], data["arrive_per_s"])
        except Exception as error:  # told to the master: here nobody would read it
            self._runner.send_message("there", {"fault": str(error) or repr(error)})
            return
        self._send_visits()
        self._runner.send_message("there", {"present": present})

    def _pulse(self) -> None:
        while True:
            self._send_visits()
            who = {"name": socket.gethostname(), "version": __version__}
            self._runner.send_message("pulse", who)
            gevent.sleep(PULSE_EVERY_S)

    def _send_visits(self) -> None:
        while self._visits:
            some, self._visits = self._visits[:_AT_ONCE], self._visits[_AT_ONCE:]
            self._runner.send_message("visits", {"visits": some})
