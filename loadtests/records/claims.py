"""The record of the claims ledger: what people say, and what came of trying it.

`make claims` writes it; a report shows the one in its run's folder. The whole ledger is
written or none of it: a part is shown in the terminal only.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from loadtests import MAKE
from loadtests.records import claims_format_1
from loadtests.records.json_file import ResultError, read_json, write_json
from loadtests.records.run import Environment

FORMAT = 2
CLAIMS_FILE = "claims.json"
HOLDS, ONLY_WITH, REFUTED = "holds", "holds only with", "refuted"
UNTESTABLE, ERROR = "not testable here", "error"
KINDS = (HOLDS, ONLY_WITH, REFUTED, UNTESTABLE)
# The fields of an environment by which a verdict may differ, and what people call them.
DECISIVE = {
    "python": "Python",
    "kernel": "kernel",
    "cpu": "CPU",
    "cpus": "number of cores",
    "packages": "set of package versions",
}


@dataclass(frozen=True)
class Verdict:
    """One line of the ledger; `kind`: one of KINDS, or ERROR; `condition`: the one of
    ONLY_WITH."""

    id: str
    claim: str
    source: str
    kind: str
    evidence: str
    command: str
    condition: str = ""


@dataclass(frozen=True)
class Ledger:
    """The whole ledger, when it was begun (ISO 8601) and on what."""

    made_at: str
    environment: Environment
    verdicts: list[Verdict]
    format: int = FORMAT


def save_claims(ledger: Ledger, path: Path) -> Path:
    """Write the ledger whole or not at all."""
    return write_json(ledger, path)


def load_claims(path: Path) -> Ledger:
    """Read a ledger; ResultError, naming the file and the field, if it is none."""
    ledger: Ledger = read_json(
        path, Ledger, "ledger", FORMAT, {1: claims_format_1.upgraded}
    )
    for index, verdict in enumerate(ledger.verdicts):
        if verdict.kind not in (*KINDS, ERROR):
            raise ResultError(
                f"{path}: ledger.verdicts[{index}].kind: expected one of "
                f"{', '.join((*KINDS, ERROR))}, found {verdict.kind[:40]!r}"
            )
    return ledger


def differing(one: Environment, other: Environment) -> list[str]:
    """In what, of all that may decide a verdict, two environments are not the same."""
    return [
        called
        for name, called in DECISIVE.items()
        if getattr(one, name) != getattr(other, name)
    ]


def adopt_claims(environment: Environment, folder: Path, reports: Path) -> str:
    """Copy the last ledger into a run's folder, if that has none and all is the same.

    A run's folder is then enough to make its report again. Returns a line that says
    why there is none and what to do, and "" where all is well.
    """
    target, source = folder / CLAIMS_FILE, reports / CLAIMS_FILE
    if target.exists():
        return ""
    why, what = "", f"{MAKE} claims"
    if source.exists():
        try:
            ledger = load_claims(source)
        except ResultError as error:
            why = f" ({error})"
        else:
            differs = differing(ledger.environment, environment)
            if not differs:
                save_claims(ledger, target)
                return ""
            why = f", which was made with another {' and another '.join(differs)}"
            what = f"{MAKE} claims on the same machine and versions"
    near = folder.is_relative_to(reports.parent)
    shown = folder.relative_to(reports.parent) if near else folder
    then = f"then {MAKE} report RUN={shown}"
    return f"The report is without the claims ledger{why}. To add it: {what}, {then}"
