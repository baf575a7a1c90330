"""Where packages come from: pins with hashes, installed as such, and no addresses."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from loadtests import ROOT

LOCK = ROOT / "requirements.lock"
PIN = re.compile(r"[A-Za-z0-9._-]+(\[[a-z0-9,-]+\])?==[^\s;]+( ; [^\\]+)?")
HASH = re.compile(r"--hash=sha256:[0-9a-f]{64}")
# Of whom packages are asked, is the affair of whoever installs them.
HOST = re.compile(r"(pypi|pythonhosted|npmjs|crates|unpkg|jsdelivr)[.](org|com|net|io)")
ADDRESS = re.compile(r"://|--(extra-)?index-url|--find-links|--trusted-host| @ ")
THAT_INSTALL = ("requirements.lock", "Makefile", ".ci/run", ".ci/package")
FOLDERS = ("wsgi_app", "asgi_app", "loadtests", "tests", "docs", ".ci", ".github")
TEXTS = {".py", ".md", ".yml", ".json", ".css", ".js", ".html", ".svg", ""}
BESIDE = (
    "README.md",
    "CHANGELOG.md",
    "pyproject.toml",
    "requirements.lock",
    "Makefile",
)


def pins(text: str) -> Iterator[tuple[str, list[str]]]:
    """Each requirement of a lock file, and the options that follow it."""
    joined = re.sub(r"\\\n", " ", text)
    for line in joined.splitlines():
        if line.strip() and not line.lstrip().startswith("#"):
            pin, *options = re.split(r"\s+(?=--)", line.strip())
            yield pin, options


def without_hash(text: str) -> list[str]:
    return [
        pin
        for pin, options in pins(text)
        if not PIN.fullmatch(pin)
        or not options
        or not all(map(HASH.fullmatch, options))
    ]


def files() -> Iterator[Path]:
    """The texts of the project, as far as they are no runs."""
    for folder in FOLDERS:
        for path in sorted((ROOT / folder).rglob("*")):
            if path.suffix in TEXTS and path.is_file():
                yield path
    yield from (ROOT / name for name in BESIDE)


def test_every_pin_has_a_version_and_hashes() -> None:
    found = [*pins(LOCK.read_text())]
    assert len(found) > 100
    assert without_hash(LOCK.read_text()) == []


@pytest.mark.parametrize(
    "line",
    [
        "h11==0.16.0",
        "h11>=0.16.0 \\\n    --hash=sha256:" + "0" * 64,
        "h11==0.16.0 \\\n    --hash=md5:" + "0" * 32,
        "h11 @ file:///h11.whl \\\n    --hash=sha256:" + "0" * 64,
        "--index-url=somewhere",
    ],
)
def test_pin_without_a_version_or_hashes_is_found(line: str) -> None:
    good = "a==1 ; sys_platform == 'win32' \\\n    --hash=sha256:" + "0" * 64
    assert without_hash(f"# of uv\n{good}\n    # via b\n{line}\n") != []
    assert without_hash(good) == []


def test_make_installs_nothing_but_the_pins() -> None:
    """--require-hashes refuses a package whose hash is not there or another."""
    text = re.sub(r"\\\n\s*", "", (ROOT / "Makefile").read_text())
    installs = [line for line in text.splitlines() if " -m pip " in line]
    assert len(installs) == 1
    words = installs[0].split()
    assert {"install", "--require-hashes", "--no-deps"} <= {*words}
    assert words[-2:] == ["-r", "requirements.lock"]


@pytest.mark.parametrize("name", THAT_INSTALL)
def test_what_installs_names_no_address(name: str) -> None:
    assert ADDRESS.findall((ROOT / name).read_text()) == []


def test_no_text_names_the_host_of_a_registry() -> None:
    named = [path for path in files() if HOST.search(path.read_text("utf-8"))]
    assert named == []
    assert HOST.search(f"https://files.python{'hosted.org'}/packages/h11.whl")
