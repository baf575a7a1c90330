"""Which installed packages advisories are about.

The one rule: a version is affected if an advisory lists it, or if a range holds it.
What a range holds is the evaluation algorithm of the OSV schema. PEP 440 orders the
versions, and a local part (`+cu118`) does not count.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from packaging.utils import NormalizedName, canonicalize_name
from packaging.version import Version

from loadtests import UserError
from loadtests.records.advisories import Advisory, Affected, Range

_TYPES = ("ECOSYSTEM", "SEMVER")  # the others are about commits
# Of one version: it is fixed before it is introduced, and may be the only one affected.
_KINDS = ("fixed", "introduced", "last_affected")
_BEGINNING = Version("0.dev0")  # "0" comes before every version, also before 0.0a1


class NoVersion(UserError):
    """Something that cannot be compared stands in the place of a version."""


@dataclass(frozen=True)
class Finding:
    """An installed package, and the advisory that it is affected by."""

    package: str
    version: str
    advisory: str
    aliases: tuple[str, ...]
    fixed_in: tuple[str, ...]


def affected(
    advisories: Sequence[Advisory], installed: Mapping[str, str]
) -> list[Finding]:
    """What is affected of these packages, by name; each has its version.

    An advisory that was withdrawn does not count.
    """
    return _in_order(
        _finding(advisory, parts, package, installed[package])
        for advisory, parts, package in _about(advisories, installed)
    )


def undecided(
    advisories: Sequence[Advisory], installed: Mapping[str, str]
) -> list[Finding]:
    """Those of which nobody knows: the advisory names no version, only commits."""
    return _in_order(
        Finding(package, installed[package], advisory.id, _aliases(advisory), ())
        for advisory, parts, package in _about(advisories, installed)
        if not any(part.versions or any(_ranges(part)) for part in parts)
    )


def _in_order(found: Iterable[Finding | None]) -> list[Finding]:
    each = set(filter(None, found))
    return sorted(each, key=lambda one: (one.package, one.advisory))


def _about(
    advisories: Sequence[Advisory], installed: Mapping[str, str]
) -> Iterator[tuple[Advisory, list[Affected], str]]:
    """Advisories, what each says of an installed package, and the package."""
    names = {canonicalize_name(name): name for name in installed}
    for advisory in advisories:
        for name, parts in _by_name(advisory).items():
            if name in names and not advisory.withdrawn:
                yield advisory, parts, names[name]


def _aliases(advisory: Advisory) -> tuple[str, ...]:
    return tuple(advisory.aliases or ())


def _by_name(advisory: Advisory) -> dict[NormalizedName, list[Affected]]:
    """The parts of an advisory that are about each Python package."""
    found: dict[NormalizedName, list[Affected]] = {}
    for part in advisory.affected or ():
        if part.package and part.of_python:
            found.setdefault(canonicalize_name(part.package.name), []).append(part)
    return found


def _finding(
    advisory: Advisory, parts: Sequence[Affected], package: str, version: str
) -> Finding | None:
    here = _version(version, package)
    if not any(_lists(part, here) or _holds(part, here, advisory) for part in parts):
        return None
    later = {fixed for part in parts for fixed in _fixes(part, advisory)}
    fixed_in = tuple(str(fixed) for fixed in sorted(later) if fixed > here)
    return Finding(package, version, advisory.id, _aliases(advisory), fixed_in)


def _lists(part: Affected, here: Version) -> bool:
    """Whether it is listed; what is no version of PEP 440 is none that is installed."""
    for text in part.versions or ():
        try:
            if Version(text) == here:
                return True
        except ValueError:
            continue
    return False


def _holds(part: Affected, here: Version, advisory: Advisory) -> bool:
    return any(_in_range(one, here, advisory.id) for one in _ranges(part))


def _ranges(part: Affected) -> Iterator[Range]:
    return (one for one in part.ranges or () if one.type in _TYPES)


def _in_range(of: Range, here: Version, where: str) -> bool:
    """The evaluation algorithm of the OSV schema."""
    events = [(k, v) for event in of.events for k, v in event.items()]
    kinds = {kind for kind, _ in events}
    if "introduced" not in kinds or not kinds <= {*_KINDS, "limit"}:
        found = ", ".join(sorted(kinds)) or "none"
        raise NoVersion(f"{where}: a range needs `introduced`; its events: {found:.80}")
    limits = [_version(v, where) for k, v in events if k == "limit" and v != "*"]
    if limits and not any(here < limit for limit in limits):
        return False
    at = [(_at(v, where), _KINDS.index(k)) for k, v in events if k in _KINDS]
    inside = False
    for version, kind in sorted(at):
        if _KINDS[kind] == "introduced":
            inside = inside or here >= version
        elif here > version or (_KINDS[kind] == "fixed" and here == version):
            inside = False
    return inside


def _fixes(part: Affected, advisory: Advisory) -> Iterator[Version]:
    events = itertools.chain.from_iterable(one.events for one in _ranges(part))
    return (_version(e["fixed"], advisory.id) for e in events if "fixed" in e)


def _at(text: str, where: str) -> Version:
    return _BEGINNING if text == "0" else _version(text, where)


def _version(text: str, where: str) -> Version:
    """Without its local part."""
    try:
        return Version(Version(text).public)
    except ValueError:  # InvalidVersion, or a number of thousands of digits
        raise NoVersion(
            f"{where}: {text!r:.80} is no version of a Python package (PEP 440)"
        ) from None
