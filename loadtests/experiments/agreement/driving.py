"""Our closed loop against wrk: does a request cost a busy server the same under both?

Both hold as many connections, kept alive or with a new one for each request, and take
turns at one server. The server's CPU time comes from the scheduler in either case.
"""

from __future__ import annotations

import re
import shutil
import statistics
from collections.abc import Callable, Sequence
from pathlib import Path

from loadtests import ROOT
from loadtests.analysis.agreement import DrivenPair, Turn
from loadtests.catalog.stacks import Stack
from loadtests.clients.driver import CONNECTIONS
from loadtests.experiments.agreement.tools import ToolError
from loadtests.experiments.costs import HELLO, KEPT_ALIVE, apart, cost_of_request
from loadtests.servers.processes import Guard, started, wait_until
from loadtests.servers.server import Server, running
from loadtests.servers.usage import usage

WRK = "wrk"
DRIVEN_S = 1
_OVERTIME_S = 20.0
_SAID = re.compile(r"(\d+) requests in ([0-9.]+)(ms|s),")


def wrk_is_installed() -> bool:
    return shutil.which(WRK) is not None


def drive(
    stack: Stack, rounds: int, guard: Guard, folder: Path, tell: Callable[[str], None]
) -> list[DrivenPair]:
    """Both drive the stack in turns. Raises ProcessError where one does not work."""
    found = []
    with running(stack, guard, folder / "server.log") as server, apart(server):
        for kept_alive in KEPT_ALIVE:
            ours, theirs = [], []
            for n in range(rounds):
                kind = "kept alive" if kept_alive else "new connections"
                tell(f"{kind}, round {n + 1} of {rounds}")
                ours.append(_by_us(server, kept_alive=kept_alive))
                theirs.append(_by_wrk(server, guard, folder, kept_alive=kept_alive))
            found.append(
                DrivenPair(stack.id, kept_alive, _middle(ours), _middle(theirs))
            )
    return found


def _middle(turns: Sequence[Turn]) -> Turn:
    return Turn(
        statistics.median(turn.rate_per_s for turn in turns),
        statistics.median(turn.cpu_us for turn in turns),
    )


def _by_us(server: Server, *, kept_alive: bool) -> Turn:
    price = cost_of_request(server, HELLO, kept_alive=kept_alive, lasts_s=DRIVEN_S)
    return Turn(price.rate_per_s, price.cpu_us)


def _by_wrk(server: Server, guard: Guard, folder: Path, *, kept_alive: bool) -> Turn:
    closing = () if kept_alive else ("-H", "Connection: close")
    url = server.url + HELLO.target
    argv = [
        *(WRK, "-t", "1", "-c", str(CONNECTIONS), "-d", f"{DRIVEN_S}s", "--timeout"),
        *("2s", *closing, url),
    ]
    log = folder / f"{WRK}.log"
    log.unlink(missing_ok=True)
    before_s = usage(server).cpu_s
    with started(guard, argv, log, cwd=ROOT) as group:
        if not wait_until(lambda: group.exited, _OVERTIME_S):
            raise ToolError(f"{WRK} did not end in time")
    used_s = usage(server).cpu_s - before_s
    return driven_of(log.read_text(errors="replace"), used_s)


def driven_of(text: str, used_s: float) -> Turn:
    """What wrk says of its run. Raises ToolError where it does not say how many."""
    said = _SAID.search(text)
    if said is None or not int(said[1]):
        raise ToolError(f"{WRK} did not say how many requests were answered")
    requests, took_s = int(said[1]), float(said[2]) / (1000 if said[3] == "ms" else 1)
    return Turn(round(requests / took_s, 1), round(used_s / requests * 1e6, 1))
