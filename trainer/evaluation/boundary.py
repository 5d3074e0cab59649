"""Distances between the outlines of two masks, in pixels: HD95 and surface Dice.

The definitions are those of MONAI's ``compute_hausdorff_distance(percentile=95)`` and
``compute_surface_dice``, on scipy: docs/decisions/0009-metrics.md says why. HD95 is the larger of
the 95th percentiles of both directions (Huttenlocher et al. 1993); surface Dice counts pixels of
outlines (Nikolov et al. 2018, arXiv 1809.04430, weigh them by length).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy import ndimage

TOLERANCE = 2.0
"""Pixels that two outlines may lie apart and still be one to surface Dice."""
_PERCENTILE = 95


@dataclass(frozen=True)
class Boundary:
    """How far the outlines of two masks lie apart.

    Attributes:
        hd95: Pixels; NaN where a mask is empty.
        surface_dice: Share of both outlines within ``TOLERANCE`` of the other; 0 where one mask
            is empty, NaN where both are.
    """

    hd95: float
    surface_dice: float


def compare(truth: np.ndarray, predicted: np.ndarray) -> Boundary:
    """Compares two masks, bool [height, width] each."""
    if not truth.any() or not predicted.any():
        either = bool(truth.any() or predicted.any())
        return Boundary(math.nan, 0.0 if either else math.nan)
    # What lies outside of both is background as what lies outside of the slice is, so nothing
    # is lost by looking at the box around them alone.
    box = _box(truth | predicted)
    outlines = _outline(truth[box]), _outline(predicted[box])
    there, back = _distances(*outlines), _distances(*outlines[::-1])
    close = (there <= TOLERANCE).sum() + (back <= TOLERANCE).sum()
    return Boundary(
        hd95=float(max(np.percentile(there, _PERCENTILE), np.percentile(back, _PERCENTILE))),
        surface_dice=float(close / (there.size + back.size)),
    )


def terms(
    tumour: np.ndarray, hd95: np.ndarray, surface_dice: np.ndarray, worst: np.ndarray
) -> np.ndarray:
    """What each slice adds to the sums of ``scores``, float64 [slices, 5].

    Args:
        tumour: Whether there is one, bool [slices]; slices without one add nothing.
        hd95: As in ``Boundary``, float [slices].
        surface_dice: The same.
        worst: Pixels that a tumour without an answer counts as in ``hd95_penalised``.
    """
    answered = tumour & ~np.isnan(hd95)
    distance = np.where(answered, hd95, 0.0)
    return np.column_stack(
        [
            tumour,
            answered,
            distance,
            np.where(tumour & ~answered, worst, distance),
            np.where(tumour, surface_dice, 0.0),
        ]
    ).astype(np.float64)


def scores(total: np.ndarray) -> dict[str, float]:
    """Means over slices with a tumour; NaN where there is none.

    Returns:
        ``hd95`` over tumours that got a mask, which alone would reward a model for giving none;
        ``hd95_missed``, how many got none; ``hd95_penalised``, where each of those counts as far
        off as a slice allows; ``surface_dice``, where they count 0.
    """
    tumours, answered, distance, penalised, surface_dice = map(float, total)
    return {
        "hd95": _mean(distance, answered),
        "hd95_penalised": _mean(penalised, tumours),
        "hd95_missed": tumours - answered,
        "surface_dice": _mean(surface_dice, tumours),
    }


def _box(mask: np.ndarray) -> tuple[slice, slice]:
    rows, columns = (np.flatnonzero(mask.any(axis=axis)) for axis in (1, 0))
    return slice(rows[0], rows[-1] + 1), slice(columns[0], columns[-1] + 1)


def _outline(mask: np.ndarray) -> np.ndarray:
    """The pixels of a mask with one of their four neighbours outside, or off the slice."""
    return mask & ~ndimage.binary_erosion(mask)


def _distances(outline: np.ndarray, other: np.ndarray) -> np.ndarray:
    """From each pixel of an outline to the nearest of another, float64 [pixels]."""
    return ndimage.distance_transform_edt(~other)[outline]


def _mean(total: float, number: float) -> float:
    return total / number if number else float("nan")
