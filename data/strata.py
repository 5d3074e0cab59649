"""Orders slices within each stratum (class x plane), so that parts of them keep its proportions.

The order is a seeded hash of the ids: a slice that is added to the data moves at most one other
across a border, where a shuffle would redraw everything.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Sequence

from data.layout import Slice


def strata(slices: Iterable[Slice], seed: int) -> list[list[Slice]]:
    """The strata, each in its seeded order."""
    # Planes first: a limit that cuts a turn short then still has every class.
    found: dict[tuple[str, str], list[Slice]] = defaultdict(list)
    for item in slices:
        found[item.plane, item.label].append(item)
    return [sorted(found[key], key=lambda item: rank(item.id, seed)) for key in sorted(found)]


def limited(slices: Sequence[Slice], limit: int | None, seed: int) -> list[Slice]:
    """At most ``limit`` of ``slices``, taking turns over the strata; ``None``: all of them."""
    if limit is None or len(slices) <= limit:
        return list(slices)
    # Taking turns keeps every class as long as the limit allows.
    kept: list[Slice] = []
    groups = strata(slices, seed)
    for position in range(max(map(len, groups))):
        kept += [stratum[position] for stratum in groups if position < len(stratum)]
    return kept[:limit]


def head(slices: Iterable[Slice], fraction: float, seed: int) -> tuple[list[Slice], list[Slice]]:
    """Takes the first ``fraction`` of each stratum; returns what is taken and what is left.

    A stratum of two slices or more gives one at least, and none gives its last.
    """
    taken: list[Slice] = []
    left: list[Slice] = []
    for stratum in strata(slices, seed):
        # One slice that a stratum has to itself is worth more in train.
        count = min(round(fraction * len(stratum)), len(stratum) - 1)
        if count == 0 and len(stratum) > 1:
            count = 1
        taken += stratum[:count]
        left += stratum[count:]
    return taken, left


def rank(slice_id: str, seed: int) -> bytes:
    """Where a slice stands in its order."""
    return hashlib.sha256(f"{seed}/{slice_id}".encode()).digest()
