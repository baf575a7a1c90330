"""The folder of a run, and what may stand there beside it: claims, traces, phases."""

from __future__ import annotations

import contextlib
import itertools
import os
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from loadtests.records.claims import CLAIMS_FILE, Ledger, load_claims
from loadtests.records.json_file import ResultError
from loadtests.records.phase_map import PHASE_MAP_FILE, PhaseMap, load_phase_map
from loadtests.records.traces import TRACES_FILE, Trace, load_traces


@contextlib.contextmanager
def replacing(folder: Path) -> Iterator[Path]:
    """A new folder beside that one, which takes its place at the end of the block:
    whatever fails, one of the two is whole."""
    new = folder.with_name(f".{folder.name}.new")
    shutil.rmtree(new, ignore_errors=True)
    new.mkdir(parents=True)
    yield new
    shutil.rmtree(folder, ignore_errors=True)
    new.rename(folder)


def refuse_links(path: Path) -> None:
    """Raises ResultError where what is written below the path may land elsewhere."""
    below = (
        Path(here, name)
        for here, folders, files in os.walk(path)
        for name in (*folders, *files)
    )
    for one in itertools.chain([path], below):
        if one.is_symlink():
            raise ResultError(f"{one}: a link, which may lead anywhere; remove it")


@dataclass(frozen=True)
class Beside:
    """All, as far as they are there."""

    ledger: Ledger | None = None
    traces: Sequence[Trace] = ()
    phases: PhaseMap | None = None


ALONE = Beside()


def read_beside(folder: Path) -> Beside:
    """What stands in the folder. ResultError where a file there cannot be used."""
    ledger, traced = folder / CLAIMS_FILE, folder / TRACES_FILE
    phases = folder / PHASE_MAP_FILE
    return Beside(
        load_claims(ledger) if ledger.exists() else None,
        load_traces(folder).traces if traced.exists() else (),
        load_phase_map(phases) if phases.exists() else None,
    )
