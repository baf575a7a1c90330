"""Behaviour grids made by hand, for tests of what reads one."""

from __future__ import annotations

import dataclasses

from loadtests.records.behaviours import Behaviour, Behaviours
from tests import runs

GUNICORN, UVICORN, H11 = "wsgi-gunicorn-sync", "asgi-uvicorn", "asgi-uvicorn-h11"
PACKAGES = {"gunicorn": "27.0.1", "uvicorn": "0.54.0", "httptools": "0.9.0"}


def answered(
    stack: str, row: str, *statuses: int, saw: str = "", after: str = ""
) -> Behaviour:
    return Behaviour(stack, row, "answered", [*statuses], saw, after)


def grid(*behaviours: Behaviour, python: str = "3.11.7", **packages: str) -> Behaviours:
    on = dataclasses.replace(
        runs.ENVIRONMENT, python=python, packages={**PACKAGES, **packages}
    )
    return Behaviours("2026-11-29T02:58:00+00:00", on, [*behaviours])
