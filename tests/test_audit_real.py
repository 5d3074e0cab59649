"""The audit of real BRISC: next to all copies found, next to none false, and splits by it."""

from __future__ import annotations

import csv
import itertools
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from data.audit.looks import Look
from data.audit.outcome import Audit
from data.audit.pairs import find_pairs
from data.audit.run import audit_slices
from data.checks import decode_grey
from data.config import SplitConfig
from data.layout import Slice, scan
from data.naming import PLANES
from data.splits import SPLITS, Assignment, assign, require_trainable
from tests.plants import MIRROR, TURNS, copy_of, look_at

GROUPS = Path(__file__).parents[2] / "shared" / "brisc2025_patient_groups.csv"
PLANTS = 150
"""Of each kind."""

pytestmark = pytest.mark.integration


@pytest.fixture(scope="module")
def slices(brisc_dir: Path) -> tuple[Slice, ...]:
    return scan(brisc_dir).slices


@pytest.fixture(scope="module")
def audit(slices: tuple[Slice, ...]) -> Audit:
    return audit_slices(slices)


@pytest.fixture(scope="module")
def groups() -> dict[str, str]:
    """The patient group of each slice that was traced."""
    if not GROUPS.is_file():
        pytest.skip(f"no patient groups: there is no {GROUPS}")
    with GROUPS.open(newline="") as file:
        return {row["image"]: row["group"] for row in csv.DictReader(file)}


def test_all_slices_are_usable(audit: Audit, slices: tuple[Slice, ...]) -> None:
    assert audit.slices == slices and audit.problems == ()


def test_whole_frames_that_correlate_almost_fully_are_among_the_copies(
    audit: Audit, slices: tuple[Slice, ...]
) -> None:
    # The plain method: no head window, no alignment; it finds what was not cropped or turned.
    with ThreadPoolExecutor(2) as pool:
        frames = np.stack(list(pool.map(_frame, slices)))
    vectors = _unit(frames)
    likeness = np.maximum(vectors @ vectors.T, _unit(frames[:, :, ::-1]) @ vectors.T)
    ids = [item.id for item in slices]
    plain = {(ids[a], ids[b]) for a, b in np.argwhere(np.triu(likeness >= 0.999, 1))}
    found = {(pair.a, pair.b) for pair in audit.pairs if pair.is_copy}
    assert len(plain) > 1000
    assert len(plain & found) >= 0.99 * len(plain)
    test = {name for pair in plain for name in pair if _crosses(pair) and "_test_" in name}
    assert sum(audit.leak_of(name) == "copy" for name in test) >= 0.99 * len(test)


def test_copies_are_of_one_patient(audit: Audit, groups: dict[str, str]) -> None:
    copies = [pair for pair in audit.pairs if pair.is_copy]
    traced = [pair for pair in copies if pair.a in groups or pair.b in groups]
    assert len(traced) > 1000
    wrong = [pair for pair in traced if groups.get(pair.a) != groups.get(pair.b)]
    assert len(wrong) <= 0.01 * len(traced), wrong


def test_neighbours_are_nearly_always_of_one_patient(audit: Audit, groups: dict[str, str]) -> None:
    pairs = [p for p in audit.pairs if not p.is_copy and p.a in groups and p.b in groups]
    wrong = [pair for pair in pairs if groups[pair.a] != groups[pair.b]]
    assert len(pairs) > 500 and len(wrong) <= 0.01 * len(pairs), wrong


def test_planted_copies_are_found(audit: Audit, slices: tuple[Slice, ...]) -> None:
    rng = np.random.default_rng(11)
    ids = [item.id for item in slices]
    looks: list[Look]
    with ThreadPoolExecutor(2) as pool:
        looks = list(pool.map(lambda item: look_at(item.image.read_bytes()), slices))
    source: dict[str, str] = {}
    for kind in ("near", "mirrored", "rotated"):
        for position in rng.choice(len(slices), PLANTS, replace=False):
            item = slices[position]
            turn = {"near": (), "mirrored": (MIRROR,)}.get(kind, TURNS[rng.integers(len(TURNS))])
            grey = decode_grey(item.image.read_bytes())
            # `z` sorts after every id of BRISC.
            name = f"z{len(source):04d} {kind}"
            source[name] = item.id
            ids.append(name)
            looks.append(look_at(copy_of(grey, rng, turn)))
    copies = {(p.a, p.b): p.kind for p in find_pairs(ids, looks) if p.is_copy}
    found = [copies.get((item, name)) == name.split()[1] for name, item in source.items()]
    assert np.mean(found) >= 0.99
    # A plant may also be a copy of what its source is a copy of, and of nothing else.
    group = {name: members for members in audit.copy_components() for name in members}
    other = [(a, b) for a, b in copies if b in source and a not in source]
    wrong = [(a, b) for a, b in other if a not in group.get(source[b], (source[b],))]
    assert len(wrong) <= 0.01 * len(other), wrong


def test_floor_and_known_faults(audit: Audit) -> None:
    assert audit.floor.accuracy == pytest.approx(0.955, abs=0.01)
    assert audit.floor.dice == pytest.approx(0.686, abs=0.02)
    assert audit.tables.tertiles == pytest.approx((0.885, 1.759), abs=0.02)
    assert all(shortcut.found for shortcut in audit.shortcuts)
    # Meningiomas that are filed as pituitary tumours.
    mislabelled = {name for pair, _, _ in audit.conflicts for name in (pair.a, pair.b)}
    assert {"brisc2025_train_03551_pi_ax_t1", "brisc2025_train_03595_pi_ax_t1"} <= mislabelled


def test_patients_are_on_one_side(audit: Audit, groups: dict[str, str], brisc_dir: Path) -> None:
    for fold in range(5):
        config = SplitConfig(strategy="grouped")
        found = assign(audit.slices, config, pairs=audit.pairs, known=groups, fold=fold)
        require_trainable(found.parts, brisc_dir)
        held = [{groups[i] for i in _ids(found, split) if i in groups} for split in SPLITS]
        assert all(one.isdisjoint(other) for one, other in itertools.combinations(held, 2))
        where = {name: split for split in SPLITS for name in _ids(found, split)}
        assert all(where[pair.a] == where[pair.b] for pair in audit.pairs)
        assert {found.leak[name] for name in _ids(found, "test")} == {"none"}


def test_without_copies_there_are_none(audit: Audit) -> None:
    found = assign(audit.slices, SplitConfig(strategy="deduplicated"), pairs=audit.pairs)
    leak = Counter(found.leak[name] for name in _ids(found, "test"))
    assert leak["copy"] == 0 and len(found.left_out) > 500
    assert {item.plane for item in found.parts["test"]} == set(PLANES)


def _ids(found: Assignment, split: str) -> set[str]:
    return {item.id for item in found.parts[split]}


def _frame(item: Slice) -> np.ndarray:
    grey = decode_grey(item.image.read_bytes())
    return np.asarray(Image.fromarray(grey).resize((32, 32), Image.Resampling.BOX))


def _unit(frames: np.ndarray) -> np.ndarray:
    flat = frames.reshape(len(frames), -1).astype(np.float32)
    flat -= flat.mean(axis=1, keepdims=True)
    return flat / np.linalg.norm(flat, axis=1, keepdims=True)


def _crosses(pair: Sequence[str]) -> bool:
    return len({name.split("_")[1] for name in pair}) == 2
