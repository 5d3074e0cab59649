"""Divides slices into train, val and test: reproducible, stratified, and honest about copies."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from data import naming
from data.audit.components import connected
from data.audit.leak import leaks
from data.audit.pairs import Pair
from data.config import SplitConfig
from data.errors import InputError
from data.grouping import group_slices, take_fold
from data.layout import CLASSIFICATION, Slice
from data.strata import head, limited

SPLITS = ("train", "val", "test")
SELF = "self"
"""Leak of a slice that is in train itself."""
_TEST_FOLDS = 5
"""Without cross-validation, a fifth of the groups is test."""


@dataclass(frozen=True)
class Assignment:
    """Which slice is where.

    Attributes:
        parts: The slices of each split, by the names in ``SPLITS``, sorted by id.
        left_out: Slices that none has: copies of test slices under ``deduplicated``.
        leak: What training has of each slice. Of a test slice: ``none``, a ``neighbour`` or a
            ``copy``, in train or in val, which chooses the epoch; of a val slice: the same, in
            train; of a train slice: ``SELF``.
        groups: The group of each slice under ``grouped``, else empty.
    """

    parts: dict[str, tuple[Slice, ...]]
    left_out: tuple[Slice, ...]
    leak: dict[str, str]
    groups: dict[str, str]


def assign(
    slices: Iterable[Slice],
    config: SplitConfig,
    *,
    pairs: Sequence[Pair] = (),
    known: Mapping[str, str] | None = None,
    fold: int = 0,
) -> Assignment:
    """Divides ``slices`` as ``config.strategy`` says.

    Args:
        slices: From ``data.layout.scan``.
        config: Section ``split``.
        pairs: The alike slices that an audit found.
        known: Patients by slice id, for ``grouped``.
        fold: Which part of ``grouped`` is test, from 0.
    """
    official: dict[str, list[Slice]] = {"train": [], "test": []}
    for item in slices:
        official[item.official_split].append(item)
    copies = connected((pair.a, pair.b) for pair in pairs if pair.is_copy)
    left_out: list[Slice] = []
    groups: dict[str, str] = {}
    if config.strategy == "deduplicated":
        train, left_out = _without_copies(official["train"], official["test"], copies)
        test = limited(official["test"], config.limit, config.seed)
        rest = limited(train, config.limit, config.seed)
        own = group_slices(rest, [(group[0], name) for group in copies for name in group[1:]], {})
        val, train = _grouped_val(rest, own, config)
    elif config.strategy == "grouped":
        kept = [
            item for part in official.values() for item in limited(part, config.limit, config.seed)
        ]
        groups = group_slices(kept, ((pair.a, pair.b) for pair in pairs), known or {})
        test, rest = take_fold(kept, groups, config.folds or _TEST_FOLDS, fold, config.seed)
        val, train = _grouped_val(rest, groups, config)
    else:
        test = limited(official["test"], config.limit, config.seed)
        rest = limited(official["train"], config.limit, config.seed)
        val, train = head(rest, config.validation_fraction, config.seed)
    parts = {"train": train, "val": val, "test": test}
    return Assignment(
        parts={name: _by_id(part) for name, part in parts.items()},
        left_out=_by_id(left_out),
        leak=_leak(parts, pairs, copies),
        groups=groups,
    )


def require_trainable(parts: Mapping[str, Sequence[Slice]], root: Path) -> None:
    """Checks that train and test hold every class, and val anything.

    Args:
        parts: Of an ``Assignment``.
        root: The data set's folder, for the error.

    Raises:
        InputError: One of them does not.
    """
    for split in ("train", "test"):
        present = {item.label for item in parts[split]}
        for label in naming.CLASSES:
            if label not in present:
                raise InputError(
                    root / CLASSIFICATION,
                    f"split {split} gets no usable image of class {label}",
                    "Add images of it, of more patients where split.strategy is grouped: training "
                    "and its gate need every class in both",
                )
    if not parts["val"]:
        raise InputError(
            root / CLASSIFICATION,
            "there are too few images to take a val split from them",
            "Add images, or raise split.limit or split.validation_fraction",
        )


def _without_copies(
    train: Iterable[Slice], test: Iterable[Slice], copies: Iterable[tuple[str, ...]]
) -> tuple[list[Slice], list[Slice]]:
    """The slices of ``train`` that are no copy of one in ``test``, and those that are."""
    tested = {item.id for item in test}
    copied = {name for group in copies if not tested.isdisjoint(group) for name in group}
    kept: list[Slice] = []
    left_out: list[Slice] = []
    for item in train:
        (left_out if item.id in copied else kept).append(item)
    return kept, left_out


def _grouped_val(
    slices: Sequence[Slice], groups: Mapping[str, str], config: SplitConfig
) -> tuple[list[Slice], list[Slice]]:
    folds = max(2, round(1 / config.validation_fraction))
    return take_fold(slices, groups, folds, 0, config.seed)


def _leak(
    parts: Mapping[str, Sequence[Slice]], pairs: Sequence[Pair], copies: Sequence[tuple[str, ...]]
) -> dict[str, str]:
    train, val, test = ([item.id for item in parts[name]] for name in SPLITS)
    return (
        dict.fromkeys(train, SELF)
        | leaks(val, train, pairs, copies)
        | leaks(test, [*train, *val], pairs, copies)
    )


def _by_id(slices: Iterable[Slice]) -> tuple[Slice, ...]:
    return tuple(sorted(slices, key=lambda item: item.id))
