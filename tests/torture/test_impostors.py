"""Somebody else listens on the server's port at any moment: the cell does not count."""

from __future__ import annotations

from pathlib import Path

import pytest

from loadtests.catalog.stacks import STACKS, Stack
from loadtests.servers import processes
from loadtests.servers.processes import Guard
from tests.conftest import needs
from tests.experiments.test_broken_servers import impostor_after, see_that_it_is_void
from tests.servers.test_impostors import sharing
from tests.torture.conftest import Tell

BEHIND_NGINX = "wsgi-gunicorn-sync-nginx"

# From the first healthy request on. Where nothing goes wrong, a cell takes 10 s.
MOMENTS_S = (0.0, 0.8, 1.6, 3.0, 5.0)
# The first shares its port unasked. nginx does not, but the server behind it may.
SHARING = (
    STACKS["asgi-granian"],
    pytest.param(sharing(BEHIND_NGINX), marks=needs(BEHIND_NGINX)),
)


@pytest.mark.parametrize("after_s", MOMENTS_S)
@pytest.mark.parametrize("stack", SHARING)
def test_impostor_voids_its_cell(
    stack: Stack,
    after_s: float,
    guard: Guard,
    tmp_path: Path,
    tell: Tell,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(processes, "PATIENCE_S", 1.0)  # a held server ends no sooner
    see_that_it_is_void(impostor_after(after_s, stack, tmp_path, guard))
    tell(
        "an impostor is never measured",
        f"a foreign process that shares the port (SO_REUSEPORT) at {len(MOMENTS_S)} "
        "moments of a cell, also the port behind nginx",
        "each of these cells was void, and named the process",
    )
