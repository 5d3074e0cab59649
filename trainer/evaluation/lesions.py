"""Which tumours of a slice are found, as whole objects: components of both masks, matched."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import ndimage, optimize

MATCH_IOU = 0.1
"""IoU from which two components count as one lesion."""

_TOUCHING = np.ones((3, 3), bool)


@dataclass(frozen=True)
class Lesions:
    """Lesions of one slice: true ones ``found`` and ``missed``, and ``false`` ones answered."""

    found: int
    missed: int
    false: int


def match(truth: np.ndarray, predicted: np.ndarray) -> Lesions:
    """Matches the components of two masks, bool [height, width] each, one to one.

    Pixels that touch by a side or a corner are of one component. Of all matchings whose pairs
    have ``MATCH_IOU`` or more, that with the largest sum of IoU counts (Hungarian algorithm, Kuhn
    1955): at so low an IoU a component may fit several.
    """
    true_labels, true_number = ndimage.label(truth, _TOUCHING)
    labels, number = ndimage.label(predicted, _TOUCHING)
    if not true_number or not number:
        return Lesions(0, true_number, number)
    codes = true_labels.ravel() * (number + 1) + labels.ravel()
    pixels = np.bincount(codes, minlength=(true_number + 1) * (number + 1))
    pixels = pixels.reshape(true_number + 1, number + 1)
    union = pixels.sum(axis=1)[1:, None] + pixels.sum(axis=0)[None, 1:] - pixels[1:, 1:]
    iou = pixels[1:, 1:] / union
    # An ineligible pair is worth nothing, so it never displaces one that counts.
    worth = np.where(iou >= MATCH_IOU, iou, 0.0)
    found = int((worth[optimize.linear_sum_assignment(worth, maximize=True)] > 0).sum())
    return Lesions(found, true_number - found, number - found)


def scores(total: np.ndarray) -> dict[str, float]:
    """Detection over all lesions of some slices, and their numbers; NaN where undefined.

    Args:
        total: Lesions found, missed and false, [3].
    """
    found, missed, false = map(float, total)
    return {
        "lesion_recall": _ratio(found, found + missed),
        "lesion_precision": _ratio(found, found + false),
        "lesion_f1": _ratio(2 * found, 2 * found + missed + false),
        "lesions_found": found,
        "lesions_missed": missed,
        "lesions_false": false,
    }


def _ratio(part: float, total: float) -> float:
    return part / total if total else float("nan")
