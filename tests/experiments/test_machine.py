"""What a run says of the machine that it was measured on."""

from __future__ import annotations

import dataclasses
from importlib.metadata import version

import pytest

from loadtests import ROOT
from loadtests.catalog import stacks
from loadtests.experiments.machine import environment
from loadtests.experiments.your_app import Seen
from loadtests.records.run import Wheel
from loadtests.servers.apps import look_at_app


def test_package_that_is_not_installed_is_left_out(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The stacks that do without it can be measured."""
    monkeypatch.setattr(stacks, "packages", lambda: ("no-such-server", "gunicorn"))
    packages = environment(ROOT).packages
    assert "gunicorn" in packages
    assert "no-such-server" not in packages


def test_wheels_of_what_serves_measures_and_parses_are_recorded() -> None:
    found = environment(ROOT)
    assert found.wheels["gunicorn"] == Wheel(version("gunicorn"), "py3-none-any")
    assert found.wheels["uvloop"].tag.endswith(("x86_64", "aarch64"))
    assert found.wheels["wsproto"].version == version("wsproto")
    assert {*stacks.packages(), "locust", "flask"} <= {
        *found.wheels,
        *look_at_app._PARTS,
    }
    assert all(
        found.packages.get(n, one.version) == one.version
        for n, one in found.wheels.items()
    )


def test_wheels_of_an_app_are_those_of_its_own_python() -> None:
    seen = Seen("shop:app", "wsgi", False, "3.9.1", {"gunicorn": "20.1"})
    its = {"gunicorn": {"version": "20.1", "tag": "py3-none-any"}}
    for wheels, name in (({}, {"locust"}), (its, {"locust", "gunicorn"})):
        found = environment(ROOT, dataclasses.replace(seen, wheels=wheels)).wheels
        assert {*found} == name
    assert found["gunicorn"] == Wheel("20.1", "py3-none-any")


@pytest.mark.parametrize(
    ("tags", "says"),
    [
        (["py3-none-any"], "py3-none-any"),
        (["py2-none-any", "py3-none-any"], "py2.py3-none-any"),
        (
            ["cp311-cp311-manylinux_2_17_x86_64", "cp311-cp311-manylinux2014_x86_64"],
            "cp311-cp311-manylinux_2_17_x86_64",
        ),
        (["cp39-abi3-linux_x86_64"], "cp39-abi3-linux_x86_64"),
        (["odd"], ""),
        ([], ""),
    ],
)
def test_tag_is_that_of_the_name_of_the_wheel(tags: list[str], says: str) -> None:
    lines = ["Wheel-Version: 1.0", *(f"Tag: {tag}" for tag in tags), "", "xTag: a-b-c"]
    assert look_at_app._tag("\n".join(lines)) == says
