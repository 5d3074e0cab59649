"""Divides slices into train, val and test, stratified and reproducible."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from data import naming
from data.config import SplitConfig
from data.errors import InputError
from data.layout import CLASSIFICATION, Slice

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


def require_trainable(parts: Mapping[str, Sequence[Slice]], root: Path) -> None:
    """Checks that train and test hold every class, and val anything.

    Args:
        parts: What ``assign`` returned.
        root: The data set's folder, for the error.

    Raises:
        InputError: One of them does not.
    """
    for split in ("train", "test"):
        present = {item.label for item in parts[split]}
        for label in naming.CLASSES:
            if label not in present:
                raise InputError(
                    root / CLASSIFICATION / split / label,
                    "the class has no usable image",
                    "Put its images there: training and its gate need every class in both parts",
                )
    if not parts["val"]:
        raise InputError(
            root / CLASSIFICATION / "train",
            "there are too few images to take a val split from them",
            "Add images, or raise split.limit or split.validation_fraction",
        )


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
    # Planes first: a limit that cuts a turn short then still has every class.
    strata: dict[tuple[str, str], list[Slice]] = defaultdict(list)
    for item in slices:
        strata[item.plane, item.label].append(item)
    return [sorted(strata[key], key=lambda item: _rank(item.id, seed)) for key in sorted(strata)]


def _rank(slice_id: str, seed: int) -> bytes:
    return hashlib.sha256(f"{seed}/{slice_id}".encode()).digest()
