"""The record of the claims ledger: saved whole, checked, and given to a run."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from loadtests import ROOT
from loadtests.records.claims import (
    CLAIMS_FILE,
    ERROR,
    KINDS,
    ONLY_WITH,
    adopt_claims,
    load_claims,
    save_claims,
)
from loadtests.records.run import ResultError
from tests import runs


def test_ledger_comes_back_as_it_was_saved(tmp_path: Path) -> None:
    given = runs.ledger(runs.verdict("a"), runs.verdict("b", "refuted"))
    path = save_claims(given, tmp_path / "new" / CLAIMS_FILE)
    assert load_claims(path) == given
    assert [child.name for child in path.parent.iterdir()] == [CLAIMS_FILE]


def test_save_leaves_the_old_ledger_if_the_new_one_cannot_be_written(
    tmp_path: Path,
) -> None:
    path = save_claims(runs.ledger(), tmp_path / CLAIMS_FILE)
    before = path.read_text()
    unwritable: Any = object()
    with pytest.raises(TypeError):
        save_claims(runs.ledger(runs.verdict("a", evidence=unwritable)), path)
    assert path.read_text() == before
    assert list(tmp_path.iterdir()) == [path]


def of_format_1(folder: Path, words: str) -> Path:
    """A ledger whose verdict is a sentence."""
    path = save_claims(runs.ledger(runs.verdict("a")), folder / CLAIMS_FILE)
    data = json.loads(path.read_text()) | {"format": 1}
    [verdict] = data["verdicts"]
    del verdict["kind"], verdict["condition"]
    verdict["verdict"] = words
    path.write_text(json.dumps(data))
    return path


@pytest.mark.parametrize("kind", [*KINDS, ERROR])
def test_format_1_has_kind_and_condition_in_one_sentence(
    tmp_path: Path, kind: str
) -> None:
    [alone] = load_claims(of_format_1(tmp_path, kind)).verdicts
    assert (alone.kind, alone.condition) == (kind, "")
    ledger = load_claims(of_format_1(tmp_path, f"{kind} luck"))
    assert (ledger.verdicts[0].kind, ledger.verdicts[0].condition) == (kind, "luck")
    assert load_claims(save_claims(ledger, tmp_path / "again.json")) == ledger


@pytest.mark.parametrize("words", ["perhaps", "holdsonly", ""])
def test_format_1_with_another_verdict_is_refused(tmp_path: Path, words: str) -> None:
    with pytest.raises(
        ResultError, match=r"verdicts\[0\]\.kind: expected one of holds"
    ):
        load_claims(of_format_1(tmp_path, words))


def test_ledger_of_the_example_is_read_with_its_conditions() -> None:
    verdicts = load_claims(ROOT / "reports" / "example" / CLAIMS_FILE).verdicts
    assert {verdict.kind for verdict in verdicts} <= {*KINDS, ERROR}
    for verdict in verdicts:
        assert bool(verdict.condition) == (verdict.kind == ONLY_WITH)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda d: d.update(format=3), "format: expected 2, found 3"),
        (lambda d: d.pop("made_at"), "ledger.made_at: missing"),
        (
            lambda d: d["verdicts"][0].update(claim=3),
            "ledger.verdicts[0].claim: expected str, found '3'",
        ),
        (
            lambda d: d["verdicts"][1].update(kind="perhaps"),
            "ledger.verdicts[1].kind: expected one of holds, ",
        ),
        (lambda d: d.clear(), "format: expected 2, found None"),
    ],
)
def test_ledger_that_is_none_is_refused_in_a_line(
    tmp_path: Path, change: Any, says: str
) -> None:
    path = save_claims(
        runs.ledger(runs.verdict("a"), runs.verdict("b")), tmp_path / CLAIMS_FILE
    )
    data = json.loads(path.read_text())
    change(data)
    path.write_text(json.dumps(data))
    with pytest.raises(ResultError) as refused:
        load_claims(path)
    assert str(refused.value).startswith(f"{path}: {says}")
    assert "\n" not in str(refused.value)


def test_run_is_given_the_ledger_of_its_machine(tmp_path: Path) -> None:
    folder = tmp_path / "reports" / "a-run"
    folder.mkdir(parents=True)
    # Made at another revision of the project: versions and machine decide.
    given = runs.ledger(runs.verdict("a"), revision="other", memory_mb=1)
    save_claims(given, folder.parent / CLAIMS_FILE)
    assert adopt_claims(runs.ENVIRONMENT, folder, folder.parent) == ""
    assert load_claims(folder / CLAIMS_FILE) == given


def test_run_keeps_a_ledger_of_its_own(tmp_path: Path) -> None:
    folder = tmp_path / "a-run"
    own = save_claims(
        runs.ledger(runs.verdict("own")), folder / CLAIMS_FILE
    ).read_bytes()
    save_claims(runs.ledger(runs.verdict("newer")), tmp_path / CLAIMS_FILE)
    assert adopt_claims(runs.ENVIRONMENT, folder, tmp_path) == ""
    assert (folder / CLAIMS_FILE).read_bytes() == own


@pytest.mark.parametrize(
    ("given", "says"),
    [
        (
            {"python": "3.12.1", "packages": {"gunicorn": "28"}},
            "ledger, which was made with another Python and another set of package "
            "versions. To add it: make claims on the same machine and versions, then "
            "make report RUN=reports/a-run",
        ),
        ({"cpus": 64}, "made with another number of cores. To add it: make claims"),
    ],
)
def test_run_is_not_given_a_ledger_of_another_machine(
    tmp_path: Path, given: dict[str, Any], says: str
) -> None:
    reports = tmp_path / "reports"
    save_claims(runs.ledger(**given), reports / CLAIMS_FILE)
    said = adopt_claims(runs.ENVIRONMENT, reports / "a-run", reports)
    assert says in said
    assert "\n" not in said
    assert not (reports / "a-run").exists()


def test_run_without_a_ledger_is_told_how_to_get_one(tmp_path: Path) -> None:
    elsewhere = tmp_path / "b"
    said = adopt_claims(runs.ENVIRONMENT, elsewhere, tmp_path / "a" / "reports")
    assert said == (
        "The report is without the claims ledger. To add it: make claims, then "
        f"make report RUN={elsewhere}"
    )
    (tmp_path / CLAIMS_FILE).write_text("{")
    said = adopt_claims(runs.ENVIRONMENT, elsewhere, tmp_path)
    assert "claims.json: not JSON, perhaps cut off" in said
    assert "To add it: make claims, then" in said


@pytest.mark.parametrize("wrong", [{"verdicts": 3}, {"verdicts": [3]}])
def test_malformed_ledger_of_format_1_is_refused(
    tmp_path: Path, wrong: dict[str, object]
) -> None:
    path = save_claims(runs.ledger(), tmp_path / CLAIMS_FILE)
    data = json.loads(path.read_text()) | {"format": 1} | wrong
    path.write_text(json.dumps(data))
    with pytest.raises(ResultError, match=r"ledger\.verdicts"):
        load_claims(path)
