"""The record of an application that is not ours: how it was named, how it answered."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class OtherTarget:
    """An application of somebody else, and what the clients ask it.

    `app` is `module:attribute`, called first if it is a `factory`. `python` is the
    interpreter that serves it, in `folder`. `healthy`, `upload`, `download` and `wait`
    are requests (`POST /items`), empty where none was named.

    Tried before the run: a right answer to the healthy request has this `status`, and a
    body of this `sha256` unless bodies differ (then empty). `healthy_ms` is the middle
    one of five. `download_bytes` and `wait_s` are the length of the download, as far as
    it was read, and the time of the waiting request; null where none was named.

    `modelled` are the versions that predictions are made for, of the packages that have
    another one in the app's environment.
    """

    app: str
    interface: str
    factory: bool
    python: str
    folder: str
    healthy: str
    upload: str = ""
    download: str = ""
    wait: str = ""
    headers: list[str] = field(default_factory=list)
    status: int = 200
    sha256: str = ""
    healthy_ms: float = 0.0
    download_bytes: int | None = None
    wait_s: float | None = None
    modelled: dict[str, str] = field(default_factory=dict)
