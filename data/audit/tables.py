"""How many slices there are of each class, plane and tumour size, in each official part."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from data import naming
from data.layout import Slice

SIZES = ("small", "medium", "large")
Counts = dict[str, dict[str, dict[str, int]]]


@dataclass(frozen=True)
class Tables:
    """Counts of slices.

    Attributes:
        planes: By official part, class and plane.
        sizes: By official part, tumour class and size.
        tertiles: Tumour areas between the sizes, in percent of the slice, from the train part;
            ``None`` where that has no tumour.
    """

    planes: Counts
    sizes: Counts
    tertiles: tuple[float, float] | None


def tabulate(slices: Sequence[Slice], areas: Mapping[str, float]) -> Tables:
    """Counts ``slices``; ``areas`` are the shares of the slices that are tumour, by id."""
    train = [areas[s.id] for s in slices if s.official_split == "train" and s.id in areas]
    tertiles = np.quantile(train, (1 / 3, 2 / 3)) * 100 if train else None
    planes = _zeros(naming.CLASSES, naming.PLANES)
    sizes = _zeros(naming.TUMOR_CLASSES, SIZES)
    for item in slices:
        planes[item.official_split][item.label][item.plane] += 1
        if tertiles is not None and item.id in areas:
            size = SIZES[int(np.searchsorted(tertiles, 100 * areas[item.id], side="right"))]
            sizes[item.official_split][item.label][size] += 1
    limits = None if tertiles is None else (float(tertiles[0]), float(tertiles[1]))
    return Tables(planes, sizes, limits)


def _zeros(rows: Sequence[str], columns: Sequence[str]) -> Counts:
    return {
        split: {row: dict.fromkeys(columns, 0) for row in rows} for split in naming.OFFICIAL_SPLITS
    }
