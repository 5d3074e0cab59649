"""One phantom slice: each tumour class grows where it does in people and looks as it does."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import ndimage

from data.naming import NO_TUMOR, PLANES, TUMOR_CLASSES
from data.phantom import draw_slice
from data.phantom_anatomy import LEVELS, Head, draw_head
from data.phantom_tumor import grow_tumor


def heads(count: int) -> list[Head]:
    """Healthy heads, ``count`` of every plane and level."""
    return [
        draw_head(np.random.default_rng(seed), plane, level, (192, 192))
        for plane in PLANES
        for level in LEVELS[plane]
        for seed in range(count)
    ]


def test_gliomas_are_rings_inside_the_brain() -> None:
    for number, head in enumerate(heads(6)):
        image, mask = grow_tumor(np.random.default_rng(number), head, "glioma")
        assert not (mask & ~head.cavity).any()
        depth = ndimage.distance_transform_edt(mask)
        rim = np.percentile(image[mask], 85)
        core = image[depth >= 0.9 * depth.max()].mean()
        assert rim > core + 0.25
        # Oedema darkens the brain around, and is no part of the mask.
        around = ndimage.binary_dilation(mask, iterations=6) & head.cavity & ~mask
        assert image[around].mean() < head.image[around].mean()


def test_meningiomas_are_even_and_sit_on_the_dura() -> None:
    for number, head in enumerate(heads(6)):
        image, mask = grow_tumor(np.random.default_rng(number), head, "meningioma")
        assert not (mask & ~head.cavity).any()
        assert ndimage.distance_transform_edt(head.cavity)[mask].min() <= 2
        inner = ndimage.binary_erosion(mask, iterations=2)
        assert image[inner].std() < 0.05
        assert image[inner].mean() > head.image[head.tissue].mean() + 0.2


def test_tumours_stand_out_in_the_final_image() -> None:
    for seed in range(10):
        for plane in PLANES:
            for label in TUMOR_CLASSES:
                image, mask = draw_slice(np.random.default_rng(seed), label, plane, (128, 128))
                around = ndimage.binary_dilation(mask, iterations=5) & ~mask
                bright = np.percentile(image[mask], 75)
                assert bright > 1.2 * np.median(image[around]), (seed, plane, label)


def test_healthy_slice_has_no_tumour() -> None:
    image, mask = draw_slice(np.random.default_rng(0), NO_TUMOR, "axial", (96, 80))
    assert image.shape == mask.shape == (96, 80)
    assert image.dtype == np.uint8 and not mask.any()


@pytest.mark.parametrize(
    ("label", "plane", "size", "reason"),
    [
        ("cyst", "axial", (96, 96), "cyst.*glioma"),
        ("glioma", "oblique", (96, 96), "oblique.*axial"),
        ("glioma", "axial", (96, 40), "64 pixels"),
    ],
)
def test_impossible_slices_are_refused(
    label: str, plane: str, size: tuple[int, int], reason: str
) -> None:
    with pytest.raises(ValueError, match=reason):
        draw_slice(np.random.default_rng(0), label, plane, size)


def test_pituitary_tumour_needs_the_sella() -> None:
    head = draw_head(np.random.default_rng(0), "axial", "vertex", (96, 96))
    with pytest.raises(ValueError, match="sella"):
        grow_tumor(np.random.default_rng(0), head, "pituitary")
