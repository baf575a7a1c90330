"""What a run says of the machine that it was measured on."""

from __future__ import annotations

import pytest

from loadtests import ROOT
from loadtests.catalog import stacks
from loadtests.experiments.machine import environment


def test_package_that_is_not_installed_is_left_out(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The stacks that do without it can be measured."""
    monkeypatch.setattr(stacks, "packages", lambda: ("no-such-server", "gunicorn"))
    packages = environment(ROOT).packages
    assert "gunicorn" in packages
    assert "no-such-server" not in packages
