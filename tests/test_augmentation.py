"""Augmentation: image and mask move together, as far as the configuration says and no further."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf

from trainer.augmentation import Augmentation
from trainer.config import AugmentationConfig
from trainer.warp import moved

SIZE = 33
BATCH = 64
OFF: dict[str, float | bool] = {
    "flip": False,
    **dict.fromkeys(("rotation", "scale", "shift", "brightness", "contrast", "gamma", "noise"), 0),
}


def augmented(
    grey: np.ndarray, mask: np.ndarray, number: int = 0, **amounts: float
) -> tuple[np.ndarray, np.ndarray]:
    """A batch of the same slice, [S, S] twice, to [batch, S, S] twice."""
    augment = Augmentation(AugmentationConfig(**{**OFF, **amounts}), SIZE)
    images, masks = (
        tf.constant(np.tile(part[np.newaxis, ..., np.newaxis], (BATCH, 1, 1, 1)), tf.uint8)
        for part in (grey, mask)
    )
    drawn = augment.draw(BATCH, tf.constant([7, number], tf.int64))
    found = tf.function(augment.apply, jit_compile=True)(images, masks, drawn)
    return found[0].numpy()[..., 0], found[1].numpy()[..., 0]


def slice_with(row: int, column: int, side: int = 5) -> tuple[np.ndarray, np.ndarray]:
    """A black slice with a bright square around a centre, which is its mask."""
    mask = np.zeros((SIZE, SIZE), np.float32)
    reach = side // 2
    mask[row - reach : row + reach + 1, column - reach : column + reach + 1] = 1
    return mask * 200, mask


def centre(mask: np.ndarray) -> tuple[float, float]:
    rows, columns = np.nonzero(mask)
    return float(rows.mean()), float(columns.mean())


def test_nothing_is_varied_where_all_is_zero() -> None:
    grey, mask = slice_with(10, 12)
    images, masks = augmented(grey, mask)
    np.testing.assert_array_equal(images, np.tile(grey, (BATCH, 1, 1)))
    np.testing.assert_array_equal(masks, np.tile(mask, (BATCH, 1, 1)))


def test_about_half_are_mirrored_left_to_right_exactly() -> None:
    grey, mask = slice_with(10, 8)
    grey += np.arange(SIZE)
    images, masks = augmented(grey, mask, flip=True)
    mirrored = masks[:, 10, 8] == 0
    assert BATCH / 4 < mirrored.sum() < 3 * BATCH / 4
    for turned, image, found in zip(mirrored, images, masks, strict=True):
        np.testing.assert_allclose(image, grey[:, ::-1] if turned else grey, atol=1e-3)
        np.testing.assert_array_equal(found, mask[:, ::-1] if turned else mask)


def test_a_rotation_turns_about_the_centre_up_to_its_angle_both_ways() -> None:
    middle = (SIZE - 1) / 2
    grey, mask = slice_with(16, 26)
    images, masks = augmented(grey, mask, rotation=30)
    angles = []
    for image, found in zip(images, masks, strict=True):
        row, column = centre(found)
        assert np.hypot(row - middle, column - middle) == pytest.approx(10, abs=0.6)
        np.testing.assert_allclose(centre(image > 100), (row, column), atol=0.6)
        angles.append(np.degrees(np.arctan2(row - middle, column - middle)))
    assert -34 < min(angles) < -15 and 15 < max(angles) < 34


def test_scale_and_shift_stay_within_their_bounds() -> None:
    grey, mask = slice_with(16, 16, side=11)
    sides = [np.sqrt(found.sum()) for found in augmented(grey, mask, scale=0.3)[1]]
    assert 11 * 0.7 - 1 < min(sides) < 10 and 12 < max(sides) < 11 * 1.3 + 1
    moved = np.array([centre(found) for found in augmented(grey, mask, shift=0.2)[1]]) - 16
    assert np.abs(moved).max() <= 0.2 * SIZE + 0.5
    assert (moved.min(axis=0) < -3).all() and (moved.max(axis=0) > 3).all()


@pytest.mark.parametrize("amount", ["brightness", "contrast", "gamma", "noise"])
def test_intensities_vary_between_slices_and_the_mask_does_not(amount: str) -> None:
    grey, mask = slice_with(16, 16)
    grey += 30
    images, masks = augmented(grey, mask, **{amount: 0.2})
    np.testing.assert_array_equal(masks, np.tile(mask, (BATCH, 1, 1)))
    bright = images[:, 16, 16]
    assert bright.std() > 2
    assert np.abs(bright - 230).max() <= 255 * 0.2 * (4 if amount == "noise" else 1) + 1e-3
    assert images.min() >= 0 and images.max() <= 255


def test_noise_is_normal_and_another_one_for_each_slice() -> None:
    grey = np.full((SIZE, SIZE), 128.0)
    images, _ = augmented(grey, np.zeros((SIZE, SIZE)), noise=0.1)
    noise = (images - 128).reshape(BATCH, -1)
    deviation = noise.std(axis=1)
    assert deviation.max() <= 0.1 * 255 * 1.1 and deviation.min() < 0.03 * 255
    standard = noise / deviation[:, np.newaxis]
    # Kurtosis 3: clipping touches nothing at these amounts.
    assert abs(standard.mean()) < 0.03 and np.mean(standard**4) == pytest.approx(3, abs=0.3)
    alike = np.corrcoef(standard) - np.eye(BATCH)
    assert np.abs(alike).mean() < 0.05


def test_another_seed_draws_another_variation_and_the_same_the_same() -> None:
    grey, mask = slice_with(12, 20)
    everything = AugmentationConfig().model_dump()
    first, again, other = (augmented(grey, mask, n, **everything)[0] for n in (0, 0, 1))
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, other)


def test_slices_are_moved_as_by_tensorflows_own_operation() -> None:
    rng = np.random.default_rng(0)
    grey = rng.integers(0, 256, (BATCH, SIZE, SIZE, 1), np.uint8)
    mask = rng.integers(0, 2, (BATCH, SIZE, SIZE, 1), np.uint8)
    # Also mirrored, sheared, blown up and partly out of the picture.
    middle, spread = [1, 0, 0, 0, 1, 0], [0.7, 0.7, SIZE / 3, 0.7, 0.7, SIZE / 3]
    placement = rng.normal(middle, spread, (BATCH, 6))
    found = tf.function(moved, jit_compile=True)(grey, mask, tf.cast(placement, tf.float32))
    for part, pixels, interpolation in zip(
        found, (grey.astype(np.float32), mask), ("BILINEAR", "NEAREST"), strict=True
    ):
        expected = tf.raw_ops.ImageProjectiveTransformV3(
            images=pixels,
            transforms=np.pad(placement, ((0, 0), (0, 2))).astype(np.float32),
            output_shape=[SIZE, SIZE],
            fill_value=0.0,
            interpolation=interpolation,
            fill_mode="CONSTANT",
        )
        assert 0.2 < np.mean(expected == 0) < 0.9
        np.testing.assert_allclose(part, expected, atol=0.01)
