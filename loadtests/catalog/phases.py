"""The phases of an exchange: in which of them a client or a handler takes its time.

The one rule: a stack says what is held in each phase, a scenario names its phase. So a
scenario of a phase that is there can be added without a word to any stack.
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
    STREAM = "stream"  # the next piece of an answer without an end
    WEBSOCKET = "websocket"  # the next message, either way

    @property
    def client_is_slow(self) -> bool:
        """Whether it is the client of one request that takes its time."""
        return self in (Phase.SILENT, Phase.HEAD, Phase.BODY, Phase.RESPONSE)

    @property
    def handler_is_slow(self) -> bool:
        """Whether a handler takes its time. It goes on if its client leaves, and
        ends."""
        return self in (Phase.HANDLER_WAITS, Phase.HANDLER_BLOCKS)
