"""WSGI and ASGI under slow clients: what serves them, measures them and reports."""

from pathlib import Path

__version__ = "0.1.0"
ROOT = Path(__file__).resolve().parent.parent
# In a checkout the Makefile is the way in; an installed package has `slowbench`, which
# takes the same variables: `slowbench load STACKS=asgi-uvicorn`.
CHECKOUT = (ROOT / "Makefile").is_file()
MAKE = "make" if CHECKOUT else "slowbench"


class UserError(Exception):
    """The base of what a user can mend: one line, what is wrong and what to do."""
