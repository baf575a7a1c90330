"""Files of advisories: every way in which they come, and what is none."""

from __future__ import annotations

import json
import os
import zipfile
from pathlib import Path
from typing import Any

import pytest

from loadtests.records.advisories import load_advisories
from loadtests.records.json_file import MOST_BYTES, ResultError
from tests.advisories import advisory

TWO = [advisory(id="A-1"), advisory(id="A-2")]


def written(path: Path, data: Any) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(data if isinstance(data, str) else json.dumps(data))
    return path


def packed(path: Path, names: dict[str, Any]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as into:
        for name, data in names.items():
            into.writestr(name, json.dumps(data))
    return path


def test_one_advisory_and_a_list_are_read(tmp_path: Path) -> None:
    [one] = load_advisories(written(tmp_path / "one.json", advisory()))
    assert (one.id, one.aliases, one.withdrawn) == (
        *("A-1", ["CVE-2026-1", "GHSA-A-1"], None),
    )
    [part] = one.affected or []
    assert part.package is not None
    assert part.package.name == "h11"
    two = load_advisories(written(tmp_path / "two.json", TWO))
    assert [one.id for one in two] == ["A-1", "A-2"]


def test_folder_and_zip_are_read_whole(tmp_path: Path) -> None:
    names = {"all/A-1.json": TWO[0], "A-2.json": TWO[1], "README": "no advisory"}
    for name, data in names.items():
        written(tmp_path / "folder" / name, data)
    for path in (tmp_path / "folder", packed(tmp_path / "all.zip", names)):
        assert {one.id for one in load_advisories(path)} == {"A-1", "A-2"}


def test_advisory_of_other_packages_is_passed_over(tmp_path: Path) -> None:
    others = [advisory(ecosystem="npm"), {"id": "A-0"}, {"id": "B", "affected": [{}]}]
    [one] = load_advisories(written(tmp_path / "a.json", [*others, advisory(id="C")]))
    assert one.id == "C"


@pytest.mark.parametrize(
    ("data", "says"),
    [
        ("", "not JSON, perhaps cut off: Expecting value"),
        ('[{"id": "A-1"', "not JSON, perhaps cut off: "),
        ("[" * 100_000, "nested too deeply for a file of advisories"),
        ("<html>", "not JSON"),
        ([], "there is no advisory in it"),
        (3, "not of the OSV format: advisory: expected an object, found '3'"),
        ({"vulns": []}, "not of the OSV format: advisory.id: missing"),
        ([advisory(), 3], "not of the OSV format: [1]: expected an object, found '3'"),
        ({"id": 3}, "not of the OSV format: advisory.id: expected str, found '3'"),
        (
            advisory(ranges=[{"type": "ECOSYSTEM"}]),
            "not of the OSV format: advisory.affected[0].ranges[0].events: missing",
        ),
        (advisory(ecosystem="npm"), "no advisory in it is about a PyPI package"),
    ],
)
def test_what_is_no_file_of_advisories_is_one_line(
    tmp_path: Path, data: Any, says: str
) -> None:
    path = written(tmp_path / "a.json", data)
    with pytest.raises(ResultError) as caught:
        load_advisories(path)
    assert str(caught.value).startswith(f"{path}: {says}")
    assert "\n" not in str(caught.value)


def test_file_that_is_not_there_or_empty_is_one_line(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "empty").mkdir()
    for name, says in (
        ("none.json", "cannot be read: No such file or directory"),
        ("pipe", "neither a file nor a folder"),
        ("empty", "there is no advisory in it"),
    ):
        with pytest.raises(ResultError) as caught:
            load_advisories(tmp_path / name)
        assert str(caught.value) == f"{tmp_path / name}: {says}"


def test_member_of_a_zip_that_is_none_is_named(tmp_path: Path) -> None:
    path = packed(tmp_path / "all.zip", {"A-1.json": TWO[0], "B.json": {"x": 1}})
    with pytest.raises(ResultError) as caught:
        load_advisories(path)
    says = f"{path}: B.json: not of the OSV format: advisory.id: missing"
    assert str(caught.value) == says


def test_damaged_zip_is_one_line(tmp_path: Path) -> None:
    path = packed(tmp_path / "all.zip", {"A-1.json": TWO})
    whole = path.read_bytes()
    for place in (60, 100, 150):  # in what is packed
        path.write_bytes(whole[:place] + b"damaged" + whole[place + 7 :])
        with pytest.raises(ResultError, match=r"all\.zip: cannot be unpacked: "):
            load_advisories(path)


def test_file_in_a_folder_that_is_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "a.json")
    with pytest.raises(ResultError, match=r"a\.json: not a file"):
        load_advisories(tmp_path)


def test_member_of_a_zip_that_is_too_long_is_not_unpacked(tmp_path: Path) -> None:
    path = tmp_path / "all.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("A-1.json", bytes(MOST_BYTES))
    with pytest.raises(ResultError, match=r"A-1\.json: too long: 100,000,000 bytes"):
        load_advisories(path)


@pytest.mark.parametrize("method", [zipfile.ZIP_LZMA, zipfile.ZIP_BZIP2])
def test_member_of_a_zip_that_is_damaged_is_one_line(
    method: int, tmp_path: Path
) -> None:
    path = tmp_path / "all.zip"
    with zipfile.ZipFile(path, "w", method) as packed:
        packed.writestr("A-1.json", os.urandom(1000))
    data = bytearray(path.read_bytes())
    data[100:600] = bytes(500)
    path.write_bytes(data)
    with pytest.raises(ResultError, match=r"all\.zip: cannot be (unpacked|read): \w"):
        load_advisories(path)
