"""Weighted mIoU as the BRISC paper has it (Fateh et al. 2025, arXiv 2506.14318).

The mean of the tumour classes' IoU, each weighted by the number of its slices. The IoU of a
class is that of all its pixels pooled: were it the mean over its slices, the weighted mean would
be ``iou_tumour`` by definition.
"""

from __future__ import annotations

import numpy as np

from data import naming
from trainer.evaluation import overlap

_TUMORS = [naming.CLASSES.index(name) for name in naming.TUMOR_CLASSES]


def terms(truth: np.ndarray, counts: overlap.Counts) -> np.ndarray:
    """What each slice adds to the sums of ``scores``, float64 [slices, 12].

    In order, each by tumour class: slices; pixels of intersection, prediction and truth.

    Args:
        truth: Indices of classes, int [slices].
        counts: Pixels, as in ``overlap``.
    """
    counts = np.asarray(counts, np.float64).reshape(-1, 3)
    classes = np.eye(len(naming.CLASSES))[np.asarray(truth)][:, _TUMORS]
    return np.hstack([classes, *(classes * column[:, None] for column in counts.T)])


def scores(total: np.ndarray) -> dict[str, float]:
    """``weighted_miou``; NaN where there is no slice of a tumour class."""
    slices, *counts = total.reshape(4, len(_TUMORS))
    if not slices.any():
        return {"weighted_miou": float("nan")}
    iou = overlap.iou(np.column_stack(counts))
    return {"weighted_miou": float(np.average(iou, weights=slices))}
