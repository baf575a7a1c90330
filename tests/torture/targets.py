"""Which targets start servers or clients, how each is tried, and why others are not."""

from __future__ import annotations

import sys

# An app and a server of somebody else, in the folder of the project.
SHOP = """
def app(environ, start_response):
    start_response("200 OK", [("Content-Length", "2")])
    return [b"ok"]
"""
SHOP_FILE = "shop.py"
_CMD = f"CMD={sys.executable} -m gunicorn -b 127.0.0.1:$PORT shop:app"
_LOAD = "load PROFILE=smoke"

# What is typed after make; @ stands for a free port.
STARTED: dict[str, tuple[str, ...]] = {
    "serve-wsgi": ("serve-wsgi PORT=@",),
    "serve-asgi": ("serve-asgi PORT=@ TRACE=1",),
    "serve": ("serve PORT=@ STACK=asgi-uvicorn-nginx",),
    "trace": ("trace",),
    "load": (
        _LOAD,
        f"{_LOAD} STACKS=wsgi-gunicorn-sync-nginx SCENARIOS=slow-body",
        f"{_LOAD} STACKS=asgi-uvicorn SCENARIOS=backend-wait",
        f"{_LOAD} STACKS=wsgi-waitress APP=shop:app",
        f"{_LOAD} STACKS=asgi-gunicorn FLEET=1 BIND=127.0.0.1",
    ),
    "gate": ("gate PROFILE=smoke STACKS=asgi-granian FAIL_UNDER=slow-body=1",),
    "validate": ("validate N=1 SEED=1",),
    "doctor": (f"doctor {_CMD}", "doctor STACKS=asgi-hypercorn SCENARIOS=slow-body"),
    "claims": ("claims ONLY=fastapi-def-may-block",),
    "phases": ("phases STACKS=asgi-daphne OUT=out",),
    "behaviours": ("behaviours STACKS=wsgi-uwsgi OUT=out",),
    "bench": ("bench STACKS=asgi-uvicorn ROUNDS=1",),
}
_READS = "reads what is stored, and starts nothing"
_PRINTS = "prints what the project has, and starts nothing"
_TOOLS = "runs a tool that is not ours, which serves nothing"
NOT_STARTED: dict[str, str] = {
    **dict.fromkeys(
        ("report", "compare", "scale", "audit", "example", "readme"), _READS
    ),
    **dict.fromkeys(("help", "stacks", "diff"), _PRINTS),
    **dict.fromkeys(("lint", "check", "format", "lock", "install", "clean"), _TOOLS),
    "test": "takes minutes; tests start what these targets start, and their own fakes",
    "torture": "is this",
    "fleet-worker": "connects to the master of load FLEET=, and listens nowhere",
}


def words_of(command: str, port: int) -> list[str]:
    """What make is called with: CMD= has blanks in it, and is the last."""
    before, cmd, rest = command.replace("@", str(port)).partition(" CMD=")
    return ["make", *before.split(), *([f"CMD={rest}"] if cmd else [])]
