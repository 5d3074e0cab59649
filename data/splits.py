"""Divides slices into train, val and test, stratified and reproducible."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Sequence

from data.config import SplitConfig
from data.layout import Slice

SPLITS = ("train", "val", "test")


def assign(slices: Iterable[Slice], config: SplitConfig) -> dict[str, tuple[Slice, ...]]:
    """Returns the slices of each split, by the names in ``SPLITS``.

    Each stratum (class x plane) is ordered by a seeded hash of the slice ids, and val is its
    head. So a slice that is added to the data moves at most one other across the border, where
    a shuffle would redraw the whole split.
    """
    official: dict[str, list[Slice]] = {"train": [], "test": []}
    for item in slices:
        official[item.official_split].append(item)
    train: list[Slice] = []
    val: list[Slice] = []
    for stratum in _strata(_limited(official["train"], config), config.seed):
        # One slice that a stratum has to itself is worth more in train.
        count = min(round(config.validation_fraction * len(stratum)), len(stratum) - 1)
        if count == 0 and len(stratum) > 1:
            count = 1
        val += stratum[:count]
        train += stratum[count:]
    parts = {"train": train, "val": val, "test": _limited(official["test"], config)}
    return {name: tuple(sorted(part, key=lambda item: item.id)) for name, part in parts.items()}


def _limited(slices: Sequence[Slice], config: SplitConfig) -> list[Slice]:
    if config.limit is None or len(slices) <= config.limit:
        return list(slices)
    # Taking turns over the strata keeps every class as long as the limit allows.
    kept: list[Slice] = []
    strata = _strata(slices, config.seed)
    for rank in range(max(map(len, strata))):
        kept += [stratum[rank] for stratum in strata if rank < len(stratum)]
    return kept[: config.limit]


def _strata(slices: Iterable[Slice], seed: int) -> list[list[Slice]]:
    strata: dict[tuple[str, str], list[Slice]] = defaultdict(list)
    for item in slices:
        strata[item.label, item.plane].append(item)
    return [sorted(strata[key], key=lambda item: _rank(item.id, seed)) for key in sorted(strata)]


def _rank(slice_id: str, seed: int) -> bytes:
    return hashlib.sha256(f"{seed}/{slice_id}".encode()).digest()
