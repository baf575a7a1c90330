"""A phase map for tests."""

from __future__ import annotations

from loadtests.records.phase_map import Ended, PhaseMap
from loadtests.records.run import Environment


def phase_map(environment: Environment) -> PhaseMap:
    """Of one stack, with each of the things that can become of a connection."""
    ended = [
        Ended("wsgi-gunicorn-sync", "silent", 30.4, "500"),
        Ended("wsgi-gunicorn-sync", "head", 4.0, "reset"),
        Ended("wsgi-gunicorn-sync", "response", 31.0),
        Ended("wsgi-waitress", "silent", None),
        Ended("wsgi-waitress", "head", None),
    ]
    return PhaseMap("2026-11-29T00:40:00+00:00", environment, 90.0, ended)
