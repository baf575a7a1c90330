"""A name that nobody knows: which known names are near to it."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

_SIMILAR = 0.6  # difflib's own limit
_AS_NEAR = 0.03  # names this close to the best are as likely as the best
_MOST = 3
_LONGEST = 80  # difflib takes the square of it


def nearest(name: str, known: Iterable[str]) -> list[str]:
    """The known names most like `name`, best first; none where none is like it.

    A name that begins another comes first: SCENARIO for SCENARIOS, WORKER_CLASS for
    WORKER. So does the same name in other letters: `stacks` for STACKS.
    """
    wanted = name[:_LONGEST].casefold()
    by_fold = {one.casefold(): one for one in known}
    begun = [
        f for f in by_fold if wanted and (f.startswith(wanted) or _begins(f, wanted))
    ]
    if begun:
        return [by_fold[min(begun, key=lambda f: abs(len(f) - len(wanted)))]]
    found = difflib.get_close_matches(wanted, by_fold, _MOST, _SIMILAR)
    best = max((_ratio(wanted, fold) for fold in found), default=0.0)
    return [by_fold[f] for f in found if _ratio(wanted, f) >= best - _AS_NEAR]


def unknown(kind: str, name: str, known: Iterable[str], listed: str = "") -> str:
    """The line for a name that does not exist: the nearest ones, and how to list all.

    `listed` says how to list them. Without it the line lists them itself.
    """
    names = list(known)
    near = " or ".join(nearest(name, names))
    meant = f" did you mean {near}?" if near else ""
    every = listed or f"there are {', '.join(names)}"
    shown = name if len(name) <= _LONGEST else f"{name[:_LONGEST]}..."
    return f"no {kind} {shown!r}:{meant} {every}"


def _begins(known: str, wanted: str) -> bool:
    """Whether `wanted` is a known name and a word more."""
    return wanted.startswith((f"{known}_", f"{known}-"))


def _ratio(one: str, other: str) -> float:
    # In the order of get_close_matches: the measure is not quite symmetric.
    return difflib.SequenceMatcher(None, other, one).ratio()
