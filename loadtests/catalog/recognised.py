"""Which server a command of the user's starts, and which stack has its predictions.

The one rule: a prediction is made only for settings that a stack models. A setting that
changes what a slow client holds, and that no stack has, leaves the command without one.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePath

# The program, or the module after -m, of each server.
_PROGRAMS = {
    **{name: name for name in ("gunicorn", "uvicorn", "hypercorn", "granian")},
    **{name: name for name in ("daphne", "uwsgi", "waitress")},
    "waitress-serve": "waitress",
}
# What may stand before a program: uv run gunicorn, exec gunicorn, X=1 gunicorn.
_BEFORE = re.compile(r"-m|--|run|exec|env|(.*/)?python[0-9.]*|[A-Za-z_]\w*=.*")
# gunicorn's worker classes, as it is told them.
_WORKER_CLASSES = {
    "sync": "wsgi-gunicorn-sync",
    "gthread": "wsgi-gunicorn-gthread",
    "gevent": "wsgi-gunicorn-gevent",
    "asgi": "asgi-gunicorn",
    "uvicorn_worker.UvicornWorker": "asgi-gunicorn-uvicorn",
    "uvicorn.workers.UvicornWorker": "asgi-gunicorn-uvicorn",
}
_SYNC_FROM_S = 30  # a shorter --timeout frees workers while they are held
_BACKLOG = 1024  # of granian, shared out among its workers if nothing else is said
_FILE = re.compile(r".*\.(ini|ya?ml|xml|json)")  # of uWSGI's configuration
_BY_SELECT = 1000  # connections; for more, waitress needs poll


@dataclass(frozen=True)
class Recognised:
    """A server, and the id of the stack that has its predictions, with its counts.

    Where `stack` is empty no stack models it, because of its setting `unmodelled`.
    """

    server: str
    stack: str = ""
    unmodelled: str = ""
    threads: int | None = None
    worker_connections: int | None = None
    keepalive_s: int | None = None


@dataclass(frozen=True)
class Started:
    """A server's own words, after its name, and all else that decides on its settings:
    its environment, what gunicorn printed of its configuration, how many workers there
    are, and whether they have loaded uvloop."""

    words: Sequence[str]
    environment: Mapping[str, str]
    printed: Mapping[str, str]
    workers: int
    on_uvloop: bool

    def value(self, *names: str, variable: str = "") -> str | None:
        """What an option was given, the last time, or its variable."""
        found = self.environment.get(variable)
        for n, word in enumerate(self.words):
            name, equals, value = word.partition("=")
            if name in names and equals:
                found = value
            elif word in names:
                found = self.words[n + 1] if n + 1 < len(self.words) else ""
            elif word[:2] in names and len(word) > 2:
                found = word[2:]
        return found

    def number(self, usual: int, *names: str, variable: str = "") -> int:
        found = self.value(*names, variable=variable) or ""
        return int(found) if re.fullmatch("[0-9]{1,9}", found) else usual

    def first_of(self, *names: str, prefix: str = "") -> str:
        """The first of these options that was given; or a variable in its place."""
        for name in names:
            variable = prefix + name.strip("-").replace("-", "_").upper()
            if self.value(name) is not None:
                return name
            if prefix and variable in self.environment:
                return variable
        return ""


def server_in(words: Sequence[str]) -> tuple[str, int]:
    """The server that these words start, and the place of its own word; empty: none."""
    for n, word in enumerate(words):
        server = _PROGRAMS.get(PurePath(word).name, "")
        if server and (n == 0 or _BEFORE.fullmatch(words[n - 1])):
            return server, n
    return "", 0


def recognised(server: str, started: Started) -> Recognised:
    """The stack that has the predictions of a server that was started so."""
    return _SERVERS[server](started)


def _gunicorn(started: Started) -> Recognised:
    said = started.printed
    if "worker_class" not in said:
        return Recognised("gunicorn", unmodelled="configuration")
    threads, timeout_s = _number(said, "threads", 1), _number(said, "timeout", 30)
    worker_class = said["worker_class"]
    if worker_class == "sync" and threads > 1:
        worker_class = "gthread"
    stack = _WORKER_CLASSES.get(worker_class, "")
    if not stack:
        return Recognised("gunicorn", unmodelled=f"worker_class {worker_class}")
    if worker_class == "sync" and 0 < timeout_s < _SYNC_FROM_S:
        return Recognised("gunicorn", unmodelled=f"timeout {timeout_s}")
    if stack.startswith("asgi") and not started.on_uvloop:
        return Recognised("gunicorn", unmodelled=f"{worker_class} without uvloop")
    pool = worker_class in ("gthread", "gevent")
    return Recognised(
        "gunicorn",
        stack,
        threads=threads if worker_class == "gthread" else None,
        worker_connections=_number(said, "worker_connections", 1000) if pool else None,
        keepalive_s=_number(said, "keepalive", 2) if pool else None,
    )


def _number(said: Mapping[str, str], name: str, usual: int) -> int:
    found = said.get(name, "")
    return int(found) if re.fullmatch("[0-9]{1,9}", found) else usual


def _uvicorn(started: Started) -> Recognised:
    other = ("--reload", "--uds", "--fd", "--ssl-keyfile")
    if unmodelled := started.first_of(*other, prefix="UVICORN_"):
        return Recognised("uvicorn", unmodelled=unmodelled)
    interface = started.value("--interface", variable="UVICORN_INTERFACE")
    if interface == "wsgi":
        return Recognised("uvicorn", unmodelled="--interface wsgi")
    if started.value("--http", variable="UVICORN_HTTP") == "zttp":
        return Recognised("uvicorn", unmodelled="--http zttp")
    # The parser decides nothing: the loop keeps the connections.
    stack = "asgi-uvicorn" if started.on_uvloop else "asgi-uvicorn-h11"
    limit, variable = "--limit-concurrency", "UVICORN_LIMIT_CONCURRENCY"
    if started.value(limit, variable=variable) is None:
        return Recognised("uvicorn", stack)
    most = started.number(0, limit, variable=variable)
    if most <= 1:  # all are refused
        return Recognised("uvicorn", unmodelled=limit)
    return Recognised("uvicorn", f"{stack}@limit-concurrency={most}")


def _hypercorn(started: Started) -> Recognised:
    timeouts = ("--read-timeout", "--keep-alive")
    places = ("--certfile", "--insecure-bind", "--quic-bind")
    if unmodelled := started.first_of("-c", "--config", *timeouts, *places):
        return Recognised("hypercorn", unmodelled=unmodelled)
    worker_class = started.value("-k", "--worker-class") or "asyncio"
    if worker_class != "asyncio":
        return Recognised("hypercorn", unmodelled=f"--worker-class {worker_class}")
    return Recognised("hypercorn", "asgi-hypercorn")


def _granian(started: Started) -> Recognised:
    other = ("--http1-header-read-timeout", "--http", "--uds", "--ssl-certificate")
    if unmodelled := started.first_of(*other, prefix="GRANIAN_"):
        return Recognised("granian", unmodelled=unmodelled)
    interface = started.value("--interface", variable="GRANIAN_INTERFACE") or "rsgi"
    backlog = started.number(_BACKLOG, "--backlog", variable="GRANIAN_BACKLOG")
    most = started.number(
        max(1, backlog // max(1, started.workers)),
        "--backpressure",
        variable="GRANIAN_BACKPRESSURE",
    )
    if interface in ("asgi", "asginl"):
        return Recognised("granian", "asgi-granian", worker_connections=most)
    if interface != "wsgi":
        return Recognised("granian", unmodelled=f"--interface {interface}")
    threads = started.number(
        max(1, most // 2), "--blocking-threads", variable="GRANIAN_BLOCKING_THREADS"
    )
    return Recognised(
        "granian", "wsgi-granian", threads=threads, worker_connections=most
    )


def _waitress(started: Started) -> Recognised:
    if unmodelled := started.first_of("--outbuf-high-watermark", "--unix-socket"):
        return Recognised("waitress", unmodelled=unmodelled)
    most = started.number(100, "--connection-limit")
    if most > _BY_SELECT and started.value("--asyncore-use-poll") is None:
        return Recognised("waitress", unmodelled=f"--connection-limit {most}")
    return Recognised(
        "waitress",
        "wsgi-waitress",
        threads=started.number(4, "--threads"),
        worker_connections=most - 2,  # without its own two
    )


def _daphne(started: Started) -> Recognised:
    other = ("-t", "--http-timeout", "-u", "--unix-socket", "--fd", "-e", "--endpoint")
    if unmodelled := started.first_of(*other):
        return Recognised("daphne", unmodelled=unmodelled)
    return Recognised("daphne", "asgi-daphne")


def _uwsgi(started: Started) -> Recognised:
    configured = ("--ini", "--yaml", "--xml", "--json")
    other = ("--gevent", "--async", "--cheaper", "--socket-timeout")
    sockets = ("--http", "--socket", "-s")
    files = [word for word in started.words if _FILE.fullmatch(word)]
    unmodelled = started.first_of(*configured, *other, *sockets) or "".join(files[:1])
    if unmodelled:
        return Recognised("uwsgi", unmodelled=unmodelled)
    if started.value("--http-socket") is None:
        return Recognised("uwsgi", unmodelled="sockets")
    return Recognised("uwsgi", "wsgi-uwsgi", threads=started.number(1, "--threads"))


_SERVERS: dict[str, Callable[[Started], Recognised]] = {
    "gunicorn": _gunicorn,
    "uvicorn": _uvicorn,
    "hypercorn": _hypercorn,
    "granian": _granian,
    "waitress": _waitress,
    "daphne": _daphne,
    "uwsgi": _uwsgi,
}
