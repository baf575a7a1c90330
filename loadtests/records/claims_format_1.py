"""Ledgers of format 1, as this version reads them.

Format 1 recorded a verdict as one sentence, "holds only with luck". Format 2 has the
kind and the condition. This is the only place that takes the sentence apart.
"""

from __future__ import annotations

from typing import Any

# What a sentence of format 1 began with. The longer of two that begin alike is first.
BEGINNINGS = (
    "holds only with",
    "holds",
    "refuted",
    "not testable here",
    "error",
)

Json = dict[str, Any]


def upgraded(ledger: Json) -> Json:
    """The ledger in format 2; what is malformed is left for the reader to refuse."""
    ledger = {**ledger, "format": 2}
    if isinstance(verdicts := ledger.get("verdicts"), list):
        ledger["verdicts"] = [_verdict(one) for one in verdicts]
    return ledger


def _verdict(one: Any) -> Any:
    if not isinstance(one, dict) or not isinstance(one.get("verdict"), str):
        return one
    words = one["verdict"]
    for kind in BEGINNINGS:
        if f"{words} ".startswith(f"{kind} "):
            return one | {"kind": kind, "condition": words[len(kind) :].strip()}
    return one | {"kind": words}
