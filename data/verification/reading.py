"""Reads each file once and keeps of it what the rules ask for: half a KiB, not the pixels."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from data.audit.thumbnails import frame_thumbnail
from data.checks import MASK_THRESHOLD, check_slice, decode, why
from data.errors import Problem
from data.layout import Slice
from data.oddities import is_coloured, is_transparent, read_exif

_PIECE = 1 << 20
_PART = 1024
_DARK, _BRIGHT = 31, 224
"""A mask value between these is neither background nor tumour: BRISC's are 0-10 and 246-255."""


@dataclass(frozen=True, slots=True)
class MaskFacts:
    """Values of a mask: how many distinct ones there are, whether 0 and 255 are the only ones,
    whether some lie far from both; the tumour in pixels and as a share of the mask."""

    values: int
    strict: bool
    middle: bool
    pixels: int
    share: float


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of one file.

    Attributes:
        path: Where it lies.
        length: Its size in bytes.
        sha256: Of its bytes, in hexadecimal.
        pixels: Digest of its grey pixels and their shape; ``None`` where it was not decoded.
        size: Width and height in pixels.
        mode: Pillow's pixel mode.
        coloured: Whether its channels differ.
        transparent: Whether it has transparency.
        exif: Whether it has EXIF data.
        turned: Whether that asks to show it turned or mirrored.
        mask: Its values, where it is a mask.
        thumbnail: The bytes of ``data.audit.thumbnails.frame_thumbnail``, of an image.
    """

    path: Path
    length: int
    sha256: str
    pixels: bytes | None = None
    size: tuple[int, int] | None = None
    mode: str = ""
    coloured: bool = False
    transparent: bool = False
    exif: bool = False
    turned: bool = False
    mask: MaskFacts | None = None
    thumbnail: bytes = b""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of one slice or one other file."""

    facts: tuple[Facts, ...]
    problems: tuple[Problem, ...]


def read_all(
    items: Sequence[Slice | Path], progress: Callable[[], None] | None = None
) -> list[Outcome]:
    """Reads slices and other files with as many threads as help, in their order.

    Args:
        items: What to read.
        progress: Called after each.
    """

    def one(item: Slice | Path) -> Outcome:
        outcome = read_other(item) if isinstance(item, Path) else read_slice(item)
        if progress is not None:
            progress()
        return outcome

    outcomes: list[Outcome] = []
    with ThreadPoolExecutor() as pool:
        # In parts: a pool keeps some 2 KiB for each call that it still has to make.
        for start in range(0, len(items), _PART):
            outcomes += pool.map(one, items[start : start + _PART])
    return outcomes


def read_slice(item: Slice) -> Outcome:
    """Reads image and mask, and judges them as ingest does."""
    facts: list[Facts] = []

    def look(item: Slice, path: Path, encoded: bytes) -> np.ndarray | str:
        seen = decode(encoded, lambda image: _look(path, encoded, image, path == item.mask))
        if isinstance(seen, str):
            facts.append(Facts(path, len(encoded), hashlib.sha256(encoded).hexdigest()))
            return seen
        facts.append(seen[0])
        return seen[1]

    problems, _ = check_slice(item, look)
    return Outcome(tuple(facts), tuple(problems))


def read_other(path: Path) -> Outcome:
    """Reads a file that belongs to no slice, without decoding it."""
    try:
        # In pieces: a stray file may be of any size.
        digest = hashlib.sha256()
        with path.open("rb") as file:
            while piece := file.read(_PIECE):
                digest.update(piece)
            return Outcome((Facts(path, file.tell(), digest.hexdigest()),), ())
    except OSError as error:
        return Outcome((), (Problem(path, why(error), "Make it readable", code="unreadable"),))


def _look(
    path: Path, encoded: bytes, image: Image.Image, is_mask: bool
) -> tuple[Facts, np.ndarray]:
    grey = np.asarray(image.convert("L"))
    exif, turned = read_exif(image)
    facts = Facts(
        path=path,
        length=len(encoded),
        sha256=hashlib.sha256(encoded).hexdigest(),
        pixels=hashlib.sha256(f"{grey.shape}".encode() + grey.tobytes()).digest(),
        size=image.size,
        mode=image.mode,
        coloured=is_coloured(image),
        transparent=is_transparent(image),
        exif=exif,
        turned=turned,
        mask=_mask_facts(grey) if is_mask else None,
        thumbnail=b"" if is_mask else frame_thumbnail(grey).tobytes(),
    )
    return facts, grey


def _mask_facts(grey: np.ndarray) -> MaskFacts:
    values = np.flatnonzero(np.bincount(grey.ravel(), minlength=256))
    pixels = int((grey > MASK_THRESHOLD).sum())
    return MaskFacts(
        values=len(values),
        strict=set(values.tolist()) <= {0, 255},
        middle=bool(((values > _DARK) & (values < _BRIGHT)).any()),
        pixels=pixels,
        share=pixels / grey.size,
    )
