"""Copies of every kind, planted among synthetic slices, are found as what they are."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from data.audit.components import connected
from data.audit.outcome import Audit
from data.audit.pairs import COPIES, KINDS, Pair, find_pairs
from data.audit.run import audit_slices
from data.checks import decode_grey
from data.layout import scan
from tests.folders import blob, encode, image_path, mask_path, put, stem
from tests.plants import MIRROR, TURNS, copy_of, jpeg, look_at, neighbour_of


@dataclass(frozen=True)
class Planted:
    """An audited folder, and which pair is which kind."""

    audit: Audit
    expected: dict[tuple[str, str], str]


@pytest.fixture(scope="module")
def planted(sample_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Planted:
    root = tmp_path_factory.mktemp("planted") / "data"
    shutil.copytree(sample_dir, root)
    rng = np.random.default_rng(5)
    healthy = [s for s in scan(root).slices if s.mask is None and s.official_split == "train"]
    expected = {}

    def plant(source: int, content: bytes, kind: str, suffix: str = ".jpg") -> None:
        name = stem("no_tumor", 90000 + len(expected), "test")
        put(image_path(root, name + suffix, "no_tumor", "test"), content)
        first, second = sorted((name, healthy[source].id))
        expected[first, second] = kind

    sources = [item.image.read_bytes() for item in healthy]
    greys = [decode_grey(content) for content in sources]
    plant(0, sources[0], "file")
    plant(1, encode(Image.fromarray(greys[1]), "PNG"), "pixel", ".png")
    for source in (2, 3, 4):
        plant(source, copy_of(greys[source], rng), "near")
    for source in (5, 6, 7):
        plant(source, copy_of(greys[source], rng, (MIRROR,)), "mirrored")
    for source, turn in enumerate(TURNS, start=8):
        plant(source, copy_of(greys[source], rng, turn), "rotated")
    plant(13, jpeg(neighbour_of(greys[13], rng), 90), "neighbour")
    layout = scan(root)
    return Planted(audit_slices(layout.slices, layout.problems), expected)


def test_every_planted_copy_is_found_as_its_kind(planted: Planted) -> None:
    copies = {(pair.a, pair.b): pair.kind for pair in planted.audit.pairs if pair.is_copy}
    assert copies == {pair: kind for pair, kind in planted.expected.items() if kind in COPIES}


def test_slices_of_one_likeness_are_neighbours_and_no_copies(planted: Planted) -> None:
    kinds = {(pair.a, pair.b): pair.kind for pair in planted.audit.pairs}
    for pair, kind in planted.expected.items():
        if kind == "neighbour":
            assert kinds[pair] == "neighbour"


def test_pairs_are_listed_once_in_order(planted: Planted) -> None:
    pairs = [(pair.a, pair.b) for pair in planted.audit.pairs]
    assert pairs == sorted(set(pairs))
    assert all(a < b for a, b in pairs)
    assert all(pair.kind in KINDS and pair.score <= 1 for pair in planted.audit.pairs)


def test_leak_of_each_test_slice(planted: Planted) -> None:
    audit = planted.audit
    for (test_id, _), kind in planted.expected.items():
        assert audit.leak_of(test_id) == ("neighbour" if kind == "neighbour" else "copy")
    assert audit.leak_counts["no_tumor"]["copy"] == len(planted.expected) - 1
    assert audit.leak_counts["glioma"]["copy"] == 0
    with pytest.raises(KeyError):
        audit.leak_of(next(s.id for s in audit.slices if s.official_split == "train"))


def test_components_hold_the_copies(planted: Planted) -> None:
    copies = [pair for pair, kind in planted.expected.items() if kind in COPIES]
    assert sorted(planted.audit.copy_components()) == sorted(copies)


def test_two_labels_of_one_slice_are_a_conflict(tmp_path: Path, sample_dir: Path) -> None:
    source = next(s for s in scan(sample_dir).slices if s.label == "no_tumor")
    content = source.image.read_bytes()
    healthy, ill = stem("no_tumor", 1), stem("glioma", 2)
    put(image_path(tmp_path, f"{healthy}.jpg", "no_tumor"), content)
    put(image_path(tmp_path, f"{ill}.jpg", "glioma"), content)
    mask = blob().resize(Image.open(source.image).size, Image.Resampling.NEAREST)
    put(mask_path(tmp_path, f"{ill}.png"), encode(mask, "PNG"))
    audit = audit_slices(scan(tmp_path).slices)
    assert audit.conflicts == [(Pair(healthy, ill, "file", 1.0), "no_tumor", "glioma")]


def test_a_copy_of_a_copy_leaks_too(sample_dir: Path) -> None:
    from data.audit.leak import leaks

    test, other = [s for s in scan(sample_dir).slices if s.official_split == "test"][:2]
    train = next(s for s in scan(sample_dir).slices if s.official_split == "train")
    groups = [tuple(sorted((test.id, other.id, train.id)))]
    assert leaks([test.id, other.id], [train.id], [], groups) == {test.id: "copy", other.id: "copy"}


@pytest.mark.parametrize("value", [0, 7, 255])
def test_flat_slices_are_alike_only_as_pixels(value: int) -> None:
    flat = np.full((64, 48), value, np.uint8)
    files = [encode(Image.fromarray(pixels), "PNG") for pixels in (flat, flat.T)]
    looks = [look_at(files[0]), look_at(encode(Image.fromarray(flat), "BMP")), look_at(files[1])]
    assert [(pair.a, pair.b, pair.kind) for pair in find_pairs("abc", looks)] == [
        ("a", "b", "pixel")
    ]


def test_a_great_many_equal_slices_stay_a_short_list() -> None:
    same = look_at(jpeg(np.zeros((32, 32), np.uint8), 90))
    ids = [f"{number:04d}" for number in range(300)]
    assert len(find_pairs(ids, [same] * 300)) == 299


@pytest.mark.parametrize(("copies", "all_listed"), [(8, True), (50, False)])
def test_copies_of_one_slice_are_one_group_and_all_pairs_if_it_is_not_large(
    sample_dir: Path, copies: int, all_listed: bool
) -> None:
    grey = decode_grey(scan(sample_dir).slices[0].image.read_bytes())
    looks = [
        look_at(jpeg(np.clip(grey.astype(int) + i, 0, 255).astype(np.uint8), 90))
        for i in range(copies)
    ]
    ids = [f"{number:04d}" for number in range(copies)]
    pairs = [(pair.a, pair.b) for pair in find_pairs(ids, looks) if pair.is_copy]
    assert connected(pairs) == (tuple(ids),)
    assert (len(pairs) == copies * (copies - 1) / 2) == all_listed


def test_nothing_and_one_slice_have_no_pairs() -> None:
    assert find_pairs([], []) == ()
    assert find_pairs(["a"], [look_at(jpeg(np.zeros((32, 32), np.uint8), 90))]) == ()
    audit = audit_slices(())
    assert audit.pairs == () and audit.floor.accuracy is None and audit.shortcuts == ()
