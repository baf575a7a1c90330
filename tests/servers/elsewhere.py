"""Another machine, as far as the network shows: a namespace with an address of its own.

Needs root and iproute2. Whatever listens there is reachable from this machine alone,
and not at its loopback.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
from collections.abc import Iterator

import pytest

needs_namespaces = pytest.mark.skipif(
    os.geteuid() != 0 or shutil.which("ip") is None,
    reason="network namespaces need root and iproute2: apt-get install iproute2",
)
_MTU = "1500"  # of Ethernet


def _ip(*words: str) -> None:
    subprocess.run(["ip", *words], check=True, capture_output=True)


@contextlib.contextmanager
def namespace() -> Iterator[tuple[str, str]]:
    """The name of a new namespace, and its address."""
    number = os.getpid() % 250
    name, ours, theirs = f"slowbench-{os.getpid()}", f"sb{number}a", f"sb{number}b"
    near, far = f"10.211.{number}.1", f"10.211.{number}.2"
    _ip("netns", "add", name)
    try:
        _ip("link", "add", ours, "mtu", _MTU, "type", "veth", "peer", "name", theirs)
        _ip("link", "set", theirs, "netns", name)
        _ip("address", "add", f"{near}/24", "dev", ours)
        _ip("link", "set", ours, "up")
        for words in (
            ("address", "add", f"{far}/24", "dev", theirs),
            ("link", "set", theirs, "mtu", _MTU, "up"),
            ("link", "set", "lo", "up"),
        ):
            _ip("-n", name, *words)
        yield name, far
    finally:
        _ip("netns", "delete", name)  # the pair of links goes with it


def connections_to(name: str) -> int:
    """How many TCP connections were made to the namespace so far."""
    argv = ["ip", "netns", "exec", name, "cat", "/proc/net/snmp"]
    said = subprocess.run(argv, check=True, capture_output=True, text=True).stdout
    names, values = (line.split() for line in said.splitlines() if line[:4] == "Tcp:")
    return int(values[names.index("PassiveOpens")])
