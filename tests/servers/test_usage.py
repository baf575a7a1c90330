"""What a process group uses: against processes whose use is known."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from loadtests.servers import usage as usage_of
from loadtests.servers.processes import Group, Guard, started, wait_until
from loadtests.servers.usage import disk_mb, is_quiet, memory, usage
from tests.conftest import Servers

BUSY_FOR_S = 0.2
# Both processes say that they are ready, and end when their input does.
KNOWN = f"""
import os, resource, sys, threading, time
resource.setrlimit(resource.RLIMIT_NOFILE, (256, 4096))
threads = [threading.Thread(target=sys.stdin.read, daemon=True) for _ in range(3)]
for thread in threads: thread.start()
files = [open(os.devnull) for _ in range(20)]
while time.process_time() < {BUSY_FOR_S}: pass
print("ready", flush=True)
threads[0].join()
"""
SHARING = """
import os, sys
shared = b"x" * (64 * 2**20)
parent = os.fork()
print("ready", flush=True)
sys.stdin.read()
"""

# A file of 4 MB whose name is gone, and one of 1 MB that has a name.
STORING = """
import os, sys, tempfile
unnamed, named = tempfile.TemporaryFile(), tempfile.NamedTemporaryFile()
for file, size in ((unnamed, 4), (named, 1)):
    file.write(b"x" * (size * 2**20)); file.flush()
print("ready", flush=True)
sys.stdin.read()
"""


@contextlib.contextmanager
def running(guard: Guard, script: str, processes: int = 1) -> Iterator[Group]:
    argv = [sys.executable, "-S", "-E", "-c", script]
    with started(guard, argv, None, cwd=Path.cwd(), pipes=True) as group:
        assert group.process.stdout is not None
        for _ in range(processes):
            assert group.process.stdout.readline() == b"ready\n"
        yield group


@pytest.fixture
def known(guard: Guard) -> Iterator[Group]:
    with running(guard, KNOWN) as group:
        yield group


@pytest.fixture
def sharing(guard: Guard) -> Iterator[Group]:
    """A process with 64 MB, and its child, which has the same 64 MB."""
    with running(guard, SHARING, processes=2) as group:
        yield group


def test_usage_of_a_process_is_what_it_has(known: Group) -> None:
    found = usage(known)
    assert found.pids == {known.id}
    process = found.by_pid[known.id]
    assert process.descriptors == 3 + 20
    assert process.nofile == 256
    assert BUSY_FOR_S <= process.cpu_s < BUSY_FOR_S + 1
    assert (found.cpu_s, found.rss_mb) == (process.cpu_s, process.rss_mb)


def test_descriptors_are_counted_where_the_kernel_does_not_say(
    known: Group, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Before Linux 6.2 the folder's size is 0."""
    nothing = os.stat_result([0] * 10)
    with monkeypatch.context() as patch:
        patch.setattr("loadtests.servers.usage.os.stat", lambda path: nothing)
        found = usage_of._descriptors(known.id)
    assert found == 3 + 20


def test_memory_counts_a_shared_page_once(sharing: Group) -> None:
    resident_mb, pss_mb = usage(sharing).rss_mb, memory(sharing, None).pss_mb
    assert pss_mb is not None
    assert resident_mb > 128
    assert 64 < pss_mb < 64 + 20


def test_megabyte_is_of_1024_kilobytes(sharing: Group) -> None:
    """Of which the kernel gives the resident ones."""
    lines = Path(f"/proc/{sharing.id}/status").read_text().splitlines()
    [kb] = [int(line.split()[1]) for line in lines if line.startswith("VmRSS:")]
    found = usage(sharing).by_pid[sharing.id]
    assert found.rss_mb == pytest.approx(kb / 1024, rel=0.02)


def test_memory_of_a_zombie_is_nothing(
    sharing: Group, monkeypatch: pytest.MonkeyPatch
) -> None:
    with subprocess.Popen([sys.executable, "-S", "-E", "-c", ""]) as ended:
        zombie = psutil.Process(ended.pid)
        gone = wait_until(lambda: zombie.status() == psutil.STATUS_ZOMBIE, 20)
        monkeypatch.setattr(sharing, "members", lambda: [zombie])
        found = memory(sharing, None).pss_mb
    assert (gone, found) == (True, 0)


def test_memory_is_what_psutil_adds_up(servers: Servers) -> None:
    server = servers["wsgi-gunicorn-sync"]
    pss_mb = memory(server, server.sockets()).pss_mb
    slowly = sum(p.memory_full_info().pss for p in server.group.members()) / 1024**2
    assert pss_mb == pytest.approx(slowly, rel=0.05)  # libraries are shared with others


def test_memory_is_unknown_where_one_process_hides_it(
    sharing: Group, monkeypatch: pytest.MonkeyPatch
) -> None:
    def hidden(pid: int) -> int:
        if pid == sharing.id:
            return 1024
        raise PermissionError(pid)

    monkeypatch.setattr(usage_of, "_pss_kb", hidden)
    assert memory(sharing, None).pss_mb is None
    assert usage(sharing).rss_mb > 128


def test_disk_is_that_of_open_files_without_a_name(
    guard: Guard, monkeypatch: pytest.MonkeyPatch
) -> None:
    with running(guard, STORING) as group:
        assert disk_mb(group) == pytest.approx(4, abs=0.1)

        def hidden(pid: int) -> int:
            raise PermissionError(pid)

        monkeypatch.setattr(usage_of, "_unnamed_bytes", hidden)
        assert disk_mb(group) is None


def test_memory_leaves_out_a_process_that_ended_meanwhile(
    sharing: Group, monkeypatch: pytest.MonkeyPatch
) -> None:
    ended = psutil.Process(sharing.id)
    monkeypatch.setattr(ended, "_pid", 2**22)  # over the kernel's highest
    monkeypatch.setattr(sharing, "members", lambda: [ended])
    assert memory(sharing, None).pss_mb == 0
    assert usage(sharing).pids == frozenset()


def test_memory_says_what_the_kernel_holds(servers: Servers) -> None:
    server = servers["asgi-uvicorn"]
    found = memory(server, server.sockets())
    assert found.sockets is not None
    assert found.kernel_mb == found.sockets.memory_bytes / 1024**2


SEES_TO_ITS_WORKERS = """
import time
print("ready", flush=True)
while True:
    time.sleep(0.1)
    ends = time.thread_time() + 0.001
    while time.thread_time() < ends: pass
"""
BUSY = SEES_TO_ITS_WORKERS.replace("0.1", "0.0")


@pytest.mark.parametrize(
    ("program", "quiet"), [(SEES_TO_ITS_WORKERS, True), (BUSY, False)]
)
def test_server_that_sees_to_its_workers_is_quiet(
    guard: Guard, program: str, quiet: bool
) -> None:
    """uvicorn asks each worker twice a second if it is alive."""
    with running(guard, program) as group:
        seen = [is_quiet(group, 0.3) for _ in range(5)]
    assert any(seen) is quiet
