"""What stands in front: nginx before a stack, or one with a door to each of many apps.

Its files are in a folder of its own, which goes with it. What it stores of bodies and
answers is in files without a name, so that it is gone as soon as nginx is.
"""

from __future__ import annotations

import contextlib
import os
import pwd
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from loadtests.catalog.stacks import HOST
from loadtests.catalog.stacks.nginx import BUFFERING
from loadtests.clients.wire import Address
from loadtests.servers.listening import held_by
from loadtests.servers.processes import Group, Guard, started, wait_until
from loadtests.servers.programs import ServerError, free_port

START_S = 5.0
MISSING = BUFFERING.missing
_TEMPORARY = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
DOORS = """
worker_processes 1;
events {{ worker_connections 512; }}
http {{ access_log off; {also} {doors} }}
"""
DOOR = "server {{ listen {0}:{1}; {2} location / {{ proxy_pass http://{0}:{3}; }} }}"


@dataclass(frozen=True)
class Door:
    """An app behind nginx, and the directives that hold for it."""

    app: Address
    directives: str = ""


def is_installed() -> bool:
    """Whether there is an nginx to run."""
    return shutil.which(BUFFERING.program) is not None


@contextlib.contextmanager
def configured(
    guard: Guard,
    log: Path | None,
    ports: Sequence[int],
    config: Callable[[str], str],
    nofile: int | None = None,
) -> Iterator[Group]:
    """An nginx that listens on these ports. `config` makes its configuration from the
    directives that belong to any nginx of ours."""
    with tempfile.TemporaryDirectory(prefix="nginx-") as name:
        folder = Path(name)
        path = folder / "nginx.conf"
        path.write_bytes(os.fsencode(config(_temporary(folder))))
        argv = [BUFFERING.program, "-p", name, "-e", "stderr", "-c", str(path)]
        argv += ["-g", _main(folder)]
        with started(guard, argv, log, cwd=folder, nofile=nofile, folder=folder) as one:
            # Where another process has a port, nginx tries for 2.5 s, and then ends.
            begun = wait_until(
                lambda: one.exited or all(held_by(one, port) for port in ports), START_S
            )
            if one.exited or not begun:
                raise ServerError(f"nginx did not start; {one.last_words()}")
            yield one


def _temporary(folder: Path) -> str:
    """Where it stores what it is sent, else as its package has it."""
    return " ".join(f"{one}_temp_path {folder / one};" for one in _TEMPORARY)


def _main(folder: Path) -> str:
    # As root it would serve as another user, who cannot write here.
    root = os.geteuid() == 0
    user = f" user {pwd.getpwuid(os.geteuid()).pw_name};" if root else ""
    return f"daemon off; pid {folder}/pid;{user}"


@contextlib.contextmanager
def nginx(
    doors: Mapping[str, Door], guard: Guard, log: Path
) -> Iterator[dict[str, Address]]:
    """One nginx, and where each of its doors is, by the door's name."""
    ports = {name: free_port() for name in doors}
    servers = "".join(
        DOOR.format(HOST, ports[name], door.directives, door.app[1])
        for name, door in doors.items()
    )

    def config(also: str) -> str:
        return DOORS.format(also=also, doors=servers)

    with configured(guard, log, list(ports.values()), config):
        yield {name: (HOST, port) for name, port in ports.items()}
