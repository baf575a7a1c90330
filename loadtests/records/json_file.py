"""Records as JSON files: written whole or not at all, read with every field checked.

A record is a frozen dataclass with a field `format`; what its other fields may be, says
`decoded`.
"""

from __future__ import annotations

import contextlib
import dataclasses
import functools
import json
import math
import os
import re
import types
import typing
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from loadtests import UserError

# A list of figures, over many lines. No string has a line break in JSON (RFC 8259, 7).
_NUMBERS = re.compile(r"\[((?:\n *(?:-?[0-9][-+.0-9eE]*|null),?)+)\n *\]")

# A file of so many bytes is no record: the largest, a full run of every stack, has a
# hundredth of it. To parse one takes ten times as much memory.
MOST_BYTES = 100_000_000


class ResultError(UserError):
    """A stored file that cannot be used; the message names the file and the field."""


def write_json(record: Any, target: Path) -> Path:
    """Write the record whole or not at all: a reader never sees half a file."""
    target.parent.mkdir(parents=True, exist_ok=True)
    partial = target.with_name(f".{target.name}.{os.getpid()}")
    text = json.dumps(dataclasses.asdict(record), indent=1, ensure_ascii=False)
    text = _NUMBERS.sub(lambda found: f"[{' '.join(found[1].split())}]", text)
    with naming(target):
        try:
            # A lone surrogate (an undecodable byte of a path) has no UTF-8, but so
            # written it is an escape of JSON, and is read back the same.
            with partial.open("w", encoding="utf-8", errors="backslashreplace") as file:
                file.write(text + "\n")
                file.flush()
                os.fsync(file.fileno())
            partial.replace(target)
        finally:
            partial.unlink(missing_ok=True)
    return target


@contextlib.contextmanager
def naming(target: Path) -> Iterator[None]:
    """An OSError in the block names this file: where the disk is full, write() names
    none, and what is written beside the file first has a name that nobody knows."""
    try:
        yield
    except OSError as error:
        error.filename = str(target)
        raise


def read_json(
    path: Path,
    kind: type,
    where: str,
    form: int,
    upgrades: Mapping[int, Callable[[Any], Any]] | None = None,
) -> Any:
    """The record of that kind and format; `where` is what messages call it.

    `upgrades` make a record of an older format one of this.

    Raises ResultError, naming the file and the field, for whatever is none.
    """
    data = parsed(read_bytes(path, where), str(path), where)
    found = data.get("format") if isinstance(data, dict) else None
    # True equals 1, and is none.
    if upgrades and type(found) is int and found in upgrades:
        data, found = upgrades[found](data), form
    if type(found) is not int or found != form:
        raise ResultError(f"{path}: format: expected {form}, found {found!r}")
    try:
        return decoded(data, kind, where)
    except ResultError as error:
        raise ResultError(f"{path}: {error}") from None


def read_bytes(path: Path, where: str) -> bytes:
    """What a stored file has in it. ResultError where it cannot be one."""
    try:
        if path.exists() and not path.is_file():  # to read a pipe would never end
            raise ResultError(f"{path}: not a file")
        if (size := path.stat().st_size) >= MOST_BYTES:
            raise ResultError(f"{path}: too long for a {where}: {size:,} bytes")
        return path.read_bytes()
    except OSError as error:
        raise ResultError(f"{path}: cannot be read: {error.strerror}") from None


def parsed(text: bytes, path: str, what: str) -> Any:
    """The JSON in a file. ResultError names the file, and what it should have been."""
    try:
        return json.loads(text.decode("utf-8"), object_pairs_hook=_each_once)
    except ResultError as error:
        raise ResultError(f"{path}: {error}") from None
    except ValueError as error:
        raise ResultError(f"{path}: not JSON, perhaps cut off: {error}") from None
    except RecursionError:
        raise ResultError(f"{path}: nested too deeply for a {what}") from None


def _each_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """RFC 8259, 4: of a name that is there twice, readers take whichever they like."""
    found: dict[str, Any] = {}
    for name, value in pairs:
        if name in found:
            raise ResultError(f"{name!r:.60} is there twice in one object")
        found[name] = value
    return found


def decoded(value: Any, kind: Any, where: str) -> Any:
    """`value` as `kind`, a type as the records of this project use them."""
    origin, arguments = typing.get_origin(kind), typing.get_args(kind)
    if dataclasses.is_dataclass(kind):
        return _record(value, typing.cast(type, kind), where)
    if origin is types.UnionType:
        if value is None:
            return None
        return decoded(value, arguments[0], where)
    if origin is list and isinstance(value, list):
        return [decoded(v, arguments[0], f"{where}[{i}]") for i, v in enumerate(value)]
    if origin is dict and isinstance(value, dict):
        return {k: decoded(v, arguments[1], f"{where}.{k}") for k, v in value.items()}
    if kind is float and isinstance(value, int) and not isinstance(value, bool):
        with contextlib.suppress(OverflowError):
            return float(value)
    # Python reads NaN and Infinity too, and 1e999 as that: no figure of anything.
    endless = isinstance(value, float) and not math.isfinite(value)
    if isinstance(kind, type) and type(value) is kind and not endless:
        return value
    expected = getattr(kind, "__name__", str(kind))
    raise ResultError(f"{where}: expected {expected}, found {str(value)[:40]!r}")


_hints = functools.cache(typing.get_type_hints)


def _record(value: Any, kind: type, where: str) -> Any:
    if not isinstance(value, dict):
        raise ResultError(f"{where}: expected an object, found {str(value)[:40]!r}")
    hints = _hints(kind)
    known: dict[str, Any] = {}
    for entry in dataclasses.fields(kind):
        if entry.name in value:
            path = f"{where}.{entry.name}"
            known[entry.name] = decoded(value[entry.name], hints[entry.name], path)
        elif entry.default is entry.default_factory is dataclasses.MISSING:
            raise ResultError(f"{where}.{entry.name}: missing")
    # Fields that this version does not know are passed over: an older reader can still
    # read a newer run of the same format.
    return kind(**known)
