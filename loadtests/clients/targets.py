"""The target as it reaches a generator: as a word on its command line."""

from __future__ import annotations

import json
from dataclasses import asdict, replace

from loadtests.catalog.target import RAW, Home, Target, yours
from loadtests.records.target import OtherTarget


def target_of(other: OtherTarget | None, beside: str = "") -> Target:
    """The target of a record; ours if there is none. `beside` is a folder of modules
    that its servers find too."""
    if other is None:
        return RAW
    return yours(
        healthy=other.healthy,
        upload=other.upload,
        download=other.download,
        wait=other.wait,
        headers=other.headers,
        status=other.status,
        sha256=other.sha256,
        download_mb=_in_mb(other.download_bytes),
        apps={other.interface: other.app},
        home=Home(other.python, other.folder, beside, other.command is not None),
    )


def _in_mb(size: int | None) -> float | None:
    return None if size is None else round(size / 1024**2, 3)


def as_option(other: OtherTarget | None) -> list[str]:
    """The words that tell a generator of the target; none: it asks our own apps."""
    if other is None:
        return []
    asked = replace(other, command=None, running=None)  # what is asked, not of whom
    return ["--target", json.dumps(asdict(asked))]


def from_option(text: str) -> Target:
    """The target of such an option."""
    return target_of(OtherTarget(**json.loads(text)) if text else None)
