"""A slow link: its clients share a rate, handshakes go first, and nothing is left."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from ipaddress import IPv4Network
from pathlib import Path

import pytest

from loadtests.catalog.stacks import HOST
from loadtests.servers import slow_link
from loadtests.servers.slow_link import LinkError
from tests.servers.elsewhere import needs_namespaces

KBIT = 400
NAMESPACES = Path("/run/netns")
READERS_AT_ONCE = 8
READS_S = 2.0
# Several read as fast as they can; then one more connects. What each got, and how long
# that handshake took.
READERS = """
import json, socket, sys, threading, time
port, count, reads_s = int(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3])
got = [0] * count
ends_s = time.monotonic() + reads_s
def read(place):
    with socket.create_connection(("127.0.0.1", port), 5) as sock:
        while (left_s := ends_s - time.monotonic()) > 0:
            sock.settimeout(left_s)
            try:
                got[place] += len(sock.recv(65536))
            except TimeoutError:
                pass
threads = [threading.Thread(target=read, args=(n,)) for n in range(count)]
for thread in threads:
    thread.start()
time.sleep(reads_s / 2)
began_s = time.monotonic()
late = socket.create_connection(("127.0.0.1", port), 5)
took_s = time.monotonic() - began_s
for thread in threads:
    thread.join()
print(json.dumps([took_s, got]))
"""


@contextlib.contextmanager
def pouring() -> Iterator[int]:
    """The port of a server on loopback that sends without an end."""
    with socket.create_server((HOST, 0)) as server, contextlib.ExitStack() as stack:
        accepted: list[socket.socket] = []

        def serve() -> None:
            with contextlib.suppress(OSError):
                while True:
                    accepted.append(stack.enter_context(server.accept()[0]))
                    pool.submit(pour, accepted[-1])

        def pour(sock: socket.socket) -> None:
            with contextlib.suppress(OSError):
                while True:
                    sock.sendall(bytes(65536))

        with ThreadPoolExecutor(READERS_AT_ONCE + 2) as pool:
            accepting = pool.submit(serve)
            try:
                yield server.getsockname()[1]
            finally:
                server.shutdown(socket.SHUT_RDWR)
                accepting.result()
                for sock in accepted:  # whoever waits there for room to write
                    with contextlib.suppress(OSError):
                        sock.shutdown(socket.SHUT_RDWR)


def left() -> list[str]:
    """What there is of links: namespaces and devices."""
    names = [p.name for p in NAMESPACES.iterdir()] if NAMESPACES.exists() else []
    devices = [p.name for p in Path("/sys/class/net").iterdir()]
    mine = (f"slowlink-{os.getpid()}-", f"slow{os.getpid()}")
    return [name for name in (*names, *devices) if name.startswith(mine)]


@needs_namespaces
def test_clients_share_the_rate_and_handshakes_go_first() -> None:
    with pouring() as port, slow_link.slow_link(KBIT) as beyond:
        numbers = map(str, (port, READERS_AT_ONCE, READS_S))
        argv = [*beyond, sys.executable, "-c", READERS, *numbers]
        said = subprocess.run(argv, capture_output=True, text=True, check=True).stdout
    took_s, got = json.loads(said)
    assert took_s < 1.0  # a queue of 32 segments would take a second more
    kbit_per_s = sum(got) * 8 / 1000 / READS_S
    assert 0.4 * KBIT < kbit_per_s < 1.1 * KBIT


@needs_namespaces
def test_nothing_is_left_of_a_link() -> None:
    with slow_link.slow_link(KBIT):
        assert len(left()) == 3
    assert not left()
    with pytest.raises(KeyboardInterrupt), slow_link.slow_link(KBIT):
        raise KeyboardInterrupt
    assert not left()


@needs_namespaces
@pytest.mark.parametrize("is_reaped", [True, False])
def test_what_a_killed_process_left_is_removed_by_the_next(is_reaped: bool) -> None:
    code = "import os, signal; from loadtests.servers.slow_link import slow_link\n"
    code += f"with slow_link({KBIT}):\n  os.kill(os.getpid(), signal.SIGKILL)"
    killed = subprocess.Popen([sys.executable, "-c", code])
    os.waitid(os.P_PID, killed.pid, os.WEXITED | (0 if is_reaped else os.WNOWAIT))
    names = f"slowlink-{killed.pid}-*"
    assert len([*NAMESPACES.glob(names)]) == 2
    with slow_link.slow_link(KBIT):
        assert len(left()) == 3
    assert not [*NAMESPACES.glob(names)]
    assert not Path(f"/sys/class/net/slow{killed.pid}").exists()
    killed.wait()


@needs_namespaces
def test_what_is_left_of_an_id_that_is_in_use_again_is_removed() -> None:
    """By a third process; the link of whoever has the id now stays."""
    of_earlier = f"slowlink-{os.getpid()}-1-router"
    code = "from loadtests.servers.slow_link import slow_link\n"
    code += f"with slow_link({KBIT}): pass"
    with slow_link.slow_link(KBIT):
        before = left()
        subprocess.run(["ip", "netns", "add", of_earlier], check=True)
        subprocess.run([sys.executable, "-c", code], check=True)
        assert not (NAMESPACES / of_earlier).exists()
        assert left() == before
    assert not left()


@needs_namespaces
def test_link_that_cannot_be_removed_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "ip").write_text(
        f'#!/bin/sh\n[ "$2" = delete ] && exit 1\nexec {shutil.which("ip")} "$@"\n'
    )
    (tmp_path / "ip").chmod(0o755)
    monkeypatch.setattr(slow_link, "_GONE_S", 0.1)
    with monkeypatch.context() as without:
        without.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
        names = rf"cannot remove slowlink-{os.getpid()}-\d+-router, slowlink"
        with pytest.raises(LinkError, match=names), slow_link.slow_link(KBIT):
            pass
    for name in left():
        subprocess.run(["ip", "netns", "delete", name], check=True)
    assert not left()


@needs_namespaces
def test_link_has_addresses_to_which_nothing_leads(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    taken, free = IPv4Network("127.0.0.0/29"), IPv4Network("198.19.255.248/29")
    monkeypatch.setattr(slow_link, "_PLACES", [taken, free])
    assert slow_link._free_place(0) == free
    monkeypatch.setattr(slow_link, "_PLACES", [taken])
    with pytest.raises(LinkError, match="no free addresses"), slow_link.slow_link(KBIT):
        pass
    assert not left()


def test_no_link_is_made_where_none_is_asked_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("PATH", "")
    with slow_link.slow_link(0) as beyond:
        assert beyond == ()
