"""`make diff`: the two apps beside each other, as wide as the terminal allows.

Nothing has to be installed for it: it needs the standard library and diff only.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Mapping

from loadtests.commands.declarations import Target
from loadtests.commands.typed import shown

TARGETS = (Target("diff", "show the two apps side by side", place=40),)

FILES = ("wsgi_app/main.py", "asgi_app/main.py")
# The apps' lines have up to 88 characters: two of them, and what stands between.
WIDEST = 181
_HALF = (WIDEST + 4) // 2 - 3
COLOURS = {"<": "\033[31m", ">": "\033[32m", "|": "\033[33m"}
_PLAIN = "\033[0m"


def command(width: int, *, colours: bool) -> list[str]:
    """Two columns where both fit, else one below the other."""
    if width >= WIDEST:
        return ["diff", "--side-by-side", "--expand-tabs", f"--width={WIDEST}", *FILES]
    return ["diff", f"--color={'always' if colours else 'never'}", "-u", *FILES]


def coloured(line: str) -> str:
    """A line of two columns in the colour of the sign between them."""
    sign = line[_HALF + 1 : _HALF + 2]
    return f"{COLOURS[sign]}{line}{_PLAIN}" if sign in COLOURS else line


def width_of(environ: Mapping[str, str], *, terminal: bool) -> int:
    """How wide the output may be; in a pipe as wide as two columns need."""
    if environ.get("COLUMNS", "").isdecimal():
        return int(environ["COLUMNS"])
    return shutil.get_terminal_size().columns if terminal else WIDEST


def main() -> int:
    """Show the difference; 0 whether or not there is one."""
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)  # `make diff | head` just ends
    if not shutil.which("diff"):
        print("error: no diff: install diffutils", file=sys.stderr)
        return 2
    terminal = sys.stdout is not None and sys.stdout.isatty()  # None: closed, `>&-`
    colours = terminal and "NO_COLOR" not in os.environ
    width = width_of(os.environ, terminal=terminal)
    argv = command(width, colours=colours)
    done = subprocess.run(argv, stdout=subprocess.PIPE, text=True, check=False)
    if done.returncode > 1:  # diff has said why
        return 2
    text = done.stdout
    if colours and width >= WIDEST:
        text = "\n".join(map(coloured, text.split("\n")))
    if terminal and shutil.which("less"):
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for less
        subprocess.run(["less", "-R", "-F", "-X"], input=text, text=True, check=False)
    else:
        return shown(text.removesuffix("\n"))
    return 0


if __name__ == "__main__":
    sys.exit(main())
