"""Overlap of masks from their pixel counts: the definitions that every report uses.

Dice: Dice 1945; IoU: Jaccard 1912. ``all``-slice means count an empty prediction on an empty
mask as 1 and leave nothing out; ``tumour``-only means leave out slices without a tumour.
"""

from __future__ import annotations

import numpy as np

Counts = np.ndarray
"""Pixels, float or int [slices, 3]: intersection, prediction, truth."""

MASK_SCORES = ("dice_tumour", "dice_all", "iou_tumour", "iou_all", "healthy_false_mask_rate")


def dice(counts: Counts) -> np.ndarray:
    """Dice of each slice, float64 [slices]; 1 where prediction and truth are both empty."""
    intersection, predicted, truth = np.asarray(counts, np.float64).T
    return _ratio(2 * intersection, predicted + truth)


def iou(counts: Counts) -> np.ndarray:
    """Intersection over union of each slice, float64 [slices]; 1 where both are empty."""
    intersection, predicted, truth = np.asarray(counts, np.float64).T
    return _ratio(intersection, predicted + truth - intersection)


def terms(counts: Counts) -> np.ndarray:
    """What each slice adds to the sums of ``scores``, float64 [slices, 7].

    In order: slices, their Dice, their IoU; tumour slices, their Dice, their IoU; slices
    without tumour whose predicted mask has one pixel or more.
    """
    counts = np.asarray(counts, np.float64).reshape(-1, 3)
    tumour = counts[:, 2] > 0
    all_dice, all_iou = dice(counts), iou(counts)
    return np.column_stack(
        [
            np.ones(len(counts)),
            all_dice,
            all_iou,
            tumour,
            tumour * all_dice,
            tumour * all_iou,
            ~tumour & (counts[:, 1] > 0),
        ]
    )


def sums(counts: Counts) -> np.ndarray:
    """What ``scores`` needs of some slices, float64 [7]; the sums of parts add up."""
    return terms(counts).sum(axis=0)


def scores(total: np.ndarray) -> dict[str, float]:
    """The means named in ``MASK_SCORES`` from ``sums``; NaN where nothing defines them."""
    slices, dice_sum, iou_sum, tumours, tumour_dice, tumour_iou, false_masks = map(float, total)
    return {
        "dice_tumour": _mean(tumour_dice, tumours),
        "dice_all": _mean(dice_sum, slices),
        "iou_tumour": _mean(tumour_iou, tumours),
        "iou_all": _mean(iou_sum, slices),
        "healthy_false_mask_rate": _mean(false_masks, slices - tumours),
    }


def _ratio(numerator: np.ndarray, denominator: np.ndarray) -> np.ndarray:
    empty = denominator == 0
    return np.where(empty, 1.0, numerator / np.where(empty, 1.0, denominator))


def _mean(total: float, number: float) -> float:
    return total / number if number else float("nan")
