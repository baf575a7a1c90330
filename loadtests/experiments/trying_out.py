"""An application is tried out before it is measured: does it answer what it is asked?

The one rule: what slow clients or the probe cannot use is an error now, and not a void
cell in ten minutes. What is found belongs to the record: what a right answer is, how
long the download is, how long the handler waits.
"""

from __future__ import annotations

import contextlib
import dataclasses
import hashlib
import math
import socket
import statistics
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from loadtests import UserError
from loadtests.catalog.contract import Request
from loadtests.catalog.phases import Phase
from loadtests.catalog.stacks import Stack
from loadtests.clients import wire
from loadtests.clients.answers import LongAnswer, Response
from loadtests.clients.targets import target_of
from loadtests.clients.wire import WireError
from loadtests.experiments.own_command import looked_at
from loadtests.experiments.own_server import address_of, serving
from loadtests.experiments.your_app import BESIDE, prepare, served
from loadtests.records.target import OtherTarget
from loadtests.servers.processes import Guard
from loadtests.servers.reached import Served
from loadtests.servers.server import Server

ASKED = 5  # times, after a first one, for which an app may load more
PATIENCE_S = 10.0
WAITS_AT_MOST_S = 120.0
# Of the deadline: a server that is idle must have time to spare.
SHARE_OF_DEADLINE = 0.1
# The kernel takes some 170 kB of an answer for a client that reads none of it. The
# slow reader must still have much to read when its server has no more room.
LEAST_DOWNLOAD = 512 * 1024
_ENOUGH = 17 * 1024**2  # more than any server of the catalog takes ahead of its client
LEAST_WAIT_S = 0.5
TOO_SLOW = (
    "{} takes {:.0f} ms on the idle server: name a request that takes less than {:.0f} "
    "ms"
)
TOO_SHORT = (
    "{} answers {:,} bytes, and the kernel takes that many for a client that reads "
    "none: name one of {:,} bytes or more, or leave DOWNLOAD= out"
)
TOO_QUICK = (
    "{} takes {:.0f} ms: name one that takes {:.0f} ms or more, or leave WAIT= out"
)
TOO_LATE = (
    "{} takes {:.0f} ms: at a rate, requests have a second to be answered, so name one "
    "that takes {:.0f} ms or less"
)
_UPLOAD = b"8 bytes." * 1024
_REFUSED = (401, 403, 404, 405, 411, 417)


@dataclass(frozen=True)
class Waits:
    """How long the waiting request must take at least, to be a slow handler; and how
    long it may, to be answered in time at a rate. It is asked so many times, `asked`:
    once for a slow handler, more often where a prediction rests on the time."""

    least_s: float = 0.0
    most_s: float = math.inf
    asked: int = 1


SLOW_HANDLER = Waits(LEAST_WAIT_S)


def tried_out(
    other: OtherTarget,
    stack: Stack,
    deadline_s: float,
    folder: Path,
    guard: Guard,
    waits: Waits = SLOW_HANDLER,
) -> OtherTarget:
    """The record with what the app answered under this stack. UserError where the app
    cannot be measured so; ProcessError where it does not start."""
    prepare(other, folder)
    folder.mkdir(parents=True, exist_ok=True)
    log = folder / "tried-out.log"
    log.unlink(missing_ok=True)
    target = dataclasses.replace(
        target_of(other, str(folder / BESIDE)),
        check=lambda *_: [],  # what is right is not known yet
    )
    its, address = served(stack, other), address_of(other)
    with serving(its, other, target, guard, log, address) as server:
        found = answered(other, server, deadline_s, waits)
        if isinstance(server, Server):
            return looked_at(found, server, address[1], guard, folder)
        return found


def answered(
    other: OtherTarget, server: Served, deadline_s: float, waits: Waits
) -> OtherTarget:
    """The same of an app that is served already."""
    server = dataclasses.replace(server, target=target_of(other))
    other = _healthy(other, server, deadline_s)
    _try_upload(other, server)
    other = dataclasses.replace(other, download_bytes=_download_bytes(other, server))
    return _waiting(other, server, waits)


def _healthy(other: OtherTarget, server: Served, deadline_s: float) -> OtherTarget:
    """With the answer that counts as right from now on."""
    named, answers, times_s = f"HEALTHY={other.healthy}", [], []
    for _ in range(1 + ASKED):
        began_s = time.monotonic()
        answers.append(_asked(named, server, server.target.healthy))
        times_s.append(answers[-1].received_s - began_s)
    took_s = statistics.median(times_s[1:])
    _see_that_they_are_right(named, server, answers)
    limit_s = SHARE_OF_DEADLINE * deadline_s
    if took_s > limit_s:
        raise UserError(TOO_SLOW.format(named, 1000 * took_s, 1000 * limit_s))
    bodies = {hashlib.sha256(answer.body).hexdigest() for answer in answers}
    return dataclasses.replace(
        other,
        status=answers[0].status,
        sha256=bodies.pop() if len(bodies) == 1 else "",
        healthy_ms=round(1000 * took_s, 2),
    )


def _see_that_they_are_right(
    named: str, server: Served, answers: Sequence[Response]
) -> None:
    statuses = [answer.status for answer in answers]
    if len(set(statuses)) > 1:
        listed = ", ".join(map(str, dict.fromkeys(statuses)))
        raise UserError(f"{named} is not answered alike each time: {listed}")
    if not 200 <= statuses[0] < 300:
        raise UserError(f"{named} answers {statuses[0]}{_why(answers[0], server)}")


def _try_upload(other: OtherTarget, server: Served) -> None:
    if not other.upload:
        return
    request = server.target.request(Phase.BODY)
    named = f"UPLOAD={other.upload}"
    answer = _asked(named, server, dataclasses.replace(request, body=_UPLOAD))
    if answer.status in _REFUSED or answer.status >= 500:
        raise UserError(f"{named} answers {answer.status}{_why(answer, server)}")


def _download_bytes(other: OtherTarget, server: Served) -> int | None:
    """How many bytes the download has, as far as they are read."""
    if not other.download:
        return None
    named = f"DOWNLOAD={other.download}"
    answer, received = LongAnswer(), 0
    with _explained(named), _asking(server, Phase.RESPONSE, PATIENCE_S) as sock:
        while received < _ENOUGH and (piece := sock.recv(65536)):
            answer.feed(piece)
            received += len(piece)
    if answer.status != 200:
        raise UserError(f"{named} answers {answer.status or 'no HTTP'}")
    if received < LEAST_DOWNLOAD:
        raise UserError(TOO_SHORT.format(named, received, LEAST_DOWNLOAD))
    return received


def _waiting(other: OtherTarget, server: Served, waits: Waits) -> OtherTarget:
    """With how long the waiting request takes on the idle server, and its status."""
    if not other.wait:
        return other
    named, times_s = f"WAIT={other.wait}", []
    request = server.target.request(Phase.HANDLER_WAITS)
    for _ in range(waits.asked):
        began_s = time.monotonic()
        answer = _asked(named, server, request, WAITS_AT_MOST_S)
        times_s.append(answer.received_s - began_s)
    if not 200 <= answer.status < 300:
        raise UserError(f"{named} answers {answer.status}{_why(answer, server)}")
    took_s = statistics.median(times_s[-ASKED:])
    if took_s < waits.least_s:
        raise UserError(TOO_QUICK.format(named, 1000 * took_s, 1000 * waits.least_s))
    if took_s > waits.most_s:
        raise UserError(TOO_LATE.format(named, 1000 * took_s, 1000 * waits.most_s))
    return dataclasses.replace(
        other, wait_s=round(took_s, 3), wait_status=answer.status
    )


@contextlib.contextmanager
def _asking(server: Served, phase: Phase, within_s: float) -> Iterator[socket.socket]:
    """A socket on which that request was sent."""
    with wire.connect(server.address) as sock:
        sock.settimeout(within_s)
        sock.sendall(server.target.request(phase).to_bytes())
        yield sock


def _asked(
    named: str, server: Served, request: Request, within_s: float = PATIENCE_S
) -> Response:
    with _explained(named):
        return wire.exchange(server.address, request.to_bytes(), deadline_s=within_s)


@contextlib.contextmanager
def _explained(named: str) -> Iterator[None]:
    """Whatever is no answer is the error of who named it."""
    try:
        yield
    except (WireError, OSError) as error:
        late = isinstance(error, TimeoutError) or getattr(error, "fault", "") == "late"
        how = " in time" if late else f": {error}"
        raise UserError(f"{named} is not answered{how}") from None


def _why(answer: Response, server: Served) -> str:
    """What to do about a status, where that is known."""
    if 300 <= answer.status < 400:
        return f": redirects are not followed, name {answer.headers.get('location')}"
    if answer.status == 400:
        return ": if the app wants its own Host, add HEADERS='Host: example.org'"
    if answer.status in (401, 403):
        return ": add what it asks for with HEADERS='Name: value'"
    said = server.last_words() if answer.status >= 500 else ""
    return f"; {said}" if said else ""
