"""Makes copies of slices as they are found in data sets, and slices that only resemble them."""

from __future__ import annotations

import io

import numpy as np
from PIL import Image
from scipy import ndimage

from data.audit.looks import Look, look
from data.checks import decode_grey

MIRROR = Image.Transpose.FLIP_LEFT_RIGHT
TURNS = (
    (Image.Transpose.ROTATE_90,),
    (Image.Transpose.ROTATE_180,),
    (Image.Transpose.ROTATE_270,),
    (Image.Transpose.FLIP_TOP_BOTTOM,),
    (MIRROR, Image.Transpose.ROTATE_90),
)


def jpeg(grey: np.ndarray, quality: int) -> bytes:
    """Encodes grey values, uint8 [height, width]."""
    buffer = io.BytesIO()
    Image.fromarray(grey).save(buffer, "JPEG", quality=quality)
    return buffer.getvalue()


def copy_of(
    grey: np.ndarray, rng: np.random.Generator, turn: tuple[Image.Transpose, ...] = ()
) -> bytes:
    """The same slice at 0.5 to 1.5 times the size, cropped by 1 to 6 pixels a side, with other
    brightness and contrast, turned, as a JPEG of quality 30 to 95."""
    image = Image.fromarray(grey)
    factor = rng.uniform(0.5, 1.5)
    size = round(image.width * factor), round(image.height * factor)
    image = image.resize(size, Image.Resampling.BICUBIC)
    left, top, right, bottom = (int(pixels) for pixels in rng.integers(1, 7, 4))
    image = image.crop((left, top, image.width - right, image.height - bottom))
    values = np.asarray(image) * rng.uniform(0.7, 1.3) + rng.uniform(-20, 30)
    image = Image.fromarray(np.clip(values, 0, 255).astype(np.uint8))
    for step in turn:
        image = image.transpose(step)
    return jpeg(np.asarray(image), int(rng.integers(30, 96)))


def neighbour_of(grey: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """A slice with the same outline whose structures have moved, each its own way."""
    height, width = grey.shape
    moves = []
    for length in (height, width):
        noise = ndimage.gaussian_filter(rng.normal(size=grey.shape), min(grey.shape) / 30)
        moves.append(noise / noise.std() * length / 200)
    rows, cols = np.indices(grey.shape)
    moved = ndimage.map_coordinates(
        grey.astype(np.float32), (rows + moves[0], cols + moves[1]), order=1, mode="nearest"
    )
    return np.clip(moved, 0, 255).astype(np.uint8)


def look_at(encoded: bytes) -> Look:
    """The look of a file that is known to be good."""
    pixels = decode_grey(encoded)
    assert not isinstance(pixels, str), pixels
    return look(encoded, pixels)
