"""The record of the phase map: when servers ended connections that were slow."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from loadtests.records.json_file import ResultError, read_json, write_json
from loadtests.records.ranges import see_figures
from loadtests.records.run import Environment

PHASE_MAP_FILE = "phases.json"
FORMAT = 1


@dataclass(frozen=True)
class Ended:
    """What became of one connection: `after_s` until the server ended it, None if it
    did not while it was watched, and what its client saw of that."""

    stack: str
    phase: str
    after_s: float | None
    seen: str = ""


@dataclass(frozen=True)
class PhaseMap:
    """One connection for each stack and phase, all watched for as long."""

    made_at: str
    environment: Environment
    watched_s: float
    ended: list[Ended]
    format: int = FORMAT


def save_phase_map(found: PhaseMap, path: Path) -> Path:
    return write_json(found, path)


def load_phase_map(path: Path) -> PhaseMap:
    """ResultError where the file cannot be used."""
    found: PhaseMap = read_json(path, PhaseMap, "phase map", FORMAT)
    try:
        see_figures(found, "phase map")
        seen = set[tuple[str, str]]()
        for number, one in enumerate(found.ended):
            if (one.stack, one.phase) in seen:
                raise ResultError(f"phase map.ended[{number}]: there twice")
            seen.add((one.stack, one.phase))
    except ResultError as error:
        raise ResultError(f"{path}: {error}") from None
    return found
