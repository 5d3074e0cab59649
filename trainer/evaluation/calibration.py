"""Whether probabilities of classes mean what they say: Brier score, ECE, reliability diagram.

Brier: Brier 1950, the squared error summed over all classes, 0 to 2. ECE: Guo et al. 2017, the
mean gap between confidence (the probability of the answer) and accuracy in bins of equal width.
"""

from __future__ import annotations

import numpy as np

from data import naming

BINS = 15
CALIBRATION_SCORES = ("ece", "brier")
_EDGES = np.linspace(0.0, 1.0, BINS + 1)


def terms(truth: np.ndarray, probabilities: np.ndarray) -> np.ndarray:
    """What each slice adds to the sums of ``scores``, float64 [slices, 1 + 3 * BINS].

    In order: squared error; slices by bin; their confidence by bin; right answers by bin. A bin
    holds its upper edge.

    Args:
        truth: Indices of classes, int [slices].
        probabilities: float [slices, 4].
    """
    truth, probabilities = np.asarray(truth, np.int64), np.asarray(probabilities, np.float64)
    squared = ((probabilities - np.eye(len(naming.CLASSES))[truth]) ** 2).sum(axis=1)
    confidence, right = probabilities.max(axis=1), probabilities.argmax(axis=1) == truth
    bins = np.eye(BINS)[np.searchsorted(_EDGES[1:-1], confidence)]
    return np.hstack([squared[:, None], bins, bins * confidence[:, None], bins * right[:, None]])


def scores(total: np.ndarray) -> dict[str, float]:
    """The values named in ``CALIBRATION_SCORES``; NaN without slices."""
    slices, confidence, right = total[1:].reshape(3, BINS)
    number = slices.sum()
    if not number:
        return dict.fromkeys(CALIBRATION_SCORES, float("nan"))
    return {
        "ece": float(np.abs(right - confidence).sum() / number),
        "brier": float(total[0] / number),
    }


def reliability(total: np.ndarray) -> list[dict[str, float]]:
    """The bins of a reliability diagram: edges, slices, mean confidence, accuracy; NaN if empty."""
    return [
        {
            "lower": round(float(lower), 6),
            "upper": round(float(upper), 6),
            "n": int(number),
            "confidence": float(confidence / number) if number else float("nan"),
            "accuracy": float(right / number) if number else float("nan"),
        }
        for lower, upper, number, confidence, right in zip(
            _EDGES[:-1], _EDGES[1:], *total[1:].reshape(3, BINS), strict=True
        )
    ]
