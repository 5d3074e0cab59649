"""What the network is fed: slices in another order each time, varied or as they are."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf

from tests.records import write_records
from trainer.config import AugmentationConfig
from trainer.inputs import class_counts, training_batches, validation_batches
from trainer.outputs import CLASSIFICATION, SEGMENTATION

SIZE = 32
SLICES = 20
NONE = AugmentationConfig(
    flip=False, rotation=0, scale=0, shift=0, brightness=0, contrast=0, gamma=0, noise=0
)


@pytest.fixture(scope="module")
def pattern(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """A split whose slices are black but for a bright column, which is their mask; the column's
    place tells the slice, and its remainder is the label."""
    slices = []
    for place in range(SLICES):
        mask = np.zeros((SIZE, SIZE), bool)
        mask[:, place] = True
        slices.append((mask.astype(np.uint8) * 255, mask, place % 3))
    return write_records(tmp_path_factory.mktemp("split") / "records.gz", slices)


def places(batches: tf.data.Dataset) -> list[list[int]]:
    """Which slices each batch holds, by the place of their column."""
    return [
        [int(np.argmax(mask[0, :, 0])) for mask in targets[SEGMENTATION]]
        for _, targets in batches.as_numpy_iterator()
    ]


def training(
    pattern: list[str], batches: int, config: AugmentationConfig = NONE, **options: int
) -> tf.data.Dataset:
    arguments = {"seed": 1, "slices": SLICES, **options}
    return training_batches(pattern, SIZE, 5, config, **arguments).take(batches)


def test_slices_are_counted_by_class(pattern: list[str]) -> None:
    assert class_counts(pattern).tolist() == [7, 7, 6, 0]


def test_val_is_read_whole_in_order_and_as_it_is(pattern: list[str]) -> None:
    batches = validation_batches(pattern, SIZE, 8)
    assert places(batches) == [list(range(8)), list(range(8, 16)), list(range(16, 20))]
    for images, targets in batches.as_numpy_iterator():
        assert images.shape[1:] == (SIZE, SIZE, 3)
        masks = targets[SEGMENTATION]
        assert masks.shape[1:] == (SIZE, SIZE, 1) and set(np.unique(masks)) == {0, 1}
        np.testing.assert_array_equal(images[..., :1] > images.min(), masks > 0)
        labels = [int(np.argmax(mask[0, :, 0])) % 3 for mask in masks]
        assert targets[CLASSIFICATION].tolist() == labels


def test_each_pass_has_all_slices_in_an_order_of_its_own(pattern: list[str]) -> None:
    first, second = (np.ravel(places(training(pattern, 8))[a:b]) for a, b in ((0, 4), (4, 8)))
    assert sorted(first) == sorted(second) == list(range(SLICES))
    assert first.tolist() != second.tolist()
    assert places(training(pattern, 4)) == places(training(pattern, 4))
    assert places(training(pattern, 4)) != places(training(pattern, 4, seed=2))


def test_slices_too_many_to_keep_decoded_come_in_the_same_batches(pattern: list[str]) -> None:
    config = AugmentationConfig()
    decoded = list(training(pattern, 6, config, done=2).as_numpy_iterator())
    encoded = training(pattern, 6, config, done=2, slices=10**9).as_numpy_iterator()
    for (images, targets), (same_images, same_targets) in zip(decoded, encoded, strict=True):
        np.testing.assert_array_equal(images, same_images)
        np.testing.assert_array_equal(targets[SEGMENTATION], same_targets[SEGMENTATION])


def test_a_training_that_goes_on_gets_what_it_would_have_got(pattern: list[str]) -> None:
    config = AugmentationConfig()
    whole = list(training(pattern, 9, config).as_numpy_iterator())
    rest = list(training(pattern, 3, config, done=6).as_numpy_iterator())
    for (images, targets), (same_images, same_targets) in zip(whole[6:], rest, strict=True):
        np.testing.assert_array_equal(images, same_images)
        np.testing.assert_array_equal(targets[SEGMENTATION], same_targets[SEGMENTATION])
        np.testing.assert_array_equal(targets[CLASSIFICATION], same_targets[CLASSIFICATION])
