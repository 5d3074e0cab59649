"""Slices of test that are mirror images of slices of train, as most copies in BRISC are.

Whole frames are compared, small and as they are: on BRISC that finds 414 of the 420 mirrored pairs
that the audit does, and no other. What was cropped, turned or rescaled too is the audit's.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from data.audit.thumbnails import FLOOR_SIDE
from data.layout import Slice
from data.verification.finding import Finding, Severity, finding
from data.verification.reading import Facts

LEAST = 0.999
"""Correlation of two thumbnails from which on they are of one slice; on BRISC 0.998 and 0.9995
give the same pairs."""
_BLOCK = 256
"""Slices of test at a time: a product with 100,000 of train is 100 MB."""

Floats = NDArray[np.float32]


def mirrored(slices: Sequence[Slice], facts: Mapping[Path, Facts]) -> list[Finding]:
    """Finds them; each slice of test is told with all of train that mirror it.

    Args:
        slices: The usable slices.
        facts: Of their images.
    """
    test, train = (
        [item.image for item in slices if item.official_split == split]
        for split in ("test", "train")
    )
    if not test or not train:
        return []
    asked = _thumbnails([facts[path] for path in test])
    known = _unit(_thumbnails([facts[path] for path in train]))
    places = []
    for start in range(0, len(test), _BLOCK):
        block = asked[start : start + _BLOCK]
        plain, flipped = (_unit(pictures) for pictures in (block, block[:, :, ::-1]))
        likeness = flipped @ known.T
        for row in np.flatnonzero(likeness.max(axis=1) >= LEAST):
            alike = np.flatnonzero(likeness[row] >= LEAST)
            # What is all but symmetric is as like its mirror image as itself.
            alike = alike[likeness[row, alike] > known[alike] @ plain[row]]
            if alike.size:
                places.append((test[start + row], *(train[index] for index in alike)))
    return finding(
        Severity.warning,
        "mirrored-in-train-and-test",
        "mirror images of each other in train and in test",
        "Do not trust scores on them: the test is seen in training; see brisc data audit",
        places,
    )


def _thumbnails(facts: Sequence[Facts]) -> Floats:
    joined = np.frombuffer(b"".join(item.thumbnail for item in facts), np.uint8)
    return joined.reshape(-1, FLOOR_SIDE, FLOOR_SIDE).astype(np.float32)


def _unit(pictures: Floats) -> Floats:
    """[count, side, side] as rows of mean 0 and length 1; zeros where a picture is flat."""
    flat = pictures.reshape(len(pictures), -1)
    flat = flat - flat.mean(axis=1, keepdims=True)
    unit: Floats = flat / np.maximum(np.linalg.norm(flat, axis=1, keepdims=True), 1e-3)
    return unit
