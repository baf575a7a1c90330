"""Which cores are the server's, and which the load generator's."""

from __future__ import annotations

import os


def core_shares() -> tuple[frozenset[int], frozenset[int]]:
    """Disjoint cores for generators and server, so that neither slows the other.

    The generators get one core, two where there are four or more; with a single core
    there is nothing to share out.
    """
    cores = sorted(os.sched_getaffinity(0))
    ours = 1 if len(cores) < 4 else 2
    return frozenset(cores[:ours]), frozenset(cores[ours:] or cores)
