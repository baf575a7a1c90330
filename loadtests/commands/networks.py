"""The option of `make load` that makes the link of slow-link."""

from __future__ import annotations

import argparse
import dataclasses
import re
import shutil
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

from rich.console import Console

from loadtests import MAKE, UserError
from loadtests.catalog.profiles import OF_ONE_PROCESS, Profile
from loadtests.catalog.stacks import HOST
from loadtests.commands.options import Wrong
from loadtests.experiments.order import Order
from loadtests.servers.slow_link import (
    FASTEST_KBIT,
    SLOWEST_KBIT,
    LinkError,
    arrivals_per_s,
    slow_link,
)

NOT_ASKED: dict[str, Any] = {"network": None}
# CAP_NET_ADMIN and CAP_SYS_ADMIN, as bits (capabilities(7)).
_RIGHTS = 1 << 12 | 1 << 21
_CONNECT = (
    "import socket, sys; socket.create_connection((sys.argv[1], int(sys.argv[2])))"
)
_CONNECTS_S = 3.0
_KBIT = {"kbit": 1, "mbit": 1000}
TOLD = (
    "Under slow-link, all slow clients share a link of {:,} kbit/s, in network "
    "namespaces that this run makes and removes. Nothing else crosses that link."
)


def add_options(parser: argparse.ArgumentParser) -> None:
    what = "all slow clients of slow-link together get so much"
    parser.add_argument(*("--network",), type=_kbit, metavar="100kbit", help=what)


def _kbit(text: str) -> int:
    """The rate in kbit/s."""
    said = re.fullmatch(r"([0-9]{1,6})(kbit|mbit)", text)
    rate = int(said[1]) * _KBIT[said[2]] if said else 0
    if not SLOWEST_KBIT <= rate <= FASTEST_KBIT:
        most = FASTEST_KBIT // _KBIT["mbit"]
        rule = f"a rate for all slow clients is {SLOWEST_KBIT}kbit to {most}mbit"
        raise Wrong(text, rule)
    return rate


def paced(profile: Profile, kbit: int | None) -> Profile:
    """The profile with no more arrivals in a second than the link bears."""
    if not kbit:
        return profile
    most = min(profile.arrive_per_s, float(int(arrivals_per_s(kbit))))
    return dataclasses.replace(profile, arrive_per_s=most)


def see_that_it_fits(order: Order) -> None:
    """UserError for slow clients that cannot be behind a link of ours, or have to be
    and are not."""
    over = [scenario.id for scenario in order.scenarios if scenario.by_link]
    if order.network_kbit and not over:
        raise UserError("NETWORK= is for the link of slow-link: SCENARIOS=slow-link")
    if not order.network_kbit:
        if over and not order.fleet.is_elsewhere:
            how = f"{MAKE} load NETWORK=100kbit"
            raise UserError(f"{over[0]} needs a link that is slow: {how} makes one")
        return
    running = order.other.running if order.other else None
    if order.fleet.workers:
        why = "FLEET= has slow clients elsewhere: leave one of both out"
    elif order.profile.most > OF_ONE_PROCESS:
        why = f"{order.profile.id} has more slow clients than one process can hold"
    elif running and not running.on_loopback:
        why = f"that link leads to servers on 127.0.0.1, not on {running.address}"
    else:
        return
    raise UserError(f"NETWORK= does not fit here: {why}")


def see_that_it_may_be(kbit: int) -> None:
    """LinkError without the programs or the rights that a link needs, if its rate is
    not 0. Nothing is made."""
    if not kbit:
        return
    if not (shutil.which("ip") and shutil.which("tc")):
        raise LinkError("NETWORK= needs ip and tc: apt-get install iproute2")
    said = Path("/proc/self/status").read_text()
    ours = int(said.partition("CapEff:")[2].split()[0], 16)
    if ours & _RIGHTS != _RIGHTS:
        raise LinkError("NETWORK= makes network namespaces: be root to start it")


def see_that_it_leads(kbit: int) -> None:
    """Make a link, connect through it, and remove it. LinkError where that fails."""
    if not kbit:
        return
    with slow_link(kbit) as beyond_it, socket.create_server((HOST, 0)) as server:
        port = str(server.getsockname()[1])
        argv = [*beyond_it, sys.executable, "-Ic", _CONNECT, HOST, port]
        try:
            subprocess.run(argv, capture_output=True, check=True, timeout=_CONNECTS_S)
        except subprocess.SubprocessError:
            raise LinkError(
                f"NETWORK= made a link over which nobody can connect to {HOST}: look "
                "for a firewall that drops what comes to 127.0.0.0/8 and not over lo"
            ) from None


def tell(console: Console, kbit: int) -> None:
    if kbit:
        console.print(TOLD.format(kbit), highlight=False)
