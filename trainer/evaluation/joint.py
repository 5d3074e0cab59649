"""Class and mask of a slice judged together: whether both are right, whether they fit."""

from __future__ import annotations

import numpy as np

from data import naming
from trainer.evaluation import overlap

RIGHT_DICE = 0.5
"""Dice from which a mask counts as right."""

JOINT_SCORES = ("both_right", "contradiction", "tumour_without_mask", "no_tumour_with_mask")
_NO_TUMOR = naming.CLASSES.index(naming.NO_TUMOR)


def both_right(truth: np.ndarray, predicted: np.ndarray, counts: overlap.Counts) -> np.ndarray:
    """Whether the class is right and the mask too, bool [slices].

    A mask is right with a Dice of ``RIGHT_DICE`` or more, an empty one where there is no tumour.

    Args:
        truth: Indices of classes, int [slices].
        predicted: The same, answered.
        counts: Pixels, as in ``overlap``.
    """
    return (np.asarray(truth) == predicted) & (overlap.dice(counts) >= RIGHT_DICE)


def contradiction(predicted: np.ndarray, counts: overlap.Counts) -> np.ndarray:
    """Whether a tumour class comes without a mask, or no_tumor with one, bool [slices]."""
    masked = np.asarray(counts)[:, 1] > 0
    return masked == (np.asarray(predicted) == _NO_TUMOR)


def terms(truth: np.ndarray, predicted: np.ndarray, counts: overlap.Counts) -> np.ndarray:
    """What each slice adds to the sums of ``scores``, float64 [slices, 4]."""
    both = both_right(truth, predicted, counts)
    contradictory, healthy = contradiction(predicted, counts), np.asarray(predicted) == _NO_TUMOR
    kinds = (contradictory & ~healthy, contradictory & healthy)
    return np.column_stack([np.ones(len(both)), both, *kinds])


def scores(total: np.ndarray) -> dict[str, float]:
    """The shares of slices named in ``JOINT_SCORES``; NaN without slices.

    A contradiction is one of two kinds, whose shares add up to its own.
    """
    number, both, without, within = map(float, total)
    if not number:
        return dict.fromkeys(JOINT_SCORES, float("nan"))
    shares = (both, without + within, without, within)
    return dict(zip(JOINT_SCORES, (share / number for share in shares), strict=True))
