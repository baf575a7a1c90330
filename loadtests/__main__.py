"""`python -m loadtests`, which the Makefile calls; `slowbench` when it is installed."""

import shlex
import signal
import sys

from loadtests import CHECKOUT, ROOT


def slowbench() -> int:
    # While the modules load there is nothing to tidy up, and Ctrl-C simply ends it.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    try:
        from loadtests.commands.main import main

        return main()
    except EOFError as error:
        # As a full disk leaves it: Python takes half a file of it for a whole one.
        where = ROOT if CHECKOUT else sys.prefix
        how = f"find {shlex.quote(str(where))} -name '*.pyc' -delete"
        print(f"error: bytecode of Python is cut off ({error}): {how}", file=sys.stderr)
        return 2


if __name__ == "__main__":
    sys.exit(slowbench())
