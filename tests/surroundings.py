"""An environment in which nearly everything says something else than we do, and a look
at what was started in it."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from pathlib import Path

import psutil

from loadtests.servers.listening import places_of

# What the kernel may hold of an answer for a client (tcp(7), tcp_wmem), at most.
SEND_BUFFER = int(Path("/proc/sys/net/ipv4/tcp_wmem").read_text().split()[2])
FAKE = "this is not the package that is installed"
# curl, requests and others read the small letters, some of them the capitals too.
_SMALL = ("http_proxy", "https_proxy", "all_proxy")
PROXIES = (*_SMALL, *map(str.upper, _SMALL))


def odd_environment(packages: Path, port: int) -> dict[str, str]:
    """Variables that change servers, Locust, Python or who asks a proxy. `packages` is
    filled with fakes. A server that obeys would listen on `port`, where no proxy is."""
    for name in ("gunicorn", "uvicorn", "granian", "locust"):
        (packages / name).mkdir(parents=True)
        (packages / name / "__init__.py").write_text(f"raise SystemExit({FAKE!r})\n")
    return {
        "PORT": str(port),
        "WEB_CONCURRENCY": "5",
        "FORWARDED_ALLOW_IPS": "*",
        "GUNICORN_CMD_ARGS": f"--bind=0.0.0.0:{port} --workers=5",
        "UVICORN_HOST": "0.0.0.0",
        "UVICORN_PORT": str(port),
        "GRANIAN_HOST": "0.0.0.0",
        "GRANIAN_PORT": str(port),
        "GRANIAN_WORKERS": "5",
        "LOCUST_HOST": f"http://127.0.0.1:{port}",
        "LOCUST_RUN_TIME": "1s",
        "LOCUST_LOCUSTFILE": "none.py",
        "PYTHONPATH": str(packages),
        "PYTHONSTARTUP": str(packages / "gunicorn/__init__.py"),
        "PYTHONASYNCIODEBUG": "1",
        "TRACE_APP": "none:app",
        **dict.fromkeys(PROXIES, f"http://127.0.0.1:{port}"),
        "no_proxy": "none.example",
        "NO_PROXY": "none.example",
    }


def working_in(folder: Path) -> list[psutil.Process]:
    """The living processes whose working folder is in that one."""
    found = []
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error):
            if process.status() == psutil.STATUS_ZOMBIE:
                continue
            if Path(process.cwd()).is_relative_to(folder):
                found.append(process)
    return found


@dataclass(frozen=True)
class Family:
    """A process, and all that it has started."""

    pid: int

    def members(self) -> list[psutil.Process]:
        first = psutil.Process(self.pid)
        return [first, *first.children(recursive=True)]


def listened_on(pid: int) -> set[str]:
    """Where that process, and all that it has started, take connections. A look is
    quick, beside thousands of connections too: some servers are there for a second."""
    return {at for at, _ in places_of(Family(pid))}
