"""Advisories about packages, as files of the OSV format (schema version 1) have them.

They are records of others: nothing writes them here. A file has one advisory or a JSON
list of them. A folder or a zip has many such files, as OSV publishes all of PyPI.
"""

from __future__ import annotations

import lzma
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from loadtests.records.json_file import (
    MOST_BYTES,
    ResultError,
    decoded,
    parsed,
    read_bytes,
)

ECOSYSTEM = "PyPI"
# What reading a member of a zip may raise: it is damaged, locked, or oddly packed.
_OF_A_ZIP = (zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError, RuntimeError)


@dataclass(frozen=True)
class Package:
    """The package that an advisory is about."""

    ecosystem: str
    name: str


@dataclass(frozen=True)
class Range:
    """Events: `introduced`, `fixed`, `last_affected` or `limit`, each at a version."""

    type: str
    events: list[dict[str, str]]


@dataclass(frozen=True)
class Affected:
    """The versions of a package that are affected: those listed, and some ranges."""

    package: Package | None = None
    ranges: list[Range] | None = None
    versions: list[str] | None = None

    @property
    def of_python(self) -> bool:
        return self.package is not None and self.package.ecosystem == ECOSYSTEM


@dataclass(frozen=True)
class Advisory:
    """One advisory; `withdrawn` is the time at which it was taken back."""

    id: str
    affected: list[Affected] | None = None
    aliases: list[str] | None = None
    withdrawn: str | None = None


def load_advisories(path: Path) -> list[Advisory]:
    """The advisories about Python packages in a file, a folder or a zip.

    Raises ResultError, naming the file, for whatever is none, and if there are none: a
    wrong file must not look like a clean one.
    """
    found = [one for where, text in _texts(path) for one in _advisories(text, where)]
    if not found:
        raise ResultError(f"{path}: there is no advisory in it")
    of_python = [a for a in found if any(one.of_python for one in a.affected or ())]
    if not of_python:
        raise ResultError(f"{path}: no advisory in it is about a {ECOSYSTEM} package")
    return of_python


def _texts(path: Path) -> Iterator[tuple[str, bytes]]:
    """Each JSON file there is, by the name that messages give it."""
    try:
        if path.is_dir():
            for one in sorted(path.rglob("*.json")):
                yield str(one), read_bytes(one, "file of advisories")
        elif path.exists() and not path.is_file():  # to read a pipe would never end
            raise ResultError(f"{path}: neither a file nor a folder")
        elif path.exists() and zipfile.is_zipfile(path):
            yield from _of_zip(path)
        else:
            yield str(path), path.read_bytes()
    except OSError as error:
        named = error.filename or path
        why = error.strerror or error
        raise ResultError(f"{named}: cannot be read: {why}") from None


def _of_zip(path: Path) -> Iterator[tuple[str, bytes]]:
    try:
        with zipfile.ZipFile(path) as packed:
            for name in packed.namelist():
                if name.endswith(".json"):
                    if (size := packed.getinfo(name).file_size) >= MOST_BYTES:
                        raise ResultError(f"{path}: {name}: too long: {size:,} bytes")
                    yield f"{path}: {name}", packed.read(name)
    except _OF_A_ZIP as error:
        raise ResultError(f"{path}: cannot be unpacked: {error}") from None


def _advisories(text: bytes, where: str) -> list[Advisory]:
    data = parsed(text, where, "file of advisories")
    try:
        if isinstance(data, list):
            return [decoded(one, Advisory, f"[{i}]") for i, one in enumerate(data)]
        return [decoded(data, Advisory, "advisory")]
    except ResultError as error:
        raise ResultError(f"{where}: not of the OSV format: {error}") from None
