"""Watching a cell while it is measured: readings, the probe's samples, the time.

The one rule: nothing is waited for with our eyes shut. Whatever the harness waits for,
it takes a reading of server and generators now and then meanwhile.
"""

from __future__ import annotations

import contextlib
import itertools
import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import psutil

from loadtests.analysis.at_rest import CpuReadings, at_rest
from loadtests.experiments.generators import Generators
from loadtests.records.samples import (
    GENERATOR_FILE,
    SERVER_FILE,
    WORKERS_FILE,
    GeneratorReading,
    Sample,
    SamplesTail,
    SampleWriter,
    ServerReading,
    WorkerReading,
)
from loadtests.records.threads import Look, save_threads
from loadtests.servers.logs import written_mb
from loadtests.servers.neighbours import Neighbours
from loadtests.servers.parts import Part
from loadtests.servers.reached import Reached, Served
from loadtests.servers.sockets import connections_by_pid
from loadtests.servers.threads import look
from loadtests.servers.usage import Memory, Usage, disk_mb, memory, usage

# We look from the generators' core, and each reading takes some 2 ms from the probe. So
# readings are rare while slow clients are held: a server that comes to rest is looked
# at more often.
READING_EVERY_S = 0.5
RESTING_EVERY_S = 0.12
_LOOK_EVERY_S = 0.02
BETWEEN_LOOKS_S = 0.2  # what a thread is in twice, it has not just begun


@dataclass(frozen=True)
class Probing:
    """The probe's schedule: a request is due every 1 / `rate_per_s` from `began_s`."""

    began_s: float
    rate_per_s: float

    def due(self, from_s: float, to_s: float) -> int:
        """How many requests are due in that time."""
        first, end = (
            max(0, math.ceil((at_s - self.began_s) * self.rate_per_s))
            for at_s in (from_s, to_s)
        )
        return end - first


class Watch:
    """Takes readings and tells the progress for as long as anything is waited for."""

    def __init__(
        self,
        server: Served,
        generators: Generators,
        neighbours: Neighbours,
        samples: Path,
        tell: Callable[[float], None],
    ) -> None:
        self._server, self._generators, self._tell = server, generators, tell
        self._neighbours = neighbours
        self._samples = samples
        self._looks: list[Look] = []
        self._of_server = SampleWriter(samples, SERVER_FILE, ServerReading)
        self._of_workers = SampleWriter(samples, WORKERS_FILE, WorkerReading)
        self._of_generator = SampleWriter(samples, GENERATOR_FILE, GeneratorReading)
        self._processes = [psutil.Process(group.id) for group in generators.all()]
        self._tail = SamplesTail(samples)
        self._began_s = self._read_s = time.monotonic()
        self._cpu: CpuReadings = []
        self._wanted: CpuReadings = []
        self.taken_mb: float | None = None  # by the server and the kernel, at the last

    def close(self) -> None:
        for each in (self._of_server, self._of_workers, self._of_generator):
            each.close()

    def until(
        self,
        condition: Callable[[], bool],
        seconds: float,
        every_s: float = READING_EVERY_S,
    ) -> bool:
        """Whether the condition came true within that time; readings come so often."""
        ends_s = time.monotonic() + seconds
        while not condition():
            now_s = time.monotonic()
            if now_s >= ends_s:
                return False
            if now_s >= self._read_s + every_s:
                self.read()
            time.sleep(min(_LOOK_EVERY_S, max(0.0, ends_s - time.monotonic())))
        return True

    def until_s(self, at_s: float) -> None:
        """Wait for that moment."""
        self.until(lambda: time.monotonic() >= at_s, at_s - time.monotonic() + 1)

    def read(self, *, with_memory: bool = False) -> float:
        """Take a reading of everything. Returns when.

        Raises ProcessError where a generator has ended, or the server is not the one
        that we started any more.
        """
        self._generators.see_that_they_run()
        self._server.see_that_it_is_ours()
        at_s, server = time.monotonic(), self._server
        used = usage(server)
        taken = self._memory() if with_memory else None
        stored_mb = disk_mb(server.front.group) if taken and server.front else None
        reading = _server_reading(at_s, used, taken, written_mb(server.log))
        self._of_server.write(reading._replace(disk_mb=stored_mb))
        known = server.foreign_is_known
        foreign_s = self._neighbours.foreign_cpu_s() if known else None
        self._of_generator.write(_generator_reading(at_s, self._processes, foreign_s))
        by_pid = used.by_pid.items()
        self._cpu.append((at_s, {pid: one.cpu_s for pid, one in by_pid}))
        wanted = {pid: one.cpu_s + one.waited_s for pid, one in by_pid}
        self._wanted.append((at_s, wanted))
        self._read_s = at_s
        self._tell(at_s - self._began_s)
        return at_s

    def _memory(self) -> Memory | None:
        """What the server takes of the machine's memory, None where that is not seen:
        then what all take together grows as its own does."""
        if not self._server.seen:
            whole = psutil.virtual_memory()
            self.taken_mb = (whole.total - whole.available) / 1024**2
            return None
        found = memory(self._server, self._server.sockets())
        self.taken_mb = found.sum_mb
        return found

    def limited(self) -> list[psutil.Process]:
        """The processes of server and generators, each with a limit of its own."""
        return [*self._server.members(), *self._processes]

    def read_workers(self, slow_clients: int) -> None:
        """Take a reading of what each process of the server holds."""
        for part in self._server.parts:
            self._read_part(part, slow_clients)

    def _read_part(self, part: Part | Reached, slow_clients: int) -> None:
        in_front = int(part is self._server.front)
        used, sockets = usage(part.group).by_pid, part.sockets()
        held = connections_by_pid(sockets, used) if sockets else {}
        for pid, process in used.items():
            self._of_workers.write(
                WorkerReading(
                    at_s=time.monotonic(),
                    slow_clients=slow_clients,
                    pid=pid,
                    connections=held.get(pid, 0) if sockets else None,
                    descriptors=process.descriptors,
                    nofile=process.nofile,
                    queued=sockets.accept_queue if sockets else None,
                    in_front=in_front,
                )
            )

    def read_threads(self, slow_clients: int) -> None:
        """Look twice at what the threads of the server are doing, and keep that."""
        for _ in range(2):
            self._looks.append(look(self._server.members(), slow_clients))
            self.until_s(time.monotonic() + BETWEEN_LOOKS_S)
        save_threads(self._looks, self._samples)

    def samples(self, from_s: float, to_s: float) -> list[Sample]:
        """The healthy requests due in that time that have ended so far."""
        # They are in the order in which they ended, which none does before it is due.
        since = itertools.takewhile(
            lambda sample: sample.ended_s >= from_s, reversed(self._tail.so_far())
        )
        return [sample for sample in since if from_s <= sample.intended_s < to_s]

    def at_rest_since(self, since_s: float) -> bool:
        """Whether the server's use of CPU time has come to rest, after that moment."""
        used, wanted = (
            [entry for entry in readings if entry[0] >= since_s]
            for readings in (self._cpu, self._wanted)
        )
        return at_rest(used, wanted)


def _server_reading(
    at_s: float, used: Usage, taken: Memory | None, log_mb: float
) -> ServerReading:
    return ServerReading(
        at_s=at_s,
        cpu_s=used.cpu_s,
        rss_mb=used.rss_mb,
        pids=" ".join(map(str, sorted(used.pids))),
        pss_mb=taken.pss_mb if taken else None,
        kernel_mb=taken.kernel_mb if taken else None,
        log_mb=log_mb,
    )


def _generator_reading(
    at_s: float, processes: list[psutil.Process], foreign_cpu_s: float | None
) -> GeneratorReading:
    percents = []
    for process in processes:
        percents.append(0.0)
        with contextlib.suppress(psutil.NoSuchProcess):
            percents[-1] = process.cpu_percent()
    stolen = psutil.cpu_times_percent().steal
    probe, *slow_clients = percents
    return GeneratorReading(at_s, probe, max(slow_clients), stolen, foreign_cpu_s)
