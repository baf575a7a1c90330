"""What the README shows is what there is."""

from __future__ import annotations

import inspect
import re

import asgi_app.main
import wsgi_app.main
from loadtests import ROOT
from loadtests.commands.targets import TARGETS

README = (ROOT / "README.md").read_text()
MAKEFILE = (ROOT / "Makefile").read_text()


def test_readme_shows_both_hello_functions_as_they_are() -> None:
    assert inspect.getsource(wsgi_app.main.hello) in README
    assert inspect.getsource(asgi_app.main.hello) in README


def test_table_of_targets_has_every_target() -> None:
    phony = re.search(r"\.PHONY:((?:.*\\\n)*.*)", MAKEFILE)
    assert phony
    assert {*TARGETS, "typed"} == set(phony.group(1).replace("\\", " ").split())
