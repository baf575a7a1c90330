"""A disk of its own for the reports of a clone: full, without inodes, or read-only.

The one rule: nobody else sees it. It is mounted in a mount namespace, which lives as
long as one process of ours, and all that is run on it enters that namespace.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

_CAN = (
    os.geteuid() == 0
    and shutil.which("unshare") is not None
    and subprocess.run(["unshare", "-m", "true"], capture_output=True).returncode == 0
)
needs_mounts = pytest.mark.skipif(
    not _CAN, reason="a disk is mounted by root, where mount namespaces are allowed"
)
# Mounts, says so, and stays until its input ends.
_HOLDS = 'mount $1 "$0" && echo there && exec cat'


@dataclass(frozen=True)
class Namespace:
    """The process that holds it, and the project that is looked at in it."""

    pid: int
    project: Path

    @property
    def seen(self) -> Path:
        """The project as it is in there, for those outside."""
        return Path(f"/proc/{self.pid}/root") / self.project.relative_to("/")

    def words(self, *words: str, around: str = "") -> list[str]:
        """What runs a command in there, perhaps after something else of a shell."""
        there = ["bash", "-c", f'cd "$0" && {around} exec "$@"', str(self.project)]
        return [*self._entered, *there, *words]

    @property
    def _entered(self) -> list[str]:
        return ["nsenter", f"--target={self.pid}", "--mount", "--"]

    def mount(self, options: str, at: Path) -> bool:
        """Change how it is mounted; False while something is open for writing."""
        argv = [*self._entered, "mount", "-o", options, str(at)]
        return subprocess.run(argv, capture_output=True).returncode == 0


@contextlib.contextmanager
def mounted(project: Path, at: Path, options: str) -> Iterator[Namespace]:
    """The namespace with that mount in it, for as long as the block runs."""
    at.mkdir(exist_ok=True)
    with subprocess.Popen(
        ["unshare", "--mount", "bash", "-c", _HOLDS, str(at), options],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as holder:
        assert holder.stdout
        assert holder.stdout.readline() == b"there\n"
        yield Namespace(holder.pid, project)
