"""What looking up the nearest training slice scores: a model has to be better than that."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from data import naming
from data.audit.looks import Look
from data.checks import MASK_THRESHOLD, decode_grey
from data.errors import InputError
from data.layout import Slice

_BLOCK = 1024


@dataclass(frozen=True)
class Floor:
    """Scores of one nearest neighbour over the official split.

    Attributes:
        accuracy: Share of test slices whose nearest train slice has their class; ``None``
            where either part is empty.
        dice: Mean Dice of that slice's mask over the test slices with a tumour; ``None`` where
            there are none.
    """

    accuracy: float | None
    dice: float | None


def measure_floor(slices: Sequence[Slice], looks: Mapping[str, Look]) -> Floor:
    """Looks up each official test slice in the official train part.

    Nearest is meant in Euclidean distance of the whole frames at 16×16 grey pixels; the mask
    that is found is stretched to the test slice.

    Raises:
        InputError: A mask has become unreadable since it was checked.
    """
    train = [item for item in slices if item.official_split == "train"]
    test = [item for item in slices if item.official_split == "test"]
    if not train or not test:
        return Floor(None, None)
    found = nearest(*(np.stack([looks[item.id].frame for item in part]) for part in (test, train)))
    match = [(item, train[index]) for item, index in zip(test, found, strict=True)]
    accuracy = float(np.mean([item.label == other.label for item, other in match]))
    tumours = [pair for pair in match if pair[0].label != naming.NO_TUMOR]
    with ThreadPoolExecutor() as pool:
        scores = list(pool.map(_copied_mask_dice, tumours))
    return Floor(accuracy, float(np.mean(scores)) if scores else None)


def nearest(queries: NDArray[np.uint8], base: NDArray[np.uint8]) -> NDArray[np.int64]:
    """The index of the nearest of ``base`` for each of ``queries``; both [count, side, side]."""
    flat = base.reshape(len(base), -1).astype(np.float32)
    length = (flat**2).sum(axis=1)
    found = []
    for start in range(0, len(queries), _BLOCK):
        block = queries[start : start + _BLOCK].reshape(-1, flat.shape[1]).astype(np.float32)
        found.append(np.argmin(length - 2 * block @ flat.T, axis=1))
    return np.concatenate(found)


def _copied_mask_dice(pair: tuple[Slice, Slice]) -> float:
    item, other = pair
    if item.mask is None or other.mask is None:
        return 0.0
    truth = _read(item.mask)
    height, width = truth.shape
    stretched = Image.fromarray(_read(other.mask)).resize((width, height), Image.Resampling.NEAREST)
    guess = np.asarray(stretched)
    return float(2 * (truth & guess).sum() / max(truth.sum() + guess.sum(), 1))


def _read(path: Path) -> NDArray[np.bool_]:
    try:
        pixels = decode_grey(path.read_bytes())
    except OSError as error:
        pixels = error.strerror or str(error)
    if isinstance(pixels, str):
        raise InputError(path, pixels, "It has changed since it was read: audit again")
    mask: NDArray[np.bool_] = pixels > MASK_THRESHOLD
    return mask
