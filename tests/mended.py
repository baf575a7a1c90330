"""What to edit when a server does not show a fault any more."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version

from loadtests.catalog.faults import FAULTS, Deviates, Fault


def mended(fault: Fault, stack_id: str, now: str) -> str:
    """For a failed test: what changed, and where."""
    versions = {name: (seen, installed(name)) for name, seen in fault.versions.items()}
    changed = [
        f"{n} {was} is now {now}" for n, (was, now) in versions.items() if was != now
    ]
    if not changed:
        why = "The versions are the same: look for the reason here"
    else:
        why = f"Of its packages, {', '.join(changed)}"
    return (
        f"{stack_id} does not show the known fault {fault.id!r} any more: {now}. "
        f"{why}. If it is mended, strike {stack_id} from it in "
        f"loadtests/catalog/faults.py{_as_well(fault)}. Then run `make readme`."
    )


def _as_well(fault: Fault) -> str:
    if not isinstance(fault.found, Deviates):
        return ""
    return (
        f", and {fault.found.name!r} from the deviations in loadtests/catalog/stacks/"
    )


def of_deviation(stack_id: str, name: str) -> Fault | None:
    """The fault that a deviation is, if it is one."""
    for fault in FAULTS.values():
        found = fault.found
        if (
            isinstance(found, Deviates)
            and found.name == name
            and stack_id in found.stacks
        ):
            return fault
    return None


def installed(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "not installed"
