"""The record of an application that is not ours: how it was named, how it answered.

It is served in one of three ways: by the stacks of the catalog, by a command of the
user's, or by what runs already at a URL.
"""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class OwnCommand:
    """A command of the user's that serves the app, and what was seen of it.

    `words` are as they were typed, with `{port}` left open. It listens on the port that
    it is given, or on `port` alone if that is not 0. `variables` were set, and change
    servers, Python, or which proxy is asked; those of proxies are without passwords.

    `server` is what was recognised in its words, with the `options` that say so.
    `stack` is the stack of the catalog whose predictions it has. Where that is empty
    nothing is predicted: no server was recognised, or the catalog has no stack for
    `unmodelled`, one of its settings. `threads`, `worker_connections` and `keepalive_s`
    are settings of each worker, null where the stack has none.

    Seen in its processes once it had answered: `workers` processes take connections.
    Each had so many threads, `seen_threads`, and at the most `own_descriptors` open.
    """

    words: list[str]
    variables: dict[str, str] = field(default_factory=dict)
    port: int = 0
    server: str = ""
    stack: str = ""
    unmodelled: str = ""
    threads: int | None = None
    worker_connections: int | None = None
    keepalive_s: int | None = None
    workers: int = 0
    seen_threads: list[int] = field(default_factory=list)
    own_descriptors: int | None = None


@dataclass(frozen=True)
class RunningServer:
    """A server that runs already, and that nobody of ours starts or ends.

    Clients connect to `address`, to which the name in its URL led. `pid` is the process
    that its user named; its children belong to it. `remote`: it is another machine.
    """

    address: str
    port: int
    pid: int | None = None
    remote: bool = False

    @property
    def on_loopback(self) -> bool:
        """Whether nothing but this machine can be harmed."""
        return self.address.startswith("127.")


@dataclass(frozen=True)
class OtherTarget:
    """An application of somebody else, and what the clients ask it.

    `app` is `module:attribute`, called first if it is a `factory`. `python` is the
    interpreter that serves it, in `folder`. `healthy`, `upload`, `download` and `wait`
    are requests (`POST /items`), empty where none was named.

    Tried before the run: a right answer to the healthy request has this `status`, and a
    body of this `sha256` unless bodies differ (then empty). `healthy_ms` is the middle
    one of five. `download_bytes` and `wait_s` are the length of the download, as far as
    it was read, and the time of the waiting request; null where none was named. It was
    answered with `wait_status`.

    Where a `command` serves the app, or what is `running` already, `app` is the command
    or the URL. Which interface it has is then not known, nor is the interpreter.

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
    wait_status: int = 200
    modelled: dict[str, str] = field(default_factory=dict)
    command: OwnCommand | None = None
    running: RunningServer | None = None

    @property
    def remote(self) -> bool:
        """Whether it is on another machine."""
        return self.running is not None and self.running.remote
