"""The overlay: what is not tumour stays as it was, the outline shows, the inside is tinted."""

from __future__ import annotations

import numpy as np
import pytest

from serving.overlay import draw_overlay

OUTLINE = (255, 80, 60)


def slice_and_mask() -> tuple[np.ndarray, np.ndarray]:
    grey = np.random.default_rng(0).integers(0, 256, (20, 30), dtype=np.uint8)
    mask = np.zeros((20, 30), bool)
    mask[5:12, 8:20] = True
    return grey, mask


def test_outside_the_mask_the_slice_is_unchanged() -> None:
    grey, mask = slice_and_mask()
    image = draw_overlay(grey, mask)
    assert (image.mode, image.size) == ("RGB", (30, 20))
    outside = np.asarray(image)[~mask]
    np.testing.assert_array_equal(outside, np.repeat(grey[~mask][:, None], 3, axis=1))


def test_the_border_is_drawn_and_the_inside_tinted() -> None:
    grey, mask = slice_and_mask()
    pixels = np.asarray(draw_overlay(grey, mask)).astype(int)
    inner = np.zeros_like(mask)
    inner[6:11, 9:19] = True
    assert (pixels[mask & ~inner] == OUTLINE).all()
    # Redder than it is green or blue, and still darker where the slice is darker.
    inside = pixels[inner]
    assert (inside[:, 0] > inside[:, 1]).all() and (inside[:, 0] > inside[:, 2]).all()
    assert np.corrcoef(inside[:, 1], grey[inner])[0, 1] > 0.99


def test_a_mask_at_the_edge_of_the_slice_has_an_outline_there() -> None:
    grey = np.zeros((6, 7), np.uint8)
    pixels = np.asarray(draw_overlay(grey, np.ones((6, 7), bool)))
    is_outline = (pixels == OUTLINE).all(axis=-1)
    expected = np.ones((6, 7), bool)
    expected[1:-1, 1:-1] = False
    np.testing.assert_array_equal(is_outline, expected)


@pytest.mark.parametrize("area", [0, 1])
def test_an_empty_mask_and_a_single_pixel_are_drawn(area: int) -> None:
    grey = np.full((5, 5), 100, np.uint8)
    mask = np.zeros((5, 5), bool)
    mask.flat[12 : 12 + area] = True
    pixels = np.asarray(draw_overlay(grey, mask))
    assert (pixels == OUTLINE).all(axis=-1).sum() == area
    assert (pixels == 100).all(axis=-1).sum() == 25 - area


def test_the_arguments_are_left_alone() -> None:
    grey, mask = slice_and_mask()
    copies = grey.copy(), mask.copy()
    draw_overlay(grey, mask)
    np.testing.assert_array_equal(grey, copies[0])
    np.testing.assert_array_equal(mask, copies[1])
