"""`python -m loadtests`, the command line that the Makefile calls."""

import signal
import sys

# While the modules load there is nothing to tidy up, and Ctrl-C simply ends it.
signal.signal(signal.SIGINT, signal.SIG_DFL)

from loadtests.commands.main import main  # noqa: E402

if __name__ == "__main__":
    sys.exit(main())
