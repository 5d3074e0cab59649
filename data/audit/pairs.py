"""Finds the pairs of slices that are copies or neighbours, each once, as the strongest kind."""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from data.audit.kinds import COPY, NEIGHBOUR
from data.audit.looks import Look
from data.audit.matching import LARGE, match
from data.audit.orientations import ORIENTATIONS

KINDS = ("file", "pixel", "near", "mirrored", "rotated", "neighbour")
"""Strongest first: the same bytes; the same grey pixels; the same slice re-encoded, rescaled,
cropped, or of other brightness; that mirrored left-right; that turned by quarters, mirrored or
not; another slice of the same patient."""
COPIES = KINDS[:-1]


@dataclass(frozen=True)
class Pair:
    """Two slices that are alike.

    Attributes:
        a, b: Their ids; a < b.
        kind: One of ``KINDS``.
        score: Correlation, at most 1: of the fine detail for copies, of the coarse thumbnails
            for neighbours.
    """

    a: str
    b: str
    kind: str
    score: float

    @property
    def is_copy(self) -> bool:
        """Whether both show the same slice."""
        return self.kind in COPIES


def find_pairs(
    ids: Sequence[str],
    looks: Sequence[Look],
    progress: Callable[[str, int], Callable[[int], None]] | None = None,
) -> tuple[Pair, ...]:
    """Lists all copies and neighbours, sorted by ids.

    Of more than ``LARGE`` copies of one slice only so many pairs are listed as connect them.

    Args:
        ids: Of the slices, sorted.
        looks: Their looks, in the same order.
        progress: Called with the number of pairs to compare; returns what is then called with
            the number of those done since the last call.
    """
    found: dict[tuple[int, int], tuple[str, float]] = {}
    if len(ids) > 1:
        found = _alike(looks, progress)
    found |= dict.fromkeys(_same(look.pixel_digest for look in looks), ("pixel", 1.0))
    found |= dict.fromkeys(_same(look.file_digest for look in looks), ("file", 1.0))
    return tuple(
        Pair(ids[first], ids[second], kind, score)
        for (first, second), (kind, score) in sorted(found.items())
    )


def _alike(
    looks: Sequence[Look], progress: Callable[[str, int], Callable[[int], None]] | None
) -> dict[tuple[int, int], tuple[str, float]]:
    heads = np.stack([look.head for look in looks])
    inside = np.stack([look.inside for look in looks])
    candidates, verdicts = match(heads, inside, progress)
    found: dict[tuple[int, int], tuple[str, float]] = {}
    # Rising scores: what is kept is the orientation that fits best.
    for row in np.argsort(verdicts.coarse, kind="stable"):
        if verdicts.coarse[row] >= NEIGHBOUR:
            pair = int(candidates.first[row]), int(candidates.second[row])
            found[pair] = "neighbour", float(verdicts.coarse[row])
    detail = np.nan_to_num(verdicts.detail, nan=-1)
    for row in np.lexsort((-candidates.orientation, detail)):
        if detail[row] >= COPY:
            pair = int(candidates.first[row]), int(candidates.second[row])
            found[pair] = _kind(int(candidates.orientation[row])), min(float(detail[row]), 1.0)
    return found


def _kind(index: int) -> str:
    orientation = ORIENTATIONS[index]
    if orientation.quarters:
        return "rotated"
    return "mirrored" if orientation.mirrored else "near"


def _same(digests: Iterable[bytes]) -> Iterable[tuple[int, int]]:
    groups: dict[bytes, list[int]] = defaultdict(list)
    for position, digest in enumerate(digests):
        groups[digest].append(position)
    for group in groups.values():
        if len(group) <= LARGE:
            yield from itertools.combinations(group, 2)
        else:
            # A thousand empty slices would be half a million pairs; these connect them too.
            yield from itertools.product(group[:1], group[1:])
