"""Shortcuts, tables and the floor of an audit."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from sklearn.neighbors import NearestNeighbors

from data import naming
from data.audit.floor import measure_floor, nearest
from data.audit.looks import Looks
from data.audit.shortcuts import cross_validate, find_shortcuts
from data.audit.tables import tabulate
from data.checks import MASK_THRESHOLD, check, decode_grey
from data.layout import Layout, scan


@pytest.fixture(scope="module")
def seen(sample_dir: Path) -> tuple[Layout, Looks]:
    looks = Looks()
    layout = scan(sample_dir)
    check(layout, look=looks)
    return layout, looks


def test_the_sample_has_no_shortcut(seen: tuple[Layout, Looks]) -> None:
    layout, looks = seen
    found = find_shortcuts(
        [looks.images[s.id] for s in layout.slices], [s.label for s in layout.slices]
    )
    assert len(found) == 6
    assert [shortcut.trait for shortcut in found if shortcut.found] == []
    assert all(shortcut.majority == 0.25 for shortcut in found)


@pytest.mark.parametrize(
    ("trait", "ours", "theirs"),
    [
        ("mode", {"mode": "RGB"}, {"mode": "L"}),
        ("size", {"width": 300}, {"width": 299}),
        ("exif", {"exif": True}, {"exif": False}),
        ("aspect ratio", {"width": 200, "height": 300}, {"width": 300, "height": 300}),
        ("border", {"border": 200.0}, {"border": 0.0}),
    ],
)
def test_a_trait_of_one_class_alone_is_a_shortcut(
    seen: tuple[Layout, Looks], trait: str, ours: dict, theirs: dict
) -> None:
    layout, looks = seen
    labels = [item.label for item in layout.slices]
    marked = [
        replace(looks.images[s.id], **(ours if s.label == naming.NO_TUMOR else theirs))
        for s in layout.slices
    ]
    found = {shortcut.trait: shortcut for shortcut in find_shortcuts(marked, labels)}
    assert found[trait].found and found[trait].accuracy > 0.35


def test_values_that_one_slice_alone_has_are_no_knowledge() -> None:
    labels = ["a", "b"] * 50
    assert cross_validate(range(100), labels) <= 0.5
    assert cross_validate(labels, labels) == 1.0


def test_nearest_agrees_with_scikit_learn() -> None:
    rng = np.random.default_rng(0)
    base = rng.integers(0, 256, (200, 16, 16), dtype=np.uint8)
    queries = rng.integers(0, 256, (90, 16, 16), dtype=np.uint8)
    brute = NearestNeighbors(n_neighbors=1, algorithm="brute").fit(base.reshape(200, -1))
    expected = brute.kneighbors(queries.reshape(90, -1), return_distance=False)[:, 0]
    np.testing.assert_array_equal(nearest(queries, base), expected)


def test_floor_copies_class_and_mask_of_the_nearest(seen: tuple[Layout, Looks]) -> None:
    layout, looks = seen
    test = [s for s in layout.slices if s.official_split == "test"]
    train = [s for s in layout.slices if s.official_split == "train"]
    frames = np.stack([looks.images[s.id].frame.ravel() for s in train]).astype(float)
    right, dice = [], []
    for item in test:
        distance = np.linalg.norm(frames - looks.images[item.id].frame.ravel(), axis=1)
        other = train[int(distance.argmin())]
        right.append(other.label == item.label)
        if item.mask is None:
            continue
        if other.mask is None:
            dice.append(0.0)
            continue
        truth, guess = (
            decode_grey(m.read_bytes()) > MASK_THRESHOLD for m in (item.mask, other.mask)
        )
        rows = ((np.arange(truth.shape[0]) + 0.5) * guess.shape[0] / truth.shape[0]).astype(int)
        cols = ((np.arange(truth.shape[1]) + 0.5) * guess.shape[1] / truth.shape[1]).astype(int)
        guess = guess[rows][:, cols]
        dice.append(2 * (truth & guess).sum() / (truth.sum() + guess.sum()))
    floor = measure_floor(layout.slices, looks.images)
    assert floor.accuracy == pytest.approx(np.mean(right))
    assert floor.dice == pytest.approx(np.mean(dice), abs=1e-6)


def test_floor_is_undefined_without_one_of_the_parts(seen: tuple[Layout, Looks]) -> None:
    layout, looks = seen
    train = [s for s in layout.slices if s.official_split == "train"]
    floor = measure_floor(train, looks.images)
    assert floor.accuracy is None and floor.dice is None


def test_tables_count_every_slice_once(seen: tuple[Layout, Looks]) -> None:
    layout, looks = seen
    tables = tabulate(layout.slices, looks.areas)
    planes = [n for part in tables.planes.values() for row in part.values() for n in row.values()]
    assert sum(planes) == len(layout.slices)
    train = tables.sizes["train"]
    by_size = [sum(row[size] for row in train.values()) for size in ("small", "medium", "large")]
    # Tertiles of train itself: a third each.
    assert max(by_size) - min(by_size) <= 1
    assert tabulate([s for s in layout.slices if s.mask is None], {}).tertiles is None
