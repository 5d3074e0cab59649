"""The synthetic data set: BRISC's layout, plausible tumours, no shortcut to a class."""

from __future__ import annotations

import hashlib
from collections import Counter
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from scipy import ndimage
from sklearn.ensemble import RandomForestClassifier
from sklearn.model_selection import RepeatedStratifiedKFold, cross_val_score

from data.config import SplitConfig
from data.errors import BriscError
from data.layout import scan
from data.naming import CLASSES, NO_TUMOR, PLANES, TUMOR_CLASSES, parse_stem
from data.provenance import SYNTHETIC, is_synthetic
from data.sample import MIN_IMAGES, SampleSummary, write_sample
from data.splits import assign, require_trainable
from tests.folders import read_manifest

IMAGES = 240


class Sample(NamedTuple):
    root: Path
    summary: SampleSummary
    steps: list[tuple[int, int]]


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Sample:
    root = tmp_path_factory.mktemp("data") / "sample"
    steps: list[tuple[int, int]] = []
    summary = write_sample(root, IMAGES, 0, progress=lambda done, all_: steps.append((done, all_)))
    return Sample(root, summary, steps)


def files(root: Path) -> dict[str, bytes]:
    return {str(p.relative_to(root)): p.read_bytes() for p in root.rglob("*") if p.is_file()}


# Layout


def test_layout_is_that_of_brisc(sample: Sample) -> None:
    layout = scan(sample.root)
    assert not layout.problems
    require_trainable(assign(layout.slices, SplitConfig()).parts, sample.root)
    assert is_synthetic(sample.root)
    expected = {"manifest.csv", SYNTHETIC}
    for item in layout.slices:
        name = parse_stem(item.id)
        assert name is not None
        split = name.split
        expected.add(f"classification_task/{split}/{name.label}/{item.id}.jpg")
        if name.label != NO_TUMOR:
            expected.add(f"segmentation_task/{split}/images/{item.id}.jpg")
            expected.add(f"segmentation_task/{split}/masks/{item.id}.png")
    assert set(files(sample.root)) == expected
    assert sample.summary == SampleSummary(sample.root, train=192, test=48, masks=180)
    assert sample.steps == [(done, IMAGES) for done in range(1, IMAGES + 1)]


def test_segmentation_image_is_its_classification_twin(sample: Sample) -> None:
    for image in sample.root.glob("segmentation_task/*/images/*.jpg"):
        name = parse_stem(image.stem)
        assert name is not None
        twin = sample.root / "classification_task" / name.split / name.label / image.name
        assert twin.read_bytes() == image.read_bytes()


def test_manifest_tells_the_truth(sample: Sample) -> None:
    rows = read_manifest(sample.root / "manifest.csv")
    assert {str(row.path) for row in rows} == set(files(sample.root)) - {"manifest.csv", SYNTHETIC}
    for row in rows:
        content = (sample.root / row.path).read_bytes()
        assert row.size == len(content)
        assert row.sha256 == hashlib.sha256(content).hexdigest()
        with Image.open(sample.root / row.path) as image:
            assert (row.width, row.height) == image.size
        if row.linked_image is not None:
            assert (sample.root / row.linked_image).is_file()


def test_masks_have_the_quirks_of_brisc(sample: Sample) -> None:
    grey_levels = 0
    for path in sample.root.glob("segmentation_task/*/masks/*.png"):
        with (
            Image.open(path) as mask,
            Image.open(path.parents[1] / f"images/{path.stem}.jpg") as jpg,
        ):
            assert mask.mode == "L"
            assert mask.size == jpg.size
            levels = np.unique(np.asarray(mask))
        assert levels.max() > 127
        # Near black or near white, so that the threshold of 127 is nowhere a close call.
        assert not ((levels > 40) & (levels < 215)).any()
        grey_levels = max(grey_levels, levels.size)
    assert grey_levels > 2


@pytest.mark.parametrize("images", [MIN_IMAGES, MIN_IMAGES + 1, 41])
def test_every_class_and_plane_is_there(tmp_path: Path, images: int) -> None:
    write_sample(tmp_path / "sample", images, 3)
    slices = scan(tmp_path / "sample").slices
    assert len(slices) == images
    train = Counter((s.label, s.plane) for s in slices if s.official_split == "train")
    assert set(train) == {(label, plane) for label in CLASSES for plane in PLANES}
    test = [s for s in slices if s.official_split == "test"]
    assert {s.label for s in test} == set(CLASSES) and {s.plane for s in test} == set(PLANES)
    assert 0.15 <= len(test) / images <= 0.25
    classes = Counter(s.label for s in slices)
    assert max(classes.values()) - min(classes.values()) <= 1
    # Each part counts its own slices from 1 without a gap.
    indices = sorted(name.index for s in test if (name := parse_stem(s.id)) is not None)
    assert indices == list(range(1, len(test) + 1))


# Determinism


def test_seed_decides_every_byte(tmp_path: Path) -> None:
    for folder, seed in (("a", 5), ("b", 5), ("c", 6)):
        write_sample(tmp_path / folder, MIN_IMAGES, seed)
    first, again, other = (files(tmp_path / folder) for folder in "abc")
    assert first == again
    assert set(first) == set(other)
    images = [path for path in first if path.endswith(".jpg")]
    assert all(first[path] != other[path] for path in images)


# Shortcuts


def shortcut_score(features: NDArray[np.float64], labels: list[str]) -> float:
    """Cross-validated accuracy of a forest; chance is 0.25 on balanced classes."""
    folds = RepeatedStratifiedKFold(n_splits=5, n_repeats=3, random_state=0)
    forest = RandomForestClassifier(n_estimators=60, min_samples_leaf=5, random_state=0)
    return float(cross_val_score(forest, features, labels, cv=folds).mean())


def test_class_is_not_told_by_shortcuts(sample: Sample) -> None:
    # Under chance the hits among 240 slices are near binomial: the share's standard deviation is
    # sqrt(0.25 * 0.75 / 240) = 0.028, and repeating the folds only narrows it. Three of them are
    # allowed. Everything is seeded, so that the score moves only when the generator does. Sizes
    # and modes are dealt evenly, which holds their score below chance, never above.
    limit = 0.25 + 3 * np.sqrt(0.25 * 0.75 / IMAGES)
    features, labels = [], []
    for path in sorted(sample.root.glob("classification_task/*/*/*.jpg")):
        with Image.open(path) as image:
            grey = np.asarray(image.convert("L"), float)
            features.append([image.mode == "RGB", *image.size, grey.mean(), grey.std()])
        labels.append(path.parent.name)
    table = np.array(features)
    assert shortcut_score(table, labels) < limit
    # Mean and spread by themselves too, where the other columns cannot drown them.
    assert shortcut_score(table[:, 3:], labels) < limit
    # The same forest finds the cue that real BRISC has: no_tumor, and here only it, is RGB.
    table[:, 0] = [label == NO_TUMOR for label in labels]
    assert shortcut_score(table, labels) > limit


# Tumours


def masks_of(sample: Sample, label: str) -> list[tuple[str, NDArray[np.bool_]]]:
    """Plane and mask of every slice of a class."""
    found = []
    for item in scan(sample.root).slices:
        if item.label == label and item.mask is not None:
            with Image.open(item.mask) as mask:
                found.append((item.plane, np.asarray(mask) > 127))
    return found


def test_tumour_areas_are_those_of_real_ones(sample: Sample) -> None:
    area = {
        label: [100 * mask.mean() for _, mask in masks_of(sample, label)] for label in TUMOR_CLASSES
    }
    for label in TUMOR_CLASSES:
        assert all(0.25 < share < 6 for share in area[label]), label
        assert max(area[label]) > 2 * min(area[label]), label
    assert np.median(area["pituitary"]) < np.median(area["meningioma"])
    assert np.median(area["meningioma"]) < np.median(area["glioma"])


def test_pituitary_tumours_lie_at_the_sella(sample: Sample) -> None:
    def centroids(label: str, plane: str) -> NDArray[np.float64]:
        """(row, column) as shares of the frame."""
        masks = [mask for cut, mask in masks_of(sample, label) if cut == plane]
        return np.array([np.divide(ndimage.center_of_mass(m), m.shape) for m in masks])

    for plane in PLANES:
        sellar = centroids("pituitary", plane)
        # One place in every head; the heads are turned and shifted by a few per cent.
        assert sellar.std(axis=0).max() < 0.03, plane
        for label in ("glioma", "meningioma"):
            assert centroids(label, plane).std(axis=0).max() > 0.07, (label, plane)
        if plane != "sagittal":
            assert np.abs(sellar[:, 1] - 0.5).max() < 0.1, plane
    # In the coronal plane the base lies below the middle of the frame, under all of the brain.
    assert centroids("pituitary", "coronal")[:, 0].min() > 0.5


# Refusals


@pytest.mark.parametrize("images", [-1, 0, MIN_IMAGES - 1, 100_000])
def test_unusable_counts_are_refused(tmp_path: Path, images: int) -> None:
    with pytest.raises(BriscError, match=f"images: {images} is out of range.*{MIN_IMAGES}"):
        write_sample(tmp_path / "sample", images, 0)
    assert not any(tmp_path.iterdir())


def test_negative_seed_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BriscError, match="seed: -1 is negative"):
        write_sample(tmp_path / "sample", MIN_IMAGES, -1)


def test_full_folder_is_refused_and_kept(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("mine")
    with pytest.raises(BriscError, match="is not empty") as caught:
        write_sample(tmp_path, MIN_IMAGES, 0)
    assert caught.value.where == str(tmp_path) and caught.value.remedy
    assert files(tmp_path) == {"thesis.txt": b"mine"}


def test_file_in_the_way_is_refused(tmp_path: Path) -> None:
    (tmp_path / "sample").write_text("mine")
    with pytest.raises(BriscError, match="is a file"):
        write_sample(tmp_path / "sample", MIN_IMAGES, 0)
    with pytest.raises(BriscError, match="cannot be written"):
        write_sample(tmp_path / "sample" / "below", MIN_IMAGES, 0)
    assert files(tmp_path) == {"sample": b"mine"}


def test_empty_folder_is_filled_in_place(tmp_path: Path) -> None:
    inode = tmp_path.stat().st_ino
    write_sample(tmp_path, MIN_IMAGES, 0)
    # The same folder still, for a shell that stands in it.
    assert tmp_path.stat().st_ino == inode
    assert {path.name for path in tmp_path.iterdir()} == {
        "manifest.csv", "classification_task", "segmentation_task", SYNTHETIC
    }  # fmt: skip


@pytest.mark.parametrize("exists", [True, False])
@pytest.mark.parametrize("error", [OSError(28, "No space left on device"), KeyboardInterrupt()])
def test_nothing_is_left_of_a_failure(tmp_path: Path, exists: bool, error: BaseException) -> None:
    target = tmp_path / "sample"
    if exists:
        target.mkdir()

    def stop(done: int, _: int) -> None:
        if done == 10:
            raise error

    with pytest.raises((BriscError, KeyboardInterrupt)):
        write_sample(target, MIN_IMAGES, 0, progress=stop)
    assert target.exists() == exists
    assert not files(tmp_path)
    assert [path.name for path in tmp_path.rglob("*")] == (["sample"] if exists else [])


def test_nothing_is_left_when_the_last_step_fails(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rename = Path.rename

    def refuse_manifest(self: Path, target: Path) -> Path:
        if self.name == "manifest.csv":
            raise PermissionError(13, "Permission denied")
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", refuse_manifest)
    with pytest.raises(BriscError, match="Permission denied"):
        write_sample(tmp_path, MIN_IMAGES, 0)
    assert not any(tmp_path.iterdir())
