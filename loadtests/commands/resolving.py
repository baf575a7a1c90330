"""To which address a host leads, and whether it may be measured.

The one rule: a load test harms its target. So a server that is not on this machine's
loopback is refused before a packet is sent to it, unless its name was typed twice.
"""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Sequence
from dataclasses import dataclass

import psutil

from loadtests import UserError
from loadtests.records.target import OtherTarget


@dataclass(frozen=True)
class Address:
    """Where to connect to; `remote`: that is another machine."""

    address: str
    remote: bool


def found_address(host: str, port: int, allowed: str) -> Address:
    """The address of a host, which is on loopback or was `allowed` by its name."""
    return chosen(host, _resolved(host, port), allowed)


def chosen(host: str, found: Sequence[str], allowed: str) -> Address:
    """Of the addresses that were found, the one to connect to. UserError explains."""
    if "0.0.0.0" in found or "::" in found:
        raise UserError(f"{host} is no address to connect to: name 127.0.0.1")
    local = [address for address in found if _is_loopback(address)]
    if local and len(local) < len(found):
        listed = ", ".join(found)
        raise UserError(
            f"{host} leads to this machine and elsewhere ({listed}): name the address"
        )
    if not local and allowed.lower() != host:
        raise UserError(
            f"{host} is not loopback, and a load test may stop a server: if it is "
            f"yours to stop, add ALLOW_REMOTE={host}"
        )
    if local and allowed:
        raise UserError(f"{host} is loopback: leave ALLOW_REMOTE= out")
    address = next((one for one in found if ":" not in one), "")
    if not address:
        raise UserError(f"{host} has no IPv4 address, which the clients need")
    return Address(address, not local and address not in _ours())


def see_that_it_is_allowed(other: OtherTarget | None, allowed: str) -> None:
    """The same for the server of a stored run, at the address in its record. That it
    was allowed then may have been somebody else's word. UserError explains."""
    running = other.running if other else None
    if running is None:
        if allowed:
            raise UserError("the run measures no URL=: leave ALLOW_REMOTE= out")
        return
    try:
        ipaddress.IPv4Address(running.address)
    except ValueError:
        found = f"{running.address[:40]!r}"
        raise UserError(f"the run's server has no IPv4 address: {found}") from None
    chosen(running.address, [running.address], allowed)


def allowing(other: OtherTarget | None) -> str:
    """What a command that goes on with a run has to add, to be allowed to."""
    running = other.running if other else None
    if running is None or running.on_loopback:
        return ""
    return f" ALLOW_REMOTE={running.address}"


def _resolved(host: str, port: int) -> list[str]:
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise UserError(f"URL={host}: {error}") from None
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


def _is_loopback(address: str) -> bool:
    return ipaddress.ip_address(address.partition("%")[0]).is_loopback


def _ours() -> set[str]:
    """The IPv4 addresses of this machine."""
    return {
        one.address
        for some in psutil.net_if_addrs().values()
        for one in some
        if one.family == socket.AF_INET
    }
