"""Finds the pairs of slices that look alike, without comparing all with all.

An inverted file (Sivic and Zisserman, "Video Google", ICCV 2003; Jégou et al., "Product
quantization for nearest neighbor search", TPAMI 33, 2011) in plain numpy: descriptors are sorted
into cells, and each is compared with those of the cells nearest to it, by matrix products. The
cells grow in number with the data and not in size, so the cost is near-linear; small sets have
so few cells that all are looked into and the search is exhaustive.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from data.audit.orientations import ORIENTATIONS

CELL = 256
"""Descriptors a cell, on average."""
PROBES = 8
"""Cells that a descriptor is compared with."""
MOST = 32
"""Candidates a slice and orientation, the best: bounds the work where many slices are alike."""
_BLOCK = 1024
"""Queries at a time: their products with a cell stay in the processor's cache."""

Floats = NDArray[np.float32]
Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Candidates:
    """Pairs that look alike; a pair once for each orientation in which it does.

    Blurred heads are all but symmetric: only the verification can tell which one it is.

    Attributes:
        first, second: int64 [rows], positions of the slices; first < second.
        orientation: int64 [rows], index into ``ORIENTATIONS``: how the second slice has to be
            turned to look like the first.
        likeness: float32 [rows], dot product of the descriptors then.
    """

    first: Ints
    second: Ints
    orientation: Ints
    likeness: Floats

    def of(self, rows: NDArray[np.bool_]) -> Candidates:
        """Those ``rows``."""
        return Candidates(*(getattr(self, item.name)[rows] for item in fields(self)))

    def __add__(self, other: Candidates) -> Candidates:
        """Both, one behind the other."""
        columns = ((getattr(self, f.name), getattr(other, f.name)) for f in fields(self))
        return Candidates(*(np.concatenate(column) for column in columns))


def find_candidates(descriptors: Floats, least: float, seed: int = 0) -> Candidates:
    """Lists the pairs whose descriptors correlate in any of the eight orientations.

    Args:
        descriptors: float32 [slices, features], from ``orientations.describe``.
        least: Smallest dot product, 0 to 1.
        seed: Decides where the cells are.
    """
    cells = _Cells(descriptors, np.random.default_rng(seed))
    found = []
    for number, orientation in enumerate(ORIENTATIONS):
        turned, still, likeness = cells.search(orientation.describe(descriptors), least)
        # What turns the one into the other is undone for the other into the one.
        seen = np.where(still > turned, _inverse(number), number)
        pair = np.minimum(turned, still), np.maximum(turned, still)
        found.append((*pair, seen, likeness))
    first, second, index, likeness = (np.concatenate(part) for part in zip(*found, strict=True))
    order = np.lexsort((index, second, first))
    first, second, index = first[order], second[order], index[order]
    fresh = np.ones(len(order), bool)
    fresh[1:] = (np.diff(first) != 0) | (np.diff(second) != 0) | (np.diff(index) != 0)
    return Candidates(first[fresh], second[fresh], index[fresh], likeness[order][fresh])


class _Cells:
    """The inverted file: which descriptors lie nearest to which centre."""

    def __init__(self, descriptors: Floats, rng: np.random.Generator) -> None:
        self.descriptors = descriptors
        self.centres = _centres(descriptors, max(1, len(descriptors) // CELL), rng)
        home = np.argmax(descriptors @ self.centres.T, axis=1)
        order = np.argsort(home, kind="stable")
        starts = np.searchsorted(home[order], np.arange(len(self.centres) + 1))
        self.members = [order[a:b] for a, b in itertools.pairwise(starts)]

    def search(self, queries: Floats, least: float) -> tuple[Ints, Ints, Floats]:
        """Pairs (query, descriptor) of different slices, with their dot products."""
        probes = min(PROBES, len(self.centres))
        visits = _nearest(queries, self.centres, probes).ravel()
        order = np.argsort(visits, kind="stable")
        starts = np.searchsorted(visits[order], np.arange(len(self.centres) + 1))
        found = [(np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0, np.float32))]
        for members, start, end in zip(self.members, starts[:-1], starts[1:], strict=True):
            own = self.descriptors[members]
            for at in range(start, end, _BLOCK):
                asking = order[at : min(at + _BLOCK, end)] // probes
                product = queries[asking] @ own.T
                # Flat: numpy finds those several times faster than rows and columns.
                row, column = np.divmod(np.flatnonzero(product >= least), len(members))
                apart = asking[row] != members[column]
                row, column = row[apart], column[apart]
                found.append((asking[row], members[column], product[row, column]))
        query, member, likeness = (np.concatenate(part) for part in zip(*found, strict=True))
        return _best(query, member, likeness)


def _best(query: Ints, member: Ints, likeness: Floats) -> tuple[Ints, Ints, Floats]:
    """The ``MOST`` likest members of each query."""
    # One key sorts several times faster than two: the query, and the likeness as its fraction.
    order = np.argsort(query + (1 - likeness.astype(np.float64)) / 4, kind="stable")
    query, member, likeness = query[order], member[order], likeness[order]
    starts = np.flatnonzero(np.diff(query, prepend=-1))
    length = np.diff(starts, append=len(query))
    kept = np.arange(len(query)) - np.repeat(starts, length) < MOST
    return query[kept], member[kept], likeness[kept]


def _nearest(queries: Floats, centres: Floats, probes: int) -> Ints:
    if probes == len(centres):
        return np.tile(np.arange(probes), (len(queries), 1))
    found = np.empty((len(queries), probes), np.int64)
    for start in range(0, len(queries), _BLOCK):
        product = queries[start : start + _BLOCK] @ centres.T
        every = np.arange(len(product))
        for number in range(probes):
            # A few maxima of a long row are found sooner than its order.
            best = np.argmax(product, axis=1)
            found[start + every, number] = best
            product[every, best] = -np.inf
    return found


def _centres(descriptors: Floats, count: int, rng: np.random.Generator) -> Floats:
    """Spherical k-means on a sample (Dhillon and Modha, Machine Learning 42, 2001)."""
    size = min(len(descriptors), 32 * count)
    sample = descriptors[rng.choice(len(descriptors), size, replace=False)]
    centres = sample[:count].copy()
    for _ in range(4):
        home = np.argmax(sample @ centres.T, axis=1)
        total = np.zeros_like(centres)
        np.add.at(total, home, sample)
        length = np.linalg.norm(total, axis=1, keepdims=True)
        centres = np.where(length > 1e-6, total / np.maximum(length, 1e-6), centres)
    return centres


def _inverse(index: int) -> int:
    orientation = ORIENTATIONS[index]
    # A mirror undoes itself however it is turned; a turn is undone by the rest of the circle.
    return index if orientation.mirrored else -orientation.quarters % 4
