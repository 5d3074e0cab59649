"""Tells a copy of a slice from another slice of the same patient.

Two neighbouring slices share the outline of the head and most grey values: their plain
correlation reaches that of a copy at low quality. They do not share the fine structure. So the
two thumbnails are laid over each other and what is compared is their detail, a band of
frequencies (difference of Gaussians, as in Lowe, IJCV 60, 2004) from which grey levels, their
slow changes and noise are gone. docs/results.md has the numbers behind the thresholds.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage
from threadpoolctl import threadpool_limits

from data.audit.alignment import align, warp, warp_mask
from data.audit.candidates import Candidates
from data.audit.orientations import ORIENTATIONS
from data.audit.thumbnails import SIDE

COPY = 0.962
"""Least correlation of the detail of a copy; that of neighbours stays below."""
NEIGHBOUR = 0.96
"""Least correlation of the aligned coarse thumbnails of neighbours."""
_CLOSE = 0.92
"""Of those whose detail is worth a look: a copy at low quality may be less alike than that."""
COARSE_SIDE = 32
_FINE_SIDE = 48
_COARSE_STEPS = 5
_BAND = (0.7, 3.0)
_EDGE = 3
"""Pixels beside the edge of what is known that the filters have touched."""
_BATCH = 16
"""Pairs at a time: what they need stays in the processor's cache, and is not given back to the
system and asked for again with each array."""

Bytes = NDArray[np.uint8]
Floats = NDArray[np.float32]
Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class Verdicts:
    """What became of each candidate.

    Attributes:
        coarse: float32 [rows], correlation of the aligned coarse thumbnails, -1 to 1.
        detail: float32 [rows], correlation of the detail; NaN where ``coarse`` is too low for
            it to matter.
    """

    coarse: Floats
    detail: Floats

    def __add__(self, other: Verdicts) -> Verdicts:
        """Both, one behind the other."""
        return Verdicts(
            np.concatenate((self.coarse, other.coarse)), np.concatenate((self.detail, other.detail))
        )


def shrink(thumbnails: NDArray, side: int) -> Floats:
    """Averages [count, SIDE, SIDE] to float32 [count, side, side]; ``side`` divides ``SIDE``."""
    step = SIDE // side
    # Strided: numpy's own sums over short axes take several times as long.
    full = thumbnails.astype(np.float32)
    rows = np.sum([full[:, start::step] for start in range(step)], axis=0)
    small: Floats = np.sum([rows[:, :, start::step] for start in range(step)], axis=0)
    return small / np.float32(step**2)


def judge(
    thumbnails: Bytes,
    inside: Floats,
    candidates: Candidates,
    progress: Callable[[int], None] | None = None,
) -> Verdicts:
    """Compares the slices of each candidate pair.

    Args:
        thumbnails: uint8 [slices, SIDE, SIDE].
        inside: float32 [slices, 4], the part of each that comes from its image.
        candidates: The pairs, and how the second of each has to be turned.
        progress: Called with the number of candidates done since the last call.
    """

    def one(rows: slice) -> tuple[Floats, Floats]:
        first, second = candidates.first[rows], candidates.second[rows]
        turned = candidates.orientation[rows]
        fixed, fixed_mask = thumbnails[first], _masks(inside[first])
        moving, moving_mask = thumbnails[second], _masks(inside[second])
        for index in np.unique(turned):
            here = turned == index
            moving[here] = ORIENTATIONS[index].apply(moving[here])
            moving_mask[here] = ORIENTATIONS[index].apply(moving_mask[here])
        coarse = _compare_coarse(fixed, moving, fixed_mask, moving_mask)
        detail = np.full(len(coarse), np.nan, np.float32)
        close = coarse >= _CLOSE
        if close.any():
            detail[close] = _compare_detail(
                fixed[close], moving[close], fixed_mask[close], moving_mask[close]
            )
        if progress is not None:
            progress(len(coarse))
        return coarse, detail

    # A library that spreads the tiny products over threads of its own spends more time on those.
    with threadpool_limits(1, "blas"), ThreadPoolExecutor(os.cpu_count()) as pool:
        done = list(pool.map(one, _batches(len(candidates.first))))
    empty = np.empty(0, np.float32)
    coarse = np.concatenate([empty, *(part[0] for part in done)])
    return Verdicts(coarse, np.concatenate([empty, *(part[1] for part in done)]))


def _batches(count: int) -> Iterator[slice]:
    for start in range(0, count, _BATCH):
        yield slice(start, min(start + _BATCH, count))


def _compare_coarse(fixed: Bytes, moving: Bytes, fixed_mask: Mask, moving_mask: Mask) -> Floats:
    still, seen = shrink(fixed, COARSE_SIDE), shrink(moving, COARSE_SIDE)
    known, other = (shrink(mask, COARSE_SIDE) > 0.99 for mask in (fixed_mask, moving_mask))
    maps = align(still, seen, known & other, _COARSE_STEPS)
    return _correlate(still, warp(seen, maps), known & warp_mask(other, maps))


def _compare_detail(fixed: Bytes, moving: Bytes, fixed_mask: Mask, moving_mask: Mask) -> Floats:
    known = shrink(fixed_mask & moving_mask, _FINE_SIDE) > 0.99
    maps = align(shrink(fixed, _FINE_SIDE), shrink(moving, _FINE_SIDE), known)
    seen = warp(moving.astype(np.float32), maps)
    mask = fixed_mask & warp_mask(moving_mask, maps)
    mask[:, :_EDGE] = mask[:, -_EDGE:] = False
    mask[:, :, :_EDGE] = mask[:, :, -_EDGE:] = False
    return _correlate(_detail(fixed.astype(np.float32)), _detail(seen), mask)


def _detail(pictures: Floats) -> Floats:
    fine, coarse = (
        ndimage.gaussian_filter(pictures, (0, width, width), mode="nearest", truncate=3)
        for width in _BAND
    )
    band: Floats = fine - coarse
    return band


def _correlate(one: Floats, other: Floats, mask: Mask) -> Floats:
    """Correlation of each pair over its mask; float32 [pairs], 0 where either is flat."""
    weight = mask.reshape(len(mask), -1).astype(np.float32)
    count = np.maximum(weight.sum(axis=1, keepdims=True), 1)
    centred = []
    for pictures in (one, other):
        flat = pictures.reshape(len(mask), -1)
        centred.append((flat - (flat * weight).sum(axis=1, keepdims=True) / count) * weight)
    together = (centred[0] * centred[1]).sum(axis=1)
    norm = np.sqrt((centred[0] ** 2).sum(axis=1) * (centred[1] ** 2).sum(axis=1))
    correlation: Floats = np.where(norm > 1e-3, together / np.maximum(norm, 1e-3), 0)
    return correlation.astype(np.float32)


def _masks(inside: Floats) -> Mask:
    """Where each thumbnail shows its image, without the image's own edge; bool [n, side, side]."""
    at = np.arange(SIDE, dtype=np.float32) + 0.5
    first = np.where(inside[:, :2] > 0, inside[:, :2] + _EDGE - 1, 0)[..., None]
    last = np.where(inside[:, 2:] < SIDE, inside[:, 2:] - _EDGE + 1, SIDE)[..., None]
    known = (at >= first) & (at <= last)
    mask: Mask = known[:, 0, :, None] & known[:, 1, None, :]
    return mask
