"""Compares the slices that look alike, and no more of those that many copies connect already.

The pairs within a group of copies grow with the square of its size, and tell nothing new once
the group is known: what is a copy of a copy is a copy. So the likest candidates are compared
first, and the rest only where they are not within one large group.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from data.audit.candidates import Candidates, find_candidates
from data.audit.kinds import COARSE_SIDE, COPY, Verdicts, judge, shrink
from data.audit.orientations import describe

LEAST_LIKENESS = 0.945
"""Of the descriptors of a pair that is looked at more closely."""
FIRST = 4
"""Candidates of each slice that are compared in any case, the likest: they connect its group."""
MOST = 32
"""Candidates of each slice that are compared at all, of all orientations together."""
LARGE = 32
"""Copies of one slice beyond which not every pair of them is compared."""

Bytes = NDArray[np.uint8]
Floats = NDArray[np.float32]
Ints = NDArray[np.int64]
Mask = NDArray[np.bool_]


def match(
    heads: Bytes,
    inside: Floats,
    progress: Callable[[str, int], Callable[[int], None]] | None = None,
) -> tuple[Candidates, Verdicts]:
    """Finds the candidates and compares them.

    Args:
        heads, inside: From ``thumbnails.head_thumbnail``, of all slices.
        progress: As of ``pairs.find_pairs``.

    Returns:
        The candidates that were compared, and what became of each. Only within groups of more
        than ``LARGE`` copies some are missing, which the others connect.
    """
    candidates = find_candidates(describe(shrink(heads, COARSE_SIDE)), LEAST_LIKENESS)
    rank = _rank(candidates, len(heads))
    candidates, rank = candidates.of(rank < MOST), rank[rank < MOST]
    advance = progress("comparing", len(rank)) if progress is not None else None
    early = rank < FIRST
    first = candidates.of(early)
    seen = judge(heads, inside, first, advance)
    late = candidates.of(~early)
    open_ = ~_settled(late, first, seen, len(heads))
    if advance is not None:
        advance(int((~open_).sum()))
    late = late.of(open_)
    return first + late, seen + judge(heads, inside, late, advance)


def _rank(candidates: Candidates, count: int) -> Ints:
    """How many candidates of a slice are likelier, for whichever slice has fewer; int64 [rows]."""
    rows = len(candidates.first)
    slices = np.concatenate((candidates.first, candidates.second))
    order = np.lexsort((-np.tile(candidates.likeness, 2), slices))
    starts = np.searchsorted(slices[order], np.arange(count))
    rank = np.empty(2 * rows, np.int64)
    rank[order] = np.arange(2 * rows) - starts[slices[order]]
    return np.minimum(rank[:rows], rank[rows:])


def _settled(asked: Candidates, known: Candidates, seen: Verdicts, count: int) -> Mask:
    """Which lie within one large group of the copies among ``known``; bool [rows]."""
    copies = np.nan_to_num(seen.detail, nan=-1) >= COPY
    ends = known.first[copies], known.second[copies]
    edges = coo_array((np.ones(len(ends[0]), bool), ends), shape=(count, count))
    _, group = connected_components(edges, directed=False)
    large = np.bincount(group, minlength=1) > LARGE
    one, other = group[asked.first], group[asked.second]
    within: Mask = (one == other) & large[one]
    return within
