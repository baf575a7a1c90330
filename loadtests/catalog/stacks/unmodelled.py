"""A server that the catalog does not have: nothing is predicted of it."""

from __future__ import annotations

from loadtests.catalog.stacks.limits import Holds
from loadtests.catalog.stacks.stack import Stack, everywhere

# What is not known has no limit.
_NOT_KNOWN = Holds("", (), "", makes_room=True)


def unknown_stack(name: str, argv: tuple[str, ...], app: str, workers: int) -> Stack:
    """A server of which nobody knows what a slow client holds."""
    return Stack(
        id=name,
        interface="",
        server="",
        worker="",
        argv=argv,
        holds=everywhere(_NOT_KNOWN),
        app=app,
        packages=(),
        workers=workers,
        unmodelled="server",
    )
