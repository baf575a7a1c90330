"""WSGI and ASGI under slow clients: what serves them, measures them and reports."""

from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


class UserError(Exception):
    """The base of what a user can mend: one line, what is wrong and what to do."""
