"""What a run was measured on: the machine and the versions, as a reader needs them."""

from __future__ import annotations

import platform
import resource
import subprocess
from importlib.metadata import version
from pathlib import Path

import psutil

from loadtests.catalog import stacks
from loadtests.records.run import Environment
from loadtests.servers.programs import versions_of_programs

# What measures, and the frameworks whose costs are measured.
_BESIDE = ("locust", "flask", "werkzeug", "starlette", "fastapi", "pydantic")


def environment(root: Path) -> Environment:
    """This machine and interpreter, the versions installed, the project's revision."""
    return Environment(
        python=platform.python_version(),
        kernel=f"{platform.system()} {platform.release()}",
        cpu=_cpu_model(),
        cpus=len(psutil.Process().cpu_affinity() or ()) or 1,
        memory_mb=psutil.virtual_memory().total // 1024**2,
        nofile_limit=resource.getrlimit(resource.RLIMIT_NOFILE)[0],
        revision=_revision(root),
        packages={
            **{name: version(name) for name in (*stacks.packages(), *_BESIDE)},
            **versions_of_programs(),
        },
    )


def _cpu_model() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        name, _, value = line.partition(":")
        if name.strip() == "model name":
            return value.strip()
    return platform.machine()


def _revision(root: Path) -> str:
    """The commit, with a plus sign if the tree differs; "unknown" outside git."""
    try:
        described = subprocess.run(
            ["git", "describe", "--always", "--dirty=+", "--abbrev=10"],
            cwd=root,
            capture_output=True,
            text=True,
            check=True,
        )
    except (OSError, subprocess.CalledProcessError):
        return "unknown"
    return described.stdout.strip()
