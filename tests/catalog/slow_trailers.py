"""A scenario from outside the project: a chunked body whose trailers never end.

Locust loads this file besides ours; a test loads it as a module.
"""

from __future__ import annotations

import socket

from loadtests.catalog import scenarios
from loadtests.catalog.phases import Phase
from loadtests.catalog.scenarios import Scenario
from loadtests.catalog.target import Target
from loadtests.clients import wire
from loadtests.clients.visits import GAP_S, VISITS, header_lines, opening

SLOW_TRAILERS = Scenario(
    "slow-trailers", Phase.BODY, "sends a trailer line each second", __file__
)


def slow_trailers(
    sock: socket.socket, target: Target, gap_s: float = GAP_S
) -> wire.Ending:
    request = target.request(Phase.BODY)
    head = opening(target, request, "Transfer-Encoding: chunked")
    return wire.drip(sock, head + b"\r\n1\r\na\r\n0\r\n", header_lines(), gap_s)


def enter() -> None:
    """Add the scenario and its visit to those of the project."""
    scenarios.add(SLOW_TRAILERS)
    VISITS[SLOW_TRAILERS.id] = slow_trailers


if __name__ == "slow_trailers":  # as Locust names it
    enter()
