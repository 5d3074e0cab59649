"""Reads every file once: what cannot be used is listed, the rest is fingerprinted.

A whitelist decides (formats and pixel modes that both TensorFlow versions decode alike), since
a single undecodable image deep inside Transform would end a run with its reason hidden.
"""

from __future__ import annotations

import hashlib
import io
import warnings
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import numpy as np
from PIL import Image

from data.errors import Problem
from data.layout import Layout, Slice

FORMATS = ("JPEG", "PNG", "BMP", "GIF")
MODES = ("1", "L", "LA", "P", "RGB", "RGBA")
MIN_SIDE = 16
MAX_PIXELS = 64_000_000
_PNG_BITS = 24
"""Where a PNG says how many bits a channel has: it begins with its IHDR chunk (PNG 5.6, 11.2.1)."""
_PNG_END = b"\0\0\0\0IEND\xaeB`\x82"
_GIF_END = b"\x3b"
MASK_THRESHOLD = 127
"""A mask pixel is tumour where its grey value is above this: BRISC's masks are never strictly
{0, 255}."""

T = TypeVar("T")


@dataclass(frozen=True)
class Checked:
    """The outcome of reading a folder.

    Attributes:
        slices: The usable slices, sorted by id.
        problems: Everything unusable, from names and from contents.
        fingerprint: Hex SHA-256 over ids, labels and file contents of the usable slices.
    """

    root: Path
    slices: tuple[Slice, ...]
    problems: tuple[Problem, ...]
    fingerprint: str


Look = Callable[[Slice, Path, bytes], "np.ndarray | str"]
"""Decodes a file of a slice as ``decode_grey`` does; called by many threads."""


def check(
    layout: Layout,
    progress: Callable[[], None] | None = None,
    look: Look | None = None,
) -> Checked:
    """Decodes all images and masks of ``layout``.

    Args:
        layout: What ``data.layout.scan`` found.
        progress: Called once for each slice that has been read.
        look: Decodes a file in place of ``decode_grey``, so that no other pass has to read it.
    """

    def one(item: Slice) -> tuple[list[Problem], str]:
        result = check_slice(item, look)
        if progress is not None:
            progress()
        return result

    with ThreadPoolExecutor() as pool:
        results = list(pool.map(one, layout.slices))
    good: list[Slice] = []
    problems = list(layout.problems)
    total = hashlib.sha256()
    for item, (found, digest) in zip(layout.slices, results, strict=True):
        if found:
            problems += found
        else:
            good.append(item)
            total.update(f"{item.id} {item.label} {item.official_split} {digest}\n".encode())
    return Checked(layout.root, tuple(good), tuple(problems), total.hexdigest())


def check_slice(item: Slice, look: Look | None = None) -> tuple[list[Problem], str]:
    """Reads one slice, each file once; returns its problems and the hex digest of its files.

    Args:
        item: The slice to read.
        look: Decodes a file in place of ``decode_grey``, for who wants to see more of it.
    """
    digest = hashlib.sha256()
    problems: list[Problem] = []
    sizes: list[tuple[int, ...]] = []
    for path in filter(None, (item.image, item.mask)):
        try:
            encoded = path.read_bytes()
        except OSError as error:
            problems.append(Problem(path, why(error), "Make it readable", item.id, "unreadable"))
            continue
        digest.update(hashlib.sha256(encoded).digest())
        pixels = decode_grey(encoded) if look is None else look(item, path, encoded)
        if isinstance(pixels, str):
            code = "mask-unusable" if path == item.mask else "image-unusable"
            problems.append(Problem(path, pixels, "Replace or remove the file", item.id, code))
            continue
        sizes.append(pixels.shape)
        if path == item.mask and not (pixels > MASK_THRESHOLD).any():
            reason = f"the mask has no pixel above {MASK_THRESHOLD}"
            problems.append(Problem(path, reason, "Redraw it", item.id, "mask-empty"))
    if len(sizes) == 2 and sizes[0] != sizes[1]:
        (height, width), (mask_height, mask_width) = sizes
        problems.append(
            Problem(
                item.mask or item.image,
                f"the mask is {mask_width}x{mask_height}, its image {width}x{height}",
                "Give both the same size",
                item.id,
                "mask-size",
            )
        )
    return problems, digest.hexdigest()


def decode_grey(encoded: bytes) -> np.ndarray | str:
    """Decodes an image to grey, uint8 [height, width]; where it cannot be used, says why."""
    return decode(encoded, lambda image: np.asarray(image.convert("L")))


def decode(encoded: bytes, use: Callable[[Image.Image], T]) -> T | str:
    """Opens an image and returns what ``use`` makes of it; where it cannot be used, says why."""
    if not encoded:
        return "the file is empty"
    try:
        with warnings.catch_warnings():
            # The limit below is ours: Pillow's own warning would only repeat it.
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            with Image.open(io.BytesIO(encoded), formats=FORMATS) as image:
                refusal = _refusal(image) or _strictness(image, encoded)
                return refusal or use(image)
    except Image.DecompressionBombError:
        return f"more than {MAX_PIXELS} pixels"
    except Image.UnidentifiedImageError:
        return f"not a {', '.join(FORMATS[:-1])} or {FORMATS[-1]} image"
    except Exception as error:
        # Damaged data also gets IndexError and struct.error out of Pillow's plugins.
        return f"the image data is damaged ({why(error)})"


def size_refusal(width: int, height: int) -> str | None:
    """Why a slice of this size, in pixels, cannot be used; ``None`` where it can."""
    if width * height > MAX_PIXELS:
        return f"{width}x{height} are more than {MAX_PIXELS} pixels"
    if min(width, height) < MIN_SIDE:
        return f"{width}x{height} is smaller than {MIN_SIDE} pixels a side"
    return None


def _refusal(image: Image.Image) -> str | None:
    refusal = size_refusal(*image.size)
    if refusal:
        return refusal
    if image.mode not in MODES:
        return f"pixel mode {image.mode} is not supported (8-bit grey or RGB is)"
    if getattr(image, "n_frames", 1) > 1:
        return "the image is animated"
    tiles = getattr(image, "tile", [])
    if image.format == "GIF" and any(tile[1] != (0, 0, *image.size) for tile in tiles):
        # Pillow puts such a frame on the canvas, TensorFlow decodes the frame alone.
        return "its frame does not fill the image"
    return None


def _strictness(image: Image.Image, encoded: bytes) -> str | None:
    """What Pillow forgives and TensorFlow does not."""
    if image.format == "BMP":
        bits = int.from_bytes(encoded[28:30], "little")
        if image.mode not in ("L", "RGB") or bits < 8 or bits == 16 or image.info["compression"]:
            return "BMP images must be 8-bit grey or 24-bit RGB, not compressed"
    whole = True
    if image.format == "GIF":
        whole = encoded.rstrip(b"\0").endswith(_GIF_END)
    elif image.format == "PNG":
        # In colour, or with transparency, Pillow drops the lower half of each value in silence.
        if encoded[_PNG_BITS] > 8:
            return f"{encoded[_PNG_BITS]} bits a channel are not supported (8 are)"
        whole = _PNG_END in encoded
        # Compares checksums, which decoding does not; an image is unusable afterwards.
        with Image.open(io.BytesIO(encoded), formats=("PNG",)) as copy:
            copy.verify()
    return None if whole else "the image data is damaged (its end is missing)"


def why(error: Exception) -> str:
    """The reason of a library's error, as a clause."""
    reason = getattr(error, "strerror", None) or str(error) or type(error).__name__
    return reason.rstrip(".").replace("\n", " ")
