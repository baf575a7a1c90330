"""docs/known-server-faults.md: faults of servers, and commands that show them."""

from __future__ import annotations

import dataclasses
import re
import shlex
from collections.abc import Iterator

from loadtests.catalog.behaviours import APPS, How, Row, Then
from loadtests.catalog.behaviours.row import request
from loadtests.catalog.behaviours.websockets import HANDSHAKE
from loadtests.catalog.faults import FAULTS, Asked, Deviates, Fault
from loadtests.catalog.stacks import STACKS, Stack
from loadtests.report.formats.behaviours import anchor
from loadtests.report.formats.syntax import fenced, table, text
from loadtests.report.words import listed

PORT = 8000
_NOTES, _NAME = "/tmp", "seen"
_NOTE = f"{_NOTES}/{_NAME}"
_LEAD = """\
# Known faults of servers

This project found these faults in other people's servers. Look here when a server
does what it should not. Each fault has a command that shows it, what the specification
says, and what you should do. `make readme` writes this page from
`loadtests/catalog/faults.py`. `make test` looks for each fault in the servers that are
installed, and fails if one of them is mended.

Run the commands in the folder of the repository, after `. .venv/bin/activate`. The
first line serves the first stack of the fault. The rest goes into another terminal.
Use OpenBSD's `nc`. The app answers with what it saw of the request. The
versions are those that the fault was seen in.

Servers break more MUSTs of the RFCs, with less harm. [Behaviours](behaviours.md) has
them."""
_NEXT = request("Connection: close", line="GET /next HTTP/1.1")
_MANY = re.compile(rb"([ -~])\1{99,}")


def page() -> str:
    """The whole page, as Markdown."""
    parts = [_LEAD, _index()]
    for fault in FAULTS.values():
        parts += _fault(fault)
    return "\n\n".join(parts) + "\n"


def _index() -> str:
    rows = [
        [
            f"[{text(one.title)}](#{anchor(one.title)})",
            text(_stacks(one)),
            _versions(one),
        ]
        for one in FAULTS.values()
    ]
    return table(["fault", "stacks", "seen in"], rows, names=3)


def _fault(fault: Fault) -> Iterator[str]:
    found = fault.found
    yield f"## {text(fault.title)}"
    yield f"{text(_stacks(fault))}. Seen in {_versions(fault)}."
    yield fenced("\n".join(commands(found)))
    yield f"**Seen:** {fault.seen}"
    yield f"**Specified:** [{found.clause.name}]({found.clause.url}): {found.says}"
    yield f"**What to do:** {fault.instead}"


def _stacks(fault: Fault) -> str:
    return listed(fault.found.stacks)


def _versions(fault: Fault) -> str:
    return text(listed([f"{name} {seen}" for name, seen in fault.versions.items()]))


def commands(found: Asked | Deviates) -> Iterator[str]:
    """The command that serves, and then what shows the fault."""
    stack = STACKS[found.stacks[0]]
    if isinstance(found, Deviates):
        served = _served(stack, found.app or stack.app)
        yield f"{found.served} {served}".strip()
        yield found.command
        return
    served = _served(stack, f"{APPS}:{stack.interface}")
    shows = f"{sent(found.row)} | {_heard(found.row)}"
    if found.row.how is How.LEAVING:
        served, shows = (
            f"env BEHAVIOUR_NOTES={_NOTES} {served}",
            f"rm -f {_NOTE}; {shows}",
        )
    yield served
    yield shows


def _served(stack: Stack, app: str) -> str:
    return shlex.join(dataclasses.replace(stack, app=app).command(PORT))


def _heard(row: Row) -> str:
    half = "-N " if Then.SHUTS in row.sent else ""
    if row.how is How.LEAVING:
        return f"timeout 1 nc 127.0.0.1 {PORT}; sleep 4; cat {_NOTE}"
    return f"timeout 3 nc {half}127.0.0.1 {PORT}"


def sent(row: Row) -> str:
    """Words of a shell that print the bytes of a row, with a pause between pieces."""
    pieces = [part for part in row.sent if isinstance(part, bytes)]
    if row.how is How.FRAME:
        pieces = [HANDSHAKE, *pieces]
    if row.tells_after:
        pieces.append(_NEXT)
    if row.how is How.LEAVING:
        pieces = [piece.replace(b"NAME", _NAME.encode()) for piece in pieces]
    words = "; sleep 1; ".join(map(printed, pieces))
    return f"({words})" if "; " in words else words


def printed(data: bytes) -> str:
    """`printf` for bytes; many of one character are counted."""
    if not (many := _MANY.search(data)):
        return f"printf '{escaped(data)}'"
    begin, end = many.span()
    one = f"printf '{escaped(many[1])}%.0s' $(seq {end - begin})"
    return f"{printed(data[:begin])}; {one}; {printed(data[end:])}"


_AS = {"\r": r"\r", "\n": r"\n", "\\": r"\\", "%": "%%", "'": r"\047"}


def escaped(data: bytes) -> str:
    """Bytes as the format of any `printf`, between single quotes."""
    return "".join(map(_escaped, data.decode("latin-1")))


def _escaped(one: str) -> str:
    plain = one.isascii() and one.isprintable()
    return _AS.get(one) or (one if plain else f"\\{ord(one):03o}")
