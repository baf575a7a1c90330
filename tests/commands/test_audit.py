"""`make audit`, and what it says of a file of advisories."""

from __future__ import annotations

import json
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest

from loadtests.commands.main import main
from loadtests.commands.statuses import Status
from tests.advisories import advisory
from tests.report.shown import cut

NEWER = [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "999"}]}]


def audit(path: Path, *data: dict[str, Any]) -> int:
    path.write_text(json.dumps(data))
    return main(["audit", f"ADVISORIES={path}"])


@pytest.mark.parametrize("columns", [40, 80])
def test_affected_package_is_shown_and_fails(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    columns: int,
) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    status = audit(
        tmp_path / "a.json",
        advisory("H11", ranges=NEWER),
        advisory("psutil", id="A-2", ranges=NEWER) | {"aliases": []},
        advisory("none-such"),
    )
    assert status == Status.FAILED
    out = capsys.readouterr().out
    figures = [version("h11"), version("psutil"), "999", "999", "CVE-2026-1"]
    assert cut(["h11", "psutil", "A-1", "A-2", *figures], out) == []
    assert max(map(len, out.splitlines())) <= columns
    assert "Two of " in out
    assert "Advisories that were read: 3." in " ".join(out.split())


def test_nothing_affected_is_done(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert audit(tmp_path / "a.json", advisory("none-such")) == Status.DONE
    out = capsys.readouterr().out
    assert out.startswith("None of ")
    assert out.endswith("is affected. Advisories that were read: 1.\n")


def test_advisory_that_names_commits_only_is_not_clean(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    commits = [{"type": "GIT", "events": [{"introduced": "0"}]}]
    given = advisory("h11", id="A-7", ranges=commits)
    assert audit(tmp_path / "a.json", given) == Status.FAILED
    out = " ".join(capsys.readouterr().out.split())
    assert "Not known" in out
    assert "A-7" in out
    assert "None of " in out
    assert " is known to be affected. Of one of them it is not known: the advi" in out


def test_package_that_is_affected_anyway_is_not_said_to_be_unknown(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    commits = [{"type": "GIT", "events": [{"introduced": "0"}]}]
    given = advisory("h11", ranges=NEWER), advisory("h11", id="A-7", ranges=commits)
    assert audit(tmp_path / "a.json", *given) == Status.FAILED
    out = " ".join(capsys.readouterr().out.split())
    assert "A-7" in out
    assert "is known to be affected. Advisories that were read: 2." in out


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ([], "which packages have advisories is not known here, and nobody is asked"),
        (["ADVISORIES="], "which packages have advisories is not known here"),
        (["ADVISORIES=none.json"], "none.json: cannot be read: No such file"),
        (["ADVISORIES=Makefile"], "Makefile: not JSON, perhaps cut off: "),
    ],
)
def test_without_a_file_of_advisories_nothing_is_known(
    words: list[str], says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["audit", *words]) == Status.NOT_DONE
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith(f"error: {says}")
    assert err.count("\n") == 1
