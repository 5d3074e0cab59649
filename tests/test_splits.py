"""Splits: nothing lost, nothing twice, test untouched, val stratified, and stable under growth."""

from __future__ import annotations

import itertools
import random
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import pytest

from data.config import SplitConfig
from data.errors import InputError
from data.layout import Slice
from data.naming import CLASSES, PLANES, SliceName
from data.splits import SPLITS, assign, require_trainable

Stratum = tuple[str, str]


def make_slice(split: str, number: int, label: str, plane: str) -> Slice:
    name = SliceName(split, number, label, plane).stem
    return Slice(name, label, plane, split, Path(f"{name}.jpg"), None)


def make_slices(train: int, test: int = 3) -> list[Slice]:
    """So many slices of each class and plane in the official parts."""
    return [
        make_slice(split, number, label, plane)
        for split, count in (("train", train), ("test", test))
        for label, plane in itertools.product(CLASSES, PLANES)
        for number in range(count)
    ]


def strata(slices: Sequence[Slice]) -> Counter[Stratum]:
    return Counter((item.label, item.plane) for item in slices)


@pytest.mark.parametrize("fraction", [0.1, 0.5, 0.9])
def test_every_slice_is_in_one_split_and_test_is_as_published(fraction: float) -> None:
    slices = make_slices(20)
    parts = assign(slices, SplitConfig(validation_fraction=fraction)).parts
    assert tuple(parts) == SPLITS
    placed = [item for part in parts.values() for item in part]
    assert sorted(item.id for item in placed) == sorted(item.id for item in slices)
    assert {item.id for item in parts["test"]} == {
        item.id for item in slices if item.official_split == "test"
    }
    assert all(count == fraction * 20 for count in strata(parts["val"]).values())


def test_the_order_of_the_slices_does_not_matter() -> None:
    slices = make_slices(20)
    shuffled = random.Random(0).sample(slices, len(slices))
    config = SplitConfig(validation_fraction=0.2, limit=100)
    assert assign(slices, config) == assign(shuffled, config)


def test_another_seed_takes_other_slices_for_val() -> None:
    slices = make_slices(20)
    one, other = (assign(slices, SplitConfig(seed=seed)).parts for seed in (0, 1))
    assert one["val"] != other["val"]
    assert one["test"] == other["test"]


def test_a_new_slice_moves_at_most_one_other() -> None:
    slices = make_slices(17)
    config = SplitConfig(validation_fraction=0.2)
    before = {item.id: name for name, part in assign(slices, config).parts.items() for item in part}
    moves = []
    for number in range(100, 140):
        more = [*slices, make_slice("train", number, "glioma", "axial")]
        after = {
            item.id: name for name, part in assign(more, config).parts.items() for item in part
        }
        moves.append(sum(after[name] != split for name, split in before.items()))
    assert set(moves) == {0, 1}


@pytest.mark.parametrize(
    ("count", "fraction", "val"),
    [(1, 0.1, 0), (1, 0.9, 0), (2, 0.1, 1), (2, 0.9, 1), (4, 0.1, 1), (14, 0.1, 1), (16, 0.1, 2)],
)
def test_small_strata_are_in_train_and_from_two_slices_in_val(
    count: int, fraction: float, val: int
) -> None:
    slices = [make_slice("train", number, "glioma", "axial") for number in range(count)]
    parts = assign(slices, SplitConfig(validation_fraction=fraction)).parts
    assert (len(parts["val"]), len(parts["train"])) == (val, count - val)


@pytest.mark.parametrize("limit", [1, 4, 12, 50, 239, 240, 1000])
def test_limit_bounds_each_official_part_and_stays_stratified(limit: int) -> None:
    slices = make_slices(20, test=20)
    parts = assign(slices, SplitConfig(limit=limit)).parts
    for part in ((*parts["train"], *parts["val"]), parts["test"]):
        assert len(part) == min(limit, 240)
        counts = [strata(part)[stratum] for stratum in itertools.product(CLASSES, PLANES)]
        assert max(counts) - min(counts) <= 1


def test_limit_keeps_rare_classes_whole() -> None:
    slices = [make_slice("train", number, "glioma", "axial") for number in range(100)]
    slices += [make_slice("train", number, "pituitary", "axial") for number in range(3)]
    parts = assign(slices, SplitConfig(limit=20)).parts
    kept = (*parts["train"], *parts["val"])
    assert strata(kept) == {("pituitary", "axial"): 3, ("glioma", "axial"): 17}


def test_an_empty_set_has_empty_splits() -> None:
    assert assign([], SplitConfig()).parts == {"train": (), "val": (), "test": ()}


def test_a_small_limit_keeps_every_class() -> None:
    parts = assign(make_slices(5, test=5), SplitConfig(limit=4)).parts
    assert {item.label for item in parts["test"]} == set(CLASSES)


@pytest.mark.parametrize("split", ["train", "test"])
@pytest.mark.parametrize("label", CLASSES)
def test_a_class_without_a_usable_slice_is_named(split: str, label: str) -> None:
    kept = [item for item in make_slices(5) if (item.official_split, item.label) != (split, label)]
    with pytest.raises(InputError, match="no usable image") as caught:
        require_trainable(assign(kept, SplitConfig()).parts, Path("set"))
    assert caught.value.where == "set/classification_task"
    assert f"split {split} gets no usable image of class {label}" in caught.value.reason


def test_too_few_slices_for_a_val_split_are_told() -> None:
    with pytest.raises(InputError, match="too few images"):
        require_trainable(assign(make_slices(1), SplitConfig()).parts, Path("set"))
    require_trainable(assign(make_slices(2), SplitConfig()).parts, Path("set"))
