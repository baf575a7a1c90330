"""Which packages advisories are about: ranges, lists, and the order of versions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from loadtests.analysis.advisories import Finding, NoVersion, affected, undecided
from loadtests.records.advisories import Advisory
from loadtests.records.json_file import decoded
from tests.advisories import advisory

Events = list[dict[str, str]]


def read(*data: dict[str, Any]) -> list[Advisory]:
    found: list[Advisory] = decoded(list(data), list[Advisory], "advisories")
    return found


def within(events: Events, version: str, **more: Any) -> bool:
    """Whether a range of these events holds that version."""
    ranges = [{"type": "ECOSYSTEM", "events": events}]
    return bool(affected(read(advisory(ranges=ranges, **more)), {"h11": version}))


def at(*pairs: tuple[str, str]) -> Events:
    return [dict([pair]) for pair in pairs]


TWICE = at(("introduced", "0"), ("fixed", "1.2"), ("introduced", "2.0"), ("fixed", "3"))
LAST = at(("introduced", "1.0"), ("last_affected", "1.4"))
NEVER = at(("introduced", "1.0"))
LIMIT = at(("introduced", "1.0"), ("limit", "2.0"))
ONE = at(("introduced", "1.4"), ("last_affected", "1.4"))
AGAIN = at(("fixed", "1.4"), ("introduced", "1.4"), ("introduced", "0"))


@pytest.mark.parametrize(
    ("events", "inside", "outside"),
    [
        (TWICE, ["0.0a1", "1.1.9", "1.2rc1", "2.0", "2.9"], ["1.2", "2.0rc1", "3.0"]),
        (TWICE[::-1], ["1.1.9", "2.9"], ["1.2", "3.0"]),
        (LAST, ["1.0", "1.4", "1.4.0"], ["0.9", "1.4.1", "1.4.post1"]),
        (NEVER, ["1.0", "1!0.1", "99"], ["1.0.dev3"]),
        (LIMIT, ["1.0", "1.9"], ["2.0", "2.1"]),
        ([*LIMIT, {"limit": "*"}], ["1.9"], ["2.0"]),
        (at(("introduced", "0"), ("limit", "*")), ["1.0"], []),
        (ONE, ["1.4"], ["1.3", "1.5"]),
        (AGAIN, ["1.3", "1.4", "1.5"], []),
    ],
)
def test_range_holds_what_the_schema_says(
    events: Events, inside: Sequence[str], outside: Sequence[str]
) -> None:
    assert [version for version in inside if not within(events, version)] == []
    assert [version for version in outside if within(events, version)] == []


def test_version_that_is_listed_is_affected_also_beside_its_ranges() -> None:
    listed = ["0.9", "2004d", "1.10.0"]
    for version, found in (("0.9.0", True), ("1.10", True), ("1.1", False)):
        assert within(at(("introduced", "9")), version, versions=listed) is found
    assert affected(read(advisory(ranges=None, versions=["1"])), {"h11": "1.0"})


COMMITS = [{"type": "GIT", "events": [{"introduced": "0"}, {"fixed": "6879efc"}]}]


def test_commits_are_no_versions() -> None:
    both = read(advisory(ranges=COMMITS, versions=["0.9"]))
    assert affected(both, {"h11": "1.0"}) == undecided(both, {"h11": "1.0"}) == []
    [found] = affected(both, {"h11": "0.9"})
    assert found.fixed_in == ()


@pytest.mark.parametrize("part", [{"ranges": COMMITS}, {"ranges": [], "versions": []}])
def test_advisory_without_a_version_is_undecided(part: dict[str, Any]) -> None:
    given, others = read(advisory(**part)), read(advisory("h12", **part))
    assert affected(given, {"h11": "1.0"}) == []
    aliases = ("CVE-2026-1", "GHSA-A-1")
    assert undecided(given, {"h11": "1.0"}) == [
        Finding("h11", "1.0", "A-1", aliases, ())
    ]
    assert undecided(others, {"h11": "1.0"}) == []
    assert undecided(read(advisory()), {"h11": "1.0"}) == []


def test_local_part_of_a_version_does_not_count() -> None:
    assert not within(at(("introduced", "0"), ("fixed", "1.0")), "1.0+ours")
    assert within(at(("introduced", "0"), ("last_affected", "1.0")), "1.0+ours")


def test_names_are_compared_as_pip_does_and_shown_as_they_are_installed() -> None:
    [found] = affected(read(advisory("Zope.Interface")), {"zope_interface": "0.1"})
    assert found == Finding(
        *("zope_interface", "0.1", "A-1", ("CVE-2026-1", "GHSA-A-1"), ("0.16.1",)),
    )


def test_other_packages_other_ecosystems_and_what_was_withdrawn_do_not_count() -> None:
    withdrawn = advisory() | {"withdrawn": "2026-02-01T00:00:00Z"}
    others = (withdrawn, advisory(ecosystem="npm"), advisory("h12"))
    assert affected(read(*others), {"h11": "0.1"}) == []


def test_all_fixes_that_are_newer_are_named_in_order() -> None:
    branches = at(("introduced", "1"), ("fixed", "1.10"))
    branches += at(("introduced", "2"), ("fixed", "2.9"), ("introduced", "0"))
    branches += at(("fixed", "0.5"))
    ranges = [{"type": "ECOSYSTEM", "events": branches}]
    data = advisory(ranges=ranges) | {"aliases": None}
    [found] = affected(read(data), {"h11": "1.2"})
    assert (found.fixed_in, found.aliases) == (("1.10", "2.9"), ())


def test_parts_about_one_package_are_one_finding_and_findings_are_in_order() -> None:
    twice = advisory("b", id="A-2")
    twice["affected"] *= 2
    found = affected(read(twice, advisory("b"), advisory("a")), {"b": "0", "a": "0"})
    assert [(one.package, one.advisory) for one in found] == [
        *(("a", "A-1"), ("b", "A-1"), ("b", "A-2")),
    ]


def test_what_is_no_version_is_named() -> None:
    with pytest.raises(NoVersion, match="A-1: 'soon' is no version of a Python pack"):
        within(at(("introduced", "0"), ("fixed", "soon")), "1.0")
    with pytest.raises(NoVersion, match="h11: 'mine' is no version"):
        within(NEVER, "mine")


@pytest.mark.parametrize(
    "events", [[], at(("fixed", "1.0")), at(("weird", "0"), ("introduced", "0"))]
)
def test_range_that_tells_nothing_is_not_clean(events: Events) -> None:
    with pytest.raises(NoVersion, match="a range needs `introduced`; its events: "):
        within(events, "1.0")


def test_number_that_is_too_long_for_a_version_is_one_line() -> None:
    with pytest.raises(NoVersion, match=r"'1{79} is no version"):
        within(at(("introduced", "1" * 6000)), "1.0")
