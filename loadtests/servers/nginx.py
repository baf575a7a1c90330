"""What stands in front of a server: one nginx with a door to each of several apps."""

from __future__ import annotations

import contextlib
import os
import pwd
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from loadtests.catalog.stacks import HOST
from loadtests.clients.wire import Address
from loadtests.servers.listening import listening
from loadtests.servers.processes import Guard, started, wait_until
from loadtests.servers.server import ServerError, free_port

START_S = 5.0
MISSING = "there is no nginx on PATH: apt-get install nginx"
CONFIG = """
daemon off; worker_processes 1; pid {prefix}/pid; error_log {prefix}/error.log;
{user}
events {{ worker_connections 512; }}
http {{
  access_log off;
  client_body_temp_path {prefix}/body; proxy_temp_path {prefix}/proxy;
  fastcgi_temp_path {prefix}/fastcgi; uwsgi_temp_path {prefix}/uwsgi;
  scgi_temp_path {prefix}/scgi;
  {doors}
}}
"""
DOOR = "server {{ listen {0}:{1}; {2} location / {{ proxy_pass http://{0}:{3}; }} }}"


@dataclass(frozen=True)
class Door:
    """An app behind nginx, and the directives that hold for it."""

    app: Address
    directives: str = ""


def is_installed() -> bool:
    """Whether there is an nginx to run."""
    return shutil.which("nginx") is not None


@contextlib.contextmanager
def nginx(
    doors: Mapping[str, Door], guard: Guard, log: Path
) -> Iterator[dict[str, Address]]:
    """One nginx, and where each of its doors is, by the door's name."""
    ports = {name: free_port() for name in doors}
    with tempfile.TemporaryDirectory(prefix="nginx-") as folder:
        config = Path(folder) / "nginx.conf"
        config.write_text(_config(folder, doors, ports))
        argv = ["nginx", "-p", folder, "-e", f"{folder}/error.log", "-c", str(config)]
        with started(guard, argv, log, cwd=Path(folder)) as group:
            begun = wait_until(
                lambda: group.exited or all(map(listening, ports.values())), START_S
            )
            if group.exited or not begun:
                raise ServerError(f"nginx did not start; {group.last_words()}")
            yield {name: (HOST, port) for name, port in ports.items()}


def _config(folder: str, doors: Mapping[str, Door], ports: Mapping[str, int]) -> str:
    # As root it would serve as another user, who cannot write here.
    root = os.geteuid() == 0
    user = f"user {pwd.getpwuid(os.geteuid()).pw_name};" if root else ""
    servers = (
        DOOR.format(HOST, ports[name], door.directives, door.app[1])
        for name, door in doors.items()
    )
    return CONFIG.format(prefix=folder, user=user, doors="".join(servers))
