"""The record of the behaviour grid: what each server did with each odd request."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from loadtests.records.json_file import read_json, write_json
from loadtests.records.run import Environment

BEHAVIOURS_FILE = "behaviours.json"
FORMAT = 1

# What a client got.
ANSWERED = "answered"
CLOSED = "closed"  # the end of the connection and no answer; a reset counts as one
CUT = "cut"  # an answer that began and did not end
WAITS = "waits"  # nothing, for as long as a client waited
MALFORMED = "malformed"  # bytes that are no answer of HTTP/1
LEFT = "left"  # nothing: it had gone
REFUSED = "refused"  # no connection
NOT_KEPT = "not kept"  # no connection that could be idle
VARIES = "varies"  # no two tries in a row were the same
# What became of the connection after the answer.
KEPT = "kept"
DEAF = "deaf"  # still there, and the next request was not answered
WRONG = "wrong"  # the next answer was none to the next request


@dataclass(frozen=True)
class Behaviour:
    """What one server did in one row.

    `statuses` are those of all answers, interim ones too. `saw` is what the app saw of
    what the row asks for. `after`: what became of the connection, empty where that was
    not tried. `accepted`: the largest request that was answered with 200, where a row
    has several.
    """

    stack: str
    row: str
    kind: str
    statuses: list[int] = field(default_factory=list)
    saw: str = ""
    after: str = ""
    accepted: int | None = None

    @property
    def status(self) -> int | None:
        """That of the first final answer."""
        final = (status for status in self.statuses if status >= 200 or status == 101)
        return next(final, None)


@dataclass(frozen=True)
class Behaviours:
    """The whole grid, when it was begun (ISO 8601) and on what."""

    made_at: str
    environment: Environment
    behaviours: list[Behaviour]
    format: int = FORMAT


def save_behaviours(found: Behaviours, path: Path) -> Path:
    return write_json(found, path)


def load_behaviours(path: Path) -> Behaviours:
    """ResultError where the file cannot be used."""
    found: Behaviours = read_json(path, Behaviours, "behaviours", FORMAT)
    return found
