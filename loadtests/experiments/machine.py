"""What a run was measured on: the machine and the versions, as a reader needs them."""

from __future__ import annotations

import contextlib
import platform
import resource
import subprocess
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import psutil

from loadtests import CHECKOUT, __version__
from loadtests.catalog import stacks
from loadtests.experiments.your_app import Seen
from loadtests.records.run import Environment, Wheel
from loadtests.servers.apps import look_at_app
from loadtests.servers.programs import versions_of_programs

# What measures, and the frameworks whose costs are measured.
_MEASURING = ("locust",)
_BESIDE = (*_MEASURING, "flask", "werkzeug", "starlette", "fastapi", "pydantic")


def environment(root: Path, seen: Seen | None = None) -> Environment:
    """This machine and interpreter, the versions installed, the project's revision.

    Of an application of somebody else, the interpreter and the versions are its own.
    """
    return Environment(
        python=seen.python if seen else platform.python_version(),
        kernel=f"{platform.system()} {platform.release()}",
        cpu=_cpu_model(),
        cpus=len(psutil.Process().cpu_affinity() or ()) or 1,
        memory_mb=psutil.virtual_memory().total // 1024**2,
        nofile_limit=resource.getrlimit(resource.RLIMIT_NOFILE)[0],
        revision=_revision(root),
        packages=_packages(seen),
        wheels=_wheels(seen),
    )


def _names(seen: Seen | None) -> tuple[str, ...]:
    """The packages of this interpreter that serve or measure."""
    return _MEASURING if seen else (*stacks.packages(), *_BESIDE)


def _packages(seen: Seen | None) -> dict[str, str]:
    """Without those that are not installed: other stacks may be measured."""
    found = {name: known for name in _names(seen) if (known := _version(name))}
    found |= versions_of_programs()
    return found | {n: v for n, v in (seen.versions if seen else {}).items() if v}


def _wheels(seen: Seen | None) -> dict[str, Wheel]:
    ours = look_at_app.wheels(_names(seen))
    if seen:
        ours = {name: ours[name] for name in _MEASURING if name in ours}
        ours |= {name: dict(wheel) for name, wheel in seen.wheels.items()}
    return {name: Wheel(**wheel) for name, wheel in ours.items()}


def _version(package: str) -> str | None:
    """None where it is not installed, as the frameworks are not beside `slowbench`."""
    with contextlib.suppress(PackageNotFoundError):
        return version(package)
    return None


def _cpu_model() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        name, _, value = line.partition(":")
        if name.strip() == "model name":
            return value.strip()
    return platform.machine()


def _revision(root: Path) -> str:
    """The commit, with a plus sign if the tree differs; "unknown" outside git. The
    version of an installed package, which may lie in a tree of somebody else."""
    if not CHECKOUT:
        return __version__
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
