"""Classification scores from a confusion matrix: the definitions that every report uses."""

from __future__ import annotations

import numpy as np

from data import naming

RECALLS = tuple(f"recall_{name}" for name in naming.CLASSES)
CLASS_SCORES = ("accuracy", "macro_f1", *RECALLS)


def confusion(truth: np.ndarray, predicted: np.ndarray) -> np.ndarray:
    """Counts slices by class: int [slices] twice to float64 [4, 4], rows are the truth."""
    number = len(naming.CLASSES)
    pairs = np.asarray(truth, np.int64) * number + np.asarray(predicted, np.int64)
    return np.bincount(pairs.ravel(), minlength=number**2).reshape(number, number).astype(float)


def terms(truth: np.ndarray, predicted: np.ndarray) -> np.ndarray:
    """What each slice adds to ``confusion``, row after row, float64 [slices, 16]."""
    number = len(naming.CLASSES)
    return np.eye(number**2)[np.asarray(truth) * number + np.asarray(predicted)]


def scores(matrix: np.ndarray) -> dict[str, float]:
    """The values named in ``CLASS_SCORES``; NaN where nothing defines them.

    Macro-F1 is the mean over the classes that occur as truth or as prediction, so a class that
    a part of the data lacks neither helps nor hurts there.
    """
    hits, truth, predicted = np.diag(matrix), matrix.sum(axis=1), matrix.sum(axis=0)
    occurs = truth + predicted > 0
    values = {"accuracy": _ratio(hits.sum(), matrix.sum())}
    f1 = 2 * hits[occurs] / (truth + predicted)[occurs]
    values["macro_f1"] = float(f1.mean()) if occurs.any() else float("nan")
    for name, hit, total in zip(RECALLS, hits, truth, strict=True):
        values[name] = _ratio(hit, total)
    return values


def _ratio(part: float, total: float) -> float:
    return float(part / total) if total else float("nan")
