"""Writes a synthetic data set in BRISC's layout, so that all else runs without a download."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from data import naming
from data.errors import ConfigurationError
from data.phantom import Phantom, draw_slice
from data.phantom_shapes import Mask
from data.provenance import mark_synthetic
from data.staging import new_set, write_slice

MIN_IMAGES = 24
"""Two slices of each class and plane: fewer may leave a class without a plane or a test image."""
MAX_IMAGES = 99_999
"""BRISC numbers its slices with five digits."""
TEST_SHARE = 0.2
SIZES = ((256, 256), (240, 240), (256, 200))
"""Sizes, (height, width) in pixels; like the colour mode they are dealt alike to each class."""
MODES = ("L", "RGB")


@dataclass(frozen=True)
class SampleSummary:
    """What was written.

    Attributes:
        directory: The folder that now holds the data set.
        train, test: Slices in each official part.
        masks: Masks in both, one a tumour slice.
    """

    directory: Path
    train: int
    test: int
    masks: int


@dataclass(frozen=True)
class _Case:
    """One slice to draw: its name, its size (height, width) and the mode of its JPEG."""

    name: naming.SliceName
    size: tuple[int, int]
    mode: str


def write_sample(
    directory: Path,
    images: int,
    seed: int,
    progress: Callable[[int, int], None] | None = None,
) -> SampleSummary:
    """Draws a data set of ``images`` slices into ``directory``.

    Every class is as frequent as the others, every plane of every class is in train, and about
    a fifth of each class is in test. The same seed gives the same bytes. Either the whole data
    set appears in ``directory`` or nothing does.

    Args:
        directory: Where to write: a new folder or an empty one.
        images: Slices in train and test together, from ``MIN_IMAGES`` to ``MAX_IMAGES``.
        seed: Source of all variation, 0 or above.
        progress: Called after each slice with the number drawn so far and ``images``.

    Raises:
        ConfigurationError: ``images`` or ``seed`` is out of range.
        InputError: ``directory`` is a file, is not empty or cannot be written.
    """
    if not MIN_IMAGES <= images <= MAX_IMAGES:
        raise ConfigurationError(
            "images",
            f"{images} is out of range",
            f"Ask for {MIN_IMAGES} to {MAX_IMAGES}: each class needs each plane in train, "
            "and an image in test",
        )
    if seed < 0:
        raise ConfigurationError("seed", f"{seed} is negative", "Give 0 or a positive number")
    cases = _plan(images, np.random.default_rng([seed, 0]))
    with new_set(directory, "sample") as root:
        mark_synthetic(root)
        for done, case in enumerate(cases, start=1):
            rng = np.random.default_rng([seed, done])
            _write_case(root, case, draw_slice(rng, case.name.label, case.name.plane, case.size))
            if progress is not None:
                progress(done, images)
    test = sum(case.name.split == "test" for case in cases)
    masks = sum(case.name.label != naming.NO_TUMOR for case in cases)
    return SampleSummary(directory, train=images - test, test=test, masks=masks)


def _plan(images: int, rng: np.random.Generator) -> list[_Case]:
    """Names every slice, in the order of its index within each part."""
    cases = []
    running = dict.fromkeys(naming.OFFICIAL_SPLITS, 0)
    # The published indices run through the classes in alphabetical order.
    for number, label in enumerate(sorted(naming.CLASSES)):
        count = images // len(naming.CLASSES) + (number < images % len(naming.CLASSES))
        test = max(1, round(TEST_SHARE * count))
        looks = _deal_looks(count, rng)
        for split, size in zip(naming.OFFICIAL_SPLITS, (count - test, test), strict=True):
            for position in range(size):
                running[split] += 1
                # Shifted by class, so that a test part of one image a class has every plane.
                plane = naming.PLANES[(position + number) % len(naming.PLANES)]
                name = naming.SliceName(split, running[split], label, plane)
                cases.append(_Case(name, *next(looks)))
    return cases


def _deal_looks(count: int, rng: np.random.Generator) -> Iterator[tuple[tuple[int, int], str]]:
    """Yields ``count`` sizes and modes, every pair equally often, in random order.

    In real BRISC both tell the class; here they vary, as a decoder has to meet, and tell nothing.
    """
    pairs = [(size, mode) for size in SIZES for mode in MODES]
    for pick in rng.permutation(count):
        yield pairs[pick % len(pairs)]


def encode_image(phantom: Phantom, mode: str = "L") -> bytes:
    """The image of a drawn slice as a JPEG of pixel mode ``mode``."""
    buffer = io.BytesIO()
    Image.fromarray(phantom.image).convert(mode).save(buffer, "JPEG", quality=92)
    return buffer.getvalue()


def _write_case(root: Path, case: _Case, phantom: Phantom) -> None:
    name = case.name
    mask = None if name.label == naming.NO_TUMOR else _encode_mask(phantom.mask)
    write_slice(root, name, encode_image(phantom, case.mode), ".jpg", mask)


def _encode_mask(mask: Mask) -> bytes:
    """PNG of a mask with the stray grey levels of the published ones, still exact at > 127."""
    # Those went through a JPEG once: 0 to 8 and 248 to 255 around the edges.
    lossy, buffer = io.BytesIO(), io.BytesIO()
    Image.fromarray(mask.astype(np.uint8) * 255).save(lossy, "JPEG", quality=95)
    with Image.open(lossy) as image:
        image.save(buffer, "PNG")
    return buffer.getvalue()
