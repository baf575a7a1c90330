"""The machine and the versions that a run was measured on."""

from __future__ import annotations

from collections.abc import Sequence

from loadtests.records.run import Run
from loadtests.report.blocks import Block, Facts, Section, Source
from loadtests.report.words import amount, count

TITLE = "Machine and versions"


def blocks(source: Source) -> Sequence[Block]:
    return [Facts(machine(source.run) | packages(source.run))]


def packages(run: Run) -> dict[str, str]:
    """Versions, each with the tag of its wheel: `27.0.1 (py3-none-any)`."""
    on = run.environment
    wheels = {name: f"{one.version} ({one.tag})" for name, one in on.wheels.items()}
    return on.packages | wheels


def machine(run: Run) -> dict[str, str]:
    on = run.environment
    known = {
        "CPU": f"{on.cpu}, {amount(on.cpus, 'core')}",
        "memory": f"{count(on.memory_mb)} MB",
        "kernel": on.kernel,
        "open files": count(on.nofile_limit),
        "Python": on.python,
        "project": on.revision,
    }
    return {name: value for name, value in known.items() if value}


SECTION = Section("machine", TITLE, blocks)
