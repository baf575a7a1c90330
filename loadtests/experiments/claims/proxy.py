"""The claim about a buffering proxy, tried with nginx where there is one."""

from __future__ import annotations

import contextlib
import os
import pwd
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from loadtests.catalog.stacks import HOST
from loadtests.clients.wire import Address
from loadtests.experiments.claims.bench import Bench, recovered
from loadtests.experiments.claims.interface import FIELD
from loadtests.experiments.claims.ledger import (
    Finding,
    claim,
    holds,
    holds_only_with,
    need,
    not_testable,
    refuted,
)
from loadtests.experiments.claims.serving import SENT, WAYS, answered
from loadtests.servers.processes import started, wait_until
from loadtests.servers.server import ServerError, free_port, listeners

SLOW = 8
DOORS = {
    "behind nginx": "",
    "with its buffering off": "proxy_buffering off; proxy_request_buffering off;",
}
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


@contextlib.contextmanager
def nginx(bench: Bench, apps: Mapping[str, Address]) -> Iterator[dict[str, Address]]:
    """One nginx with a door to each of these apps, by the door's name."""
    ports = {name: free_port() for name in apps}
    doors = (DOOR.format(HOST, ports[n], DOORS[n], app[1]) for n, app in apps.items())
    with tempfile.TemporaryDirectory(prefix="claims-nginx-") as folder:
        # As root it would serve as another user, who cannot write here.
        root = os.geteuid() == 0
        user = f"user {pwd.getpwuid(os.geteuid()).pw_name};" if root else ""
        config = Path(folder) / "nginx.conf"
        config.write_text(CONFIG.format(prefix=folder, user=user, doors="".join(doors)))
        argv = ["nginx", "-p", folder, "-e", f"{folder}/error.log", "-c", str(config)]
        log = bench.logs / "nginx.log"
        with started(bench.guard, argv, log, cwd=Path(folder)) as group:
            if not wait_until(lambda: all(map(listeners, ports.values())), 5.0):
                raise ServerError(f"nginx did not start; {group.last_words()}")
            yield {name: (HOST, port) for name, port in ports.items()}


@claim(FIELD)
def nginx_fixes_sync(bench: Bench) -> Finding:
    """Buffering in a proxy (nginx) fixes sync workers"""
    if shutil.which("nginx") is None:
        return not_testable("there is no nginx on PATH: apt-get install nginx")
    shown = _through_each_door(bench)
    counts = "; ".join(f"{how} {a}, {b} and {c}" for how, (a, b, c) in shown.items())
    evidence = (
        f"answered of {SENT} beside {SLOW} {', '.join(WAYS)}, one sync worker: {counts}"
    )
    need(max(shown["without nginx"]) < SENT, evidence)
    if min(shown["behind nginx"]) < SENT // 2:
        return refuted(evidence)
    off = zip(WAYS, shown["with its buffering off"], strict=True)
    hurt = [way for way, count in off if count < SENT // 2]
    if not hurt:
        return holds(evidence)
    condition = f"its buffering on, the default; off, not for {' and '.join(hurt)}"
    return holds_only_with(condition, evidence)


def _through_each_door(bench: Bench) -> dict[str, list[int]]:
    # One app behind each door, so that all can be tried at the same time.
    hows = ("without nginx", *DOORS)
    apps = {
        how: bench.serve("wsgi-gunicorn-sync", "--name", how).address for how in hows
    }
    with (
        nginx(bench, {how: apps[how] for how in DOORS}) as doors,
        ThreadPoolExecutor(len(hows)) as pool,
    ):
        found = pool.map(
            _answered, [doors.get(h, apps[h]) for h in hows], apps.values()
        )
        return dict(zip(hows, found, strict=True))


def _answered(door: Address, app: Address) -> list[int]:
    counts = []
    for way in WAYS:
        counts.append(answered(door, way, SLOW))
        recovered(app)
    return counts
