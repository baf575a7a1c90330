"""A server's log: what it says of the end, and how much was written to it.

The guard makes a hole in the middle of one that is long (loadtests/servers/guard.py).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from loadtests.servers.guard import HEAD_BYTES, TAIL_BYTES

_LONGEST = 200
_NO_REASON = "HaltServer"  # gunicorn's own, after the reason
_TRACEBACK = "Traceback (most recent call last)"
# `RuntimeError: no database`, which no line of a log begins like: levels are capitals.
_EXCEPTION = re.compile(r"[A-Za-z_][\w.<>]*[a-z]\w*(: .*)?")
# Of uvicorn and uWSGI, and of waitress: what they say after it names no module.
_OF_AN_IMPORT = re.compile(
    r"error.*(no module named|could not import)|^1\. no module named", re.IGNORECASE
)


def last_words(log: str) -> str:
    """Why a server ended: the error of its last traceback, else its last line about an
    import, else about an error, else its last line. After the reason, servers say that
    they are stopping."""
    lines = [line for line in log.splitlines() if line.strip()]
    backwards = lines[::-1]
    imports = filter(_OF_AN_IMPORT.search, backwards)
    reasons = [*imports, *filter(_is_about_an_error, backwards), *backwards]
    last = next(iter([*_of_a_traceback(lines), *reasons]), "")
    return last.strip()[:_LONGEST]


def _of_a_traceback(lines: Sequence[str]) -> list[str]:
    """The line of the exception, of the last traceback that is a reason. It follows the
    indented lines, or what other processes wrote to the same log between them."""
    begins = [n for n, line in enumerate(lines) if _TRACEBACK in line]
    ends = (
        next(filter(_EXCEPTION.fullmatch, lines[n + 1 :]), "") for n in reversed(begins)
    )
    return [line for line in ends if line and _NO_REASON not in line][:1]


def _is_about_an_error(line: str) -> bool:
    return "error" in line.lower()


def text_of(log: Path) -> str:
    """What a log says; of one that is long, what it says first and last."""
    with log.open("rb") as file:
        said = file.read(HEAD_BYTES)
        hidden = log.stat().st_size - file.tell() - TAIL_BYTES
        if hidden > 0:
            said += b"\n"
            file.seek(hidden, 1)
        return (said + file.read()).decode(errors="replace")


def written_mb(log: Path | None) -> float:
    """How much was written to a log so far, holes included; none for no log."""
    return log.stat().st_size / 1024**2 if log else 0.0
