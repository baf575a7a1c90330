"""What may stand beside a run in its folder: the claims ledger, and two traces."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from loadtests.records.claims import CLAIMS_FILE, Ledger, load_claims
from loadtests.records.traces import TRACES_FILE, Trace, load_traces


@dataclass(frozen=True)
class Beside:
    """Both, as far as they are there."""

    ledger: Ledger | None = None
    traces: Sequence[Trace] = ()


ALONE = Beside()


def read_beside(folder: Path) -> Beside:
    """What stands in the folder. ResultError where a file there cannot be used."""
    ledger, traced = folder / CLAIMS_FILE, folder / TRACES_FILE
    return Beside(
        load_claims(ledger) if ledger.exists() else None,
        load_traces(folder).traces if traced.exists() else (),
    )
