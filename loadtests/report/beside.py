"""What may stand beside a run in its folder: the claims ledger, and two traces."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from loadtests import traces, verdicts
from loadtests.traces import Trace
from loadtests.verdicts import Ledger


@dataclass(frozen=True)
class Beside:
    """Both, as far as they are there."""

    ledger: Ledger | None = None
    traces: Sequence[Trace] = ()


ALONE = Beside()


def read(folder: Path) -> Beside:
    """What stands in the folder. ResultError where a file there cannot be used."""
    ledger, traced = folder / verdicts.FILE, folder / traces.FILE
    return Beside(
        verdicts.load(ledger) if ledger.exists() else None,
        traces.load(folder).traces if traced.exists() else (),
    )
