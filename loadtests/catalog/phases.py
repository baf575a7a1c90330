"""The phases of an exchange: in which of them a client or a handler takes its time.

The one rule: a stack says what is held in each phase, a scenario names its phase. So a
scenario can be added without a word to any stack.
"""

from __future__ import annotations

from enum import StrEnum


class Phase(StrEnum):
    """What an unfinished exchange is waiting for."""

    SILENT = "silent"  # the first byte of a request
    HEAD = "head"  # the end of its header section
    BODY = "body"  # the end of its body
    RESPONSE = "response"  # a client that reads the answer
    HANDLER_WAITS = "handler-waits"  # a handler that waits as its interface invites
    HANDLER_BLOCKS = "handler-blocks"  # a handler that holds its thread meanwhile

    @property
    def client_is_slow(self) -> bool:
        """Whether the client takes its time; else its handler does, and then ends."""
        return self not in (Phase.HANDLER_WAITS, Phase.HANDLER_BLOCKS)
