"""`python -m loadtests`, which the Makefile calls; `slowbench` when it is installed."""

import signal
import sys


def slowbench() -> int:
    # While the modules load there is nothing to tidy up, and Ctrl-C simply ends it.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    from loadtests.commands.main import main

    return main()


if __name__ == "__main__":
    sys.exit(slowbench())
