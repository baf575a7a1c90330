"""A server's log: how it is written, what it says of the end, and how much that was."""

from __future__ import annotations

import contextlib
import fcntl
import os
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from loadtests.servers.guard import CAP_BYTES, PIPE_BYTES, length, take, write

_PATIENCE_S = 1.0
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


class Log:
    """A log, and the pipe of the group that writes to it.

    The guards write what they read there (loadtests/servers/guard.py). Whoever asks for
    the log here gets all that was written to the pipe until then, even without guards.
    """

    def __init__(self, path: Path) -> None:
        path.open("ab").close()
        self.path = path
        self.pipe, self._to_write = os.pipe()
        os.set_blocking(self.pipe, False)
        with contextlib.suppress(OSError):  # a user may have only so much of them
            fcntl.fcntl(self.pipe, fcntl.F_SETPIPE_SZ, PIPE_BYTES)

    @contextlib.contextmanager
    def begun(self) -> Iterator[int]:
        """The end to write to, for processes that are started in the block."""
        try:
            yield self._to_write
        except BaseException:
            self.close()
            raise
        finally:
            os.close(self._to_write)

    def text(self) -> str:
        """What it says, in lines; of one that is long, what it says first and last."""
        with self._held() as log:
            said = os.pread(log, CAP_BYTES, 0).decode(errors="replace")
        return said.replace("\r\n", "\n")  # as of a file of text

    def length(self) -> int:
        """How many bytes were written to it, with those that are left out."""
        with self._held() as log:
            return length(log)

    @contextlib.contextmanager
    def _held(self) -> Iterator[int]:
        """The file, which nobody writes to meanwhile; or a guard was stopped."""
        self.write(_PATIENCE_S)
        with self.path.open("rb", buffering=0) as file:
            take(file.fileno(), _PATIENCE_S)
            yield file.fileno()

    def write(self, patience_s: float = 0.0) -> None:
        """Write what there is in the pipe, unless a guard does."""
        if self.pipe >= 0:
            write(self.pipe, os.fsencode(self.path), patience_s)

    def close(self) -> None:
        """Nothing that is written from now on is read by us."""
        self.write(_PATIENCE_S)
        if self.pipe >= 0:
            os.close(self.pipe)
            self.pipe = -1


def written_mb(log: Log | None) -> float:
    """How much was written to a log so far; none for no log."""
    return log.length() / 1024**2 if log else 0.0
