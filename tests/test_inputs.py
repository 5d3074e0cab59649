"""What the network is fed: image and mask of one slice, mirrored together or not at all."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf

from preprocessing import features
from trainer.inputs import count, read_split
from trainer.outputs import CLASSIFICATION, SEGMENTATION

SIZE = 32
SLICES = 20


@pytest.fixture(scope="module")
def pattern(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """A split whose slices are black but for a bright column, which is their mask; the column's
    place is the label."""
    path = tmp_path_factory.mktemp("split") / "records.gz"
    with tf.io.TFRecordWriter(str(path), "GZIP") as writer:
        for label in range(SLICES // 2, SLICES // 2 + SLICES):
            pixels = np.zeros((SIZE, SIZE, 1), np.uint8)
            pixels[:, label % (SIZE // 2)] = 255
            png = tf.io.encode_png(pixels).numpy()
            values = {
                features.IMAGE: tf.train.Feature(bytes_list={"value": [png]}),
                features.MASK: tf.train.Feature(bytes_list={"value": [png]}),
                features.LABEL: tf.train.Feature(int64_list={"value": [label % (SIZE // 2)]}),
                features.MEAN: tf.train.Feature(float_list={"value": [0.0]}),
                features.DEVIATION: tf.train.Feature(float_list={"value": [1.0]}),
            }
            example = tf.train.Example(features=tf.train.Features(feature=values))
            writer.write(example.SerializeToString())
    return [str(path)]


def slices(batches: tf.data.Dataset) -> list[tuple[np.ndarray, np.ndarray, int]]:
    """Image, mask and label of each slice."""
    found = []
    for images, targets in batches.as_numpy_iterator():
        found += zip(images, targets[SEGMENTATION], targets[CLASSIFICATION], strict=True)
    return found


def test_records_are_counted(pattern: list[str]) -> None:
    assert count(pattern) == SLICES


def test_val_is_read_whole_in_order_and_as_it_is(pattern: list[str]) -> None:
    found = slices(read_split(pattern, SIZE, 8, training=False))
    assert len(found) == SLICES
    assert [label for _, _, label in found] == [
        label % (SIZE // 2) for label in range(SLICES // 2, SLICES // 2 + SLICES)
    ]
    for image, mask, label in found:
        assert image.shape == (SIZE, SIZE, 3) and mask.shape == (SIZE, SIZE, 1)
        assert set(np.unique(mask)) == {0, 1}
        assert mask[:, label].all() and mask.sum() == SIZE


def test_image_and_mask_are_mirrored_together_and_only_some(pattern: list[str]) -> None:
    batches = read_split(pattern, SIZE, 4, training=True, flip=True, seed=3).repeat(4)
    found = slices(batches)
    mirrored = 0
    for image, mask, label in found:
        bright = image[..., :1] > image.min()
        np.testing.assert_array_equal(bright, mask > 0)
        place = int(np.argmax(mask[0, :, 0]))
        assert place in (label, SIZE - 1 - label)
        mirrored += place != label
    assert len(found) / 4 < mirrored < 3 * len(found) / 4


def test_training_draws_another_order_each_epoch_and_the_same_for_a_seed(
    pattern: list[str],
) -> None:
    def epochs(seed: int) -> list[list[int]]:
        batches = read_split(pattern, SIZE, 5, training=True, seed=seed)
        return [[label for _, _, label in slices(batches)] for _ in range(2)]

    first = epochs(1)
    assert first[0] != first[1]
    assert sorted(first[0]) == sorted(first[1])
    assert epochs(1) == first
    assert epochs(2) != first
