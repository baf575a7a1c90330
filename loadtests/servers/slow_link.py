"""A slow link: network namespaces whose clients share a limited rate.

The one rule: the way from the server to its slow clients is slow, and nothing else is.
Server, probe and harness stay where they are. What clients send is not limited.

    server  near |-----| inner  router  outer |-- slow --| far  slow clients

Beyond the link, addresses of loopback lead back to the server, which listens there as
always (ip-sysctl, route_localnet). So nobody else reaches it. A router of our own
limits the rate, because TCP behaves in another way where its own machine drops a
packet: on Linux 6.18, servers saw connections time out within seconds.

As in a router at home, small packets go first (tc-htb(8)): behind a queue of answers, a
handshake would be late. Segments leave one by one: as a bundle of 64 kB, they would
take a link of 100 kbit/s for five seconds.

Namespaces are named after the process that made them, and its start: a later process
may get the same id. The next link removes those whose process was killed.
"""

from __future__ import annotations

import contextlib
import ipaddress
import json
import os
import re
import shlex
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from loadtests import UserError
from loadtests.servers.processes import wait_until
from loadtests.servers.signals import uninterrupted

SLOWEST_KBIT, FASTEST_KBIT = 50, 4000
# What the server sends in a handshake and to confirm a request, on Ethernet.
_HANDSHAKE_BITS = 8 * (74 + 66)
_MTU = 1500  # of Ethernet
_QUEUE = 32  # packets that wait for the link; a router drops the next
# For measurements of networks, and routed nowhere (RFC 2544, C.2.2).
_PLACES = [*ipaddress.IPv4Network("198.18.0.0/15").subnets(new_prefix=29)]
_NARROW = 8  # a wider route leads everywhere
_GONE_S = 2.0  # if another process removes the same


class LinkError(UserError):
    """A link that cannot be made here; one line."""


@dataclass(frozen=True)
class _Maker:
    """A process that makes a link; `started`, in ticks, is after the machine's boot."""

    pid: int
    started: int

    @property
    def near(self) -> str:
        """Our end; a name may have 15 characters, so the start is not in it."""
        return f"slow{self.pid}"

    @property
    def router(self) -> str:
        return f"slowlink-{self.pid}-{self.started}-router"

    @property
    def beyond(self) -> str:
        return f"slowlink-{self.pid}-{self.started}-beyond"

    @property
    def is_gone(self) -> bool:
        """Also where nobody has asked for its status yet, as in many containers."""
        return _started(self.pid) != self.started


def _started(pid: int) -> int | None:
    """When a living process started (proc(5), stat); None: there is none."""
    try:
        said = Path(f"/proc/{pid}/stat").read_bytes()
    except (FileNotFoundError, ProcessLookupError):
        return None
    words = said.rpartition(b")")[2].split()
    return None if words[0] in (b"Z", b"X") else int(words[19])


def arrivals_per_s(kbit: int) -> float:
    """How many clients may come in a second, so that handshakes take half the link."""
    return kbit * 1000 / (2 * _HANDSHAKE_BITS)


@contextlib.contextmanager
def slow_link(kbit: int) -> Iterator[tuple[str, ...]]:
    """A link of that rate for as long as the block runs, if it is not 0. The words that
    begin the command of whoever is beyond it. Raises LinkError."""
    if not kbit:
        yield ()
        return
    for left in _makers():
        if left.is_gone:
            _remove(left)
    pid = os.getpid()
    we = _Maker(pid, _started(pid) or 0)
    try:
        with uninterrupted():
            _make(we, kbit)
        yield ("ip", "netns", "exec", we.beyond)
    finally:
        with uninterrupted():
            _remove(we)


def _makers() -> set[_Maker]:
    """Those whose namespaces there are."""
    names = _done("ip netns list")
    found = re.findall(r"^slowlink-(\d+)-(\d+)-", names, re.M)
    return {_Maker(int(pid), int(started)) for pid, started in found}


def _remove(maker: _Maker) -> None:
    """The link first: a namespace takes its own with it only after a while. Our end has
    its name from the process alone, so its other end is what is named."""
    for what in (
        f"-n {maker.router} link delete dev inner",
        f"netns delete {maker.beyond}",
        f"netns delete {maker.router}",
    ):
        words = ("ip", *what.split())
        subprocess.run(words, capture_output=True, start_new_session=True)
    if not wait_until(lambda: maker not in _makers(), _GONE_S):
        names = f"{maker.router}, {maker.beyond}"
        raise LinkError(f"NETWORK= cannot remove {names}: see ip netns delete")


def _make(maker: _Maker, kbit: int) -> None:
    near, router, beyond = maker.near, maker.router, maker.beyond
    to_router, to_far = _free_place(maker.pid).subnets(new_prefix=30)
    ours, inner = to_router.hosts()
    outer, far = to_far.hosts()
    for name in (router, beyond):
        _done(f"ip netns add {name}")
    pair = f"mtu {_MTU} gso_max_segs 1 type veth peer mtu {_MTU}"
    _done(f"ip link add {near} {pair} name inner netns {router}")
    _done(f"ip -n {router} link add outer {pair} name far netns {beyond}")
    _done(f"ip address add {ours}/30 dev {near}")
    _done(f"ip link set {near} up")
    for namespace, device, address in (
        (router, "inner", inner),
        (router, "outer", outer),
        (beyond, "far", far),
    ):
        _done(f"ip -n {namespace} address add {address}/30 dev {device}")
        _done(f"ip -n {namespace} link set dev {device} up")
        _set(f"conf/{device}/route_localnet", namespace)
    _set(f"conf/{near}/route_localnet")
    _set("ip_forward", router)
    _done(f"ip route add {far} via {inner} dev {near}")
    _done(f"ip -n {router} route add 127.0.0.0/8 via {ours} dev inner")
    _done(f"ip -n {beyond} route add 127.0.0.0/8 via {outer} dev far src {far}")
    _shape(router, kbit)


def _set(name: str, namespace: str = "") -> None:
    inside = f"ip netns exec {namespace} " if namespace else ""
    _done(f"{inside}sh -c 'echo 1 > /proc/sys/net/ipv4/{name}'")


def _shape(router: str, kbit: int) -> None:
    """Limit what the router sends out. Both classes may take the whole link; the first
    does so first. In it are IP packets under 128 bytes, and what resolves addresses."""
    tc, all_of_it = f"tc -n {router}", f"htb ceil {kbit}kbit burst 1600 cburst 1600"
    small, large = f"{9 * kbit // 10}kbit", f"{kbit // 10}kbit"
    each = f"{all_of_it} quantum 1514"
    first = "u32 match {} flowid 1:1"
    _done(f"{tc} qdisc add dev outer root handle 1: htb default 2")
    for classes in (
        f"parent 1: classid 1:10 {each} rate {kbit}kbit",
        f"parent 1:10 classid 1:1 {each} rate {small} prio 0",
        f"parent 1:10 classid 1:2 {each} rate {large} prio 1",
    ):
        _done(f"{tc} class add dev outer {classes}")
    _done(f"{tc} qdisc add dev outer parent 1:2 pfifo limit {_QUEUE}")
    add = f"{tc} filter add dev outer parent 1:"
    _done(f"{add} protocol ip prio 1 {first.format('u16 0 0xff80 at 2')}")
    _done(f"{add} protocol arp prio 2 {first.format('u32 0 0')}")


def _free_place(number: int) -> ipaddress.IPv4Network:
    """One to which no route leads; runs begin to look in different places."""
    routes = json.loads(_done("ip -4 -json route show table all"))
    places = [route["dst"] for route in routes if route["dst"] != "default"]
    taken = [n for n in map(ipaddress.IPv4Network, places) if n.prefixlen >= _NARROW]
    begin = number % len(_PLACES)
    for place in (*_PLACES[begin:], *_PLACES[:begin]):
        if not any(map(place.overlaps, taken)):
            return place
    raise LinkError("NETWORK= found no free addresses in 198.18.0.0/15: see ip route")


def _done(command: str) -> str:
    """What a command says. LinkError where it fails."""
    words = shlex.split(command)
    done = subprocess.run(
        words,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        start_new_session=True,  # Ctrl-C is ours to hear
    )
    if done.returncode:
        why = " ".join(done.stderr.split()) or f"status {done.returncode}"
        raise LinkError(
            "NETWORK= makes network namespaces, as root may on Linux, and this failed: "
            f"{command}: {why}"
        )
    return done.stdout
