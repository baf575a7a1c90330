"""Taking steps: slow clients arrive, the server comes to rest, they are held, judged.

The one rule: arriving and holding are never mixed. The harness says how many slow
clients there should be, hears when they are in place, and waits until the server's CPU
has come to rest. What is due from then on belongs to the holding.
"""

from __future__ import annotations

import math
import tempfile
import time
from pathlib import Path

import psutil

from loadtests.analysis.cell import SOON_S
from loadtests.analysis.looks import Look
from loadtests.analysis.search import Harm, memory_for
from loadtests.experiments.generators import Generators, bring
from loadtests.experiments.watch import RESTING_EVERY_S, Probing, Watch
from loadtests.records.facts import NO_DISK, NO_MEMORY, NO_PORTS, Fact, fact
from loadtests.records.run import Method
from loadtests.records.samples import STEPS_FILE, SampleWriter, StepTaken
from loadtests.servers import room

# The probe writes a sample after its deadline.
_WRITES_WITHIN_S = 1.0
# So long must all be answered, and soon, before a server counts as recovered.
_WELL_FOR_S = 0.5
# Looks at a step, until two that follow each other agree.
MOST_LOOKS = 8
MOST_MEMORY = 0.5  # of what is free, for the slow clients that a step adds
MOST_DISK = 0.5


class Stepping:
    """The steps of one cell as they are asked for; each is recorded when it ends."""

    def __init__(
        self,
        watch: Watch,
        generators: Generators,
        probing: Probing,
        method: Method,
        samples: Path,
        begins_after_s: float = 0.0,
        stored_mb: float = 0.0,
        sees_threads: bool = False,
        remote: bool = False,
        sources: int = 1,
    ) -> None:
        self._watch, self._generators = watch, generators
        self._begins_after_s, self._stored_mb = begins_after_s, stored_mb
        self._probing, self._method = probing, method
        self._sees_threads, self._remote = sees_threads, remote
        self._sources = sources  # addresses that slow clients come from
        self._taken = SampleWriter(samples, STEPS_FILE, StepTaken)
        self._there = 0
        self._taken_mb: list[tuple[int, float]] = []  # by slow clients, after each step

    def close(self) -> None:
        self._taken.close()

    def take(self, slow_clients: int, *, long: bool) -> Harm:
        """Let that many slow clients be there, hold them, and see what they do."""
        asked_s = self._watch.read()
        in_place = self._come_to(slow_clients)
        arrived_s = time.monotonic()
        settled = self._settle(arrived_s)
        if slow_clients:
            self._watch.until_s(arrived_s + self._begins_after_s)
        looks = self._looks(self._watch.read(), long=long)
        self._watch.read(with_memory=True)
        if (taken_mb := self._watch.taken_mb) is not None:
            self._taken_mb.append((slow_clients, taken_mb))
        self._watch.read_workers(slow_clients)
        # Looks before the last two that agree are counted as the server's arriving.
        begins_s, ends_s = looks[-2 if len(looks) > 1 else -1].from_s, looks[-1].to_s
        step = StepTaken(slow_clients, asked_s, begins_s, ends_s, in_place, settled)
        self._taken.write(step)
        harm = self._look_back(begins_s, ends_s).harm
        if self._sees_threads and (harm is not Harm.NONE or not slow_clients):
            self._watch.read_threads(slow_clients)
        return harm

    def lacks_room(self, slow_clients: int) -> Fact | None:
        """Why the machine has not the memory or the disk for so many, if so."""
        return self.lacks_memory(slow_clients) or self.lacks_disk(slow_clients)

    def lacks_memory(self, slow_clients: int) -> Fact | None:
        """Why the machine has not the memory for so many; None where it has."""
        if not (wanted_mb := memory_for(slow_clients, self._taken_mb)):
            return None
        free_mb = room.free_memory_mb(self._watch.limited())
        if wanted_mb <= MOST_MEMORY * free_mb:
            return None
        return fact(
            NO_MEMORY,
            slow_clients=slow_clients,
            wanted_mb=wanted_mb,
            free_mb=free_mb,
        )

    def lacks_disk(self, slow_clients: int) -> Fact | None:
        """Why there is not the room to store what so many ask for; None where it is."""
        wanted_mb = self._stored_mb * max(0, slow_clients - self._there)
        free_mb = psutil.disk_usage(tempfile.gettempdir()).free / 1024**2
        if wanted_mb <= MOST_DISK * free_mb:
            return None
        return fact(
            NO_DISK, slow_clients=slow_clients, wanted_mb=wanted_mb, free_mb=free_mb
        )

    def lacks_ports(self, slow_clients: int) -> Fact | None:
        """Why there are not the ports to connect from; None where there are."""
        wanted = math.ceil(slow_clients / self._sources) + self._ports_of_probe
        if wanted <= (free := room.free_ports()):
            return None
        return fact(NO_PORTS, slow_clients=slow_clients, wanted=wanted, free=free)

    @property
    def most_with_ports(self) -> int:
        """How many slow clients have a port each, beside the probe."""
        return max(0, self._sources * (room.free_ports() - self._ports_of_probe))

    @property
    def _ports_of_probe(self) -> int:
        """A request has its port until that can be used again, some time after it. A
        fleet has other addresses than the probe."""
        if self._sources > 1:
            return 0
        lasts_s = self._method.deadline_s + room.port_rests_s(remote=self._remote)
        return math.ceil(self._method.rate_per_s * lasts_s)

    def recover(self, slow_clients: int) -> bool:
        """Let all but so many leave, and wait until healthy requests are answered as
        they come. False where that does not happen in time: what follows would show
        what the server still has to get over, not what the next step does."""
        self._come_to(slow_clients)

        began_s = time.monotonic()

        def well() -> bool:
            """All are answered soon; or in time, which takes longer to see."""
            now_s = time.monotonic()
            ends = (now_s - SOON_S, now_s - self._method.deadline_s)
            return any(
                self._all_answered(end_s - _WELL_FOR_S, end_s)
                for end_s in ends
                if end_s - _WELL_FOR_S >= began_s
            )

        self._watch.until_s(began_s + _WELL_FOR_S)
        return self._watch.until(well, self._method.settle_s)

    def _all_answered(self, from_s: float, to_s: float) -> bool:
        found = self._watch.samples(from_s, to_s)
        enough = len(found) >= self._probing.due(from_s, to_s)
        return enough and not any(sample.fault for sample in found)

    def hold(self, slow_clients: int, seconds: float) -> None:
        """The same without judging: arriving and all belongs to what is watched."""
        asked_s = self._watch.read()
        in_place = self._come_to(slow_clients)
        self._watch.until_s(asked_s + seconds)
        ends_s = self._watch.read()
        self._await_samples(asked_s, ends_s)
        self._taken.write(
            StepTaken(slow_clients, asked_s, asked_s, ends_s, in_place, settled=1)
        )

    def leave(self) -> None:
        """All slow clients leave; then it is watched how the server recovers."""
        asked_s = self._watch.read()
        in_place = self._come_to(0)
        ends_s = asked_s + self._method.release_s
        self._watch.until_s(ends_s)
        self._await_samples(asked_s, ends_s)
        self._taken.write(StepTaken(0, asked_s, asked_s, ends_s, in_place, settled=1))

    def _come_to(self, slow_clients: int) -> int:
        """How many were in place when all were, or when that took too long."""
        if slow_clients == self._there:
            return slow_clients
        group, rate = self._generators.slow_clients, self._method.arrive_per_s
        in_place = bring(group, slow_clients, rate, self._watch.until)
        self._there = slow_clients
        return in_place

    def _settle(self, since_s: float) -> int:
        """1 once the server has come to rest; 0 where it does not in time."""
        return int(
            self._watch.until(
                lambda: self._watch.at_rest_since(since_s),
                self._method.settle_s,
                RESTING_EVERY_S,
            )
        )

    def _looks(self, from_s: float, *, long: bool) -> list[Look]:
        """One look where all is well, else as many as it takes for two to agree."""
        method = self._method
        looks = [self._look(from_s, method.hold_s)]
        if looks[0].harm is Harm.NONE:
            if not long or not method.long_hold_s:
                return looks
            longer = self._look(looks[0].to_s, method.long_hold_s - method.hold_s)
            looks.append(longer)
        while len(looks) < 2 or not looks[-1].agrees(looks[-2]):
            if len(looks) == MOST_LOOKS:
                break
            looks.append(self._look(looks[-1].to_s, method.hold_s))
        return looks

    def _look(self, from_s: float, seconds: float) -> Look:
        to_s = from_s + seconds
        self._watch.until_s(to_s)
        self._await_samples(from_s, to_s)
        return self._look_back(from_s, to_s)

    def _look_back(self, from_s: float, to_s: float) -> Look:
        samples = self._watch.samples(from_s, to_s)
        answered = sum(not sample.fault for sample in samples)
        return Look(from_s, to_s, answered / max(1, len(samples)))

    def _await_samples(self, from_s: float, to_s: float) -> None:
        """Wait for the last request that was due: it may be answered until its
        deadline. What our own machine did not send is judged afterwards."""
        due = self._probing.due(from_s, to_s)
        remaining_s = to_s + self._method.deadline_s + _WRITES_WITHIN_S
        self._watch.until(
            lambda: len(self._watch.samples(from_s, to_s)) >= due,
            max(0.0, remaining_s - time.monotonic()),
        )
