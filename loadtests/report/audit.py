"""What advisories say of the packages that are installed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich.console import Group

from loadtests.analysis.advisories import Finding
from loadtests.report.blocks import Block, Column, Table, Text
from loadtests.report.formats.terminal import rendered
from loadtests.report.prose import joined, prose
from loadtests.report.values import Name
from loadtests.report.words import NOTHING, amount, count, number_word

SAID = "{} of {} {} affected."
UNKNOWN = "Of {} of them it is not known: the advisory names no version."
READ = "Advisories that were read: {}."
COLUMNS = [
    Column("package", "package", name=True),
    Column("version", "version"),
    Column("advisory", "advisory", name=True),
    Column("aliases", "aliases", words=True),
    Column("fixed_in", "fixed in", words=True),
]


def shown(
    found: Sequence[Finding],
    unknown: Sequence[Finding],
    packages: int,
    advisories: int,
) -> Group:
    """For the terminal: a line for each affected package and advisory, those that may
    be affected, and how many."""
    return Group(*rendered(_blocks(found, unknown, packages, advisories)))


def _blocks(
    found: Sequence[Finding],
    unknown: Sequence[Finding],
    packages: int,
    advisories: int,
) -> Iterator[Block]:
    if found:
        yield Table("Affected packages", COLUMNS, [_row(one) for one in found])
    if unknown:
        yield Table("Not known", COLUMNS[:-1], [_row(one) for one in unknown])
    affected = len({one.package for one in found})
    how_many = number_word(affected) if affected else "None"
    of, verb = amount(packages, "installed package"), "are" if affected > 1 else "is"
    said = [prose(SAID, how_many, of, f"{verb} known to be" if unknown else verb)]
    if others := {one.package for one in unknown} - {one.package for one in found}:
        said.append(prose(UNKNOWN, number_word(len(others)).lower()))
    yield Text(joined([*said, prose(READ, count(advisories))]))


def _row(one: Finding) -> dict[str, Name]:
    return {
        "package": Name(one.package),
        "version": Name(one.version),
        "advisory": Name(one.advisory),
        "aliases": Name(", ".join(one.aliases) or NOTHING),
        "fixed_in": Name(", ".join(one.fixed_in) or NOTHING),
    }
