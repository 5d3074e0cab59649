"""Scores of evaluated slices: of all, of every part that occurs, and how sure they are."""

from __future__ import annotations

import itertools
import math
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from dataclasses import asdict
from typing import Any

import numpy as np

from data import naming
from trainer.evaluation import (
    boundary,
    calibration,
    confusion,
    joint,
    lesions,
    overlap,
    weighted_iou,
)
from trainer.evaluation.bootstrap import Bootstrap, intervals
from trainer.evaluation.row import CLASS_INDEX, TERTILES, Row

DEFINITIONS = {
    "mask": "at each slice's own size, pixels above probability 0.5",
    "both_right_dice": joint.RIGHT_DICE,
    "calibration_bins": calibration.BINS,
    "hd95": "pixels, over tumours that got a mask; hd95_missed got none",
    "hd95_penalised": "pixels, over all tumours; one without a mask counts the slice's diagonal",
    "lesion_match_iou": lesions.MATCH_IOU,
    "size_from_area_percent": dict(zip(("medium", "large"), TERTILES, strict=True)),
    "surface_dice_tolerance": boundary.TOLERANCE,
}
"""What a reader of the scores has to know of them."""

_PARTS = ("leak", "plane", "size", "class")
"""What slices are told apart by, in the order of a part's name."""
_WITH_INTERVALS = ((), ("leak",), ("class",), ("leak", "class"))

_COUNTS = ("hd95_missed", "lesions_found", "lesions_missed", "lesions_false")
"""What scores rest on: numbers, which have no interval."""


class Evaluation:
    """The scores of some rows, which are additive sums over slices until the last step."""

    def __init__(self, rows: Sequence[Row], how: Bootstrap | None = None) -> None:
        """Prepares scores of ``rows``, with intervals made as ``how`` says."""
        self._rows = rows
        self._how = how or Bootstrap()
        self._groups = np.array([row.group for row in rows], object)
        self._blocks = _terms(rows)
        self._terms = np.hstack(list(self._blocks.values()))
        self._borders = np.cumsum([block.shape[1] for block in self._blocks.values()])[:-1]

    def summarise(self) -> dict[str, Any]:
        """All that is known of the rows together; ``None`` where a score is undefined.

        Returns:
            The scores of the whole, its ``confusion`` (a row a true class, a column an answer),
            ``reliability`` (bins) and ``intervals``; ``slices``, the same scores by leak, plane,
            tumour size, class and whatever combines them, under names like
            ``plane=axial,class=glioma``; ``bootstrap`` and ``definitions``, which say how they
            were made.
        """
        parts = self._parts()
        number = Counter(self._groups.tolist())
        return {
            **self._part(np.arange(len(self._rows)), sure=True),
            "slices": {
                name: self._part(np.array(members), sure=keys in _WITH_INTERVALS)
                for (name, keys), members in sorted(parts.items())
            },
            "bootstrap": {
                **asdict(self._how),
                "unit": "group" if max(number.values(), default=0) > 1 else "slice",
            },
            "definitions": DEFINITIONS,
        }

    def _parts(self) -> dict[tuple[str, tuple[str, ...]], list[int]]:
        """Indices of the rows of each part, by its name and what it is told apart by."""
        parts: dict[tuple[str, tuple[str, ...]], list[int]] = defaultdict(list)
        for index, row in enumerate(self._rows):
            values = dict(zip(_PARTS, (row.leak, row.plane, row.size, row.label), strict=True))
            known = [key for key in _PARTS if values[key]]
            for number in range(1, len(known) + 1):
                for keys in itertools.combinations(known, number):
                    parts[",".join(f"{key}={values[key]}" for key in keys), keys].append(index)
        return parts

    def _part(self, members: np.ndarray, *, sure: bool) -> dict[str, Any]:
        total = self._terms[members].sum(axis=0)
        values = self._scores(total)
        found = _nested(values | {name: int(values[name]) for name in _COUNTS})
        if not sure:
            return {"n": len(members), **found}
        ranges = intervals(self._terms[members], self._groups[members], self._scores, self._how)
        blocks = self._split(total)
        return {
            "n": len(members),
            "groups": len(set(self._groups[members])),
            **found,
            "confusion": blocks["confusion"].reshape(len(naming.CLASSES), -1).astype(int).tolist(),
            "reliability": _json(calibration.reliability(blocks["calibration"])),
            "intervals": _nested({k: v for k, v in ranges.items() if k not in _COUNTS}),
        }

    def _split(self, total: np.ndarray) -> dict[str, np.ndarray]:
        return dict(zip(self._blocks, np.split(total, self._borders), strict=True))

    def _scores(self, total: np.ndarray) -> dict[str, float]:
        """Every score from the sums of some slices."""
        blocks = self._split(total)
        classes = blocks.pop("confusion").reshape(len(naming.CLASSES), -1)
        found = confusion.scores(classes)
        for name, block in blocks.items():
            found |= _SCORES[name](block)
        return found


_SCORES: dict[str, Callable[[np.ndarray], dict[str, float]]] = {
    "overlap": overlap.scores,
    "weighted_iou": weighted_iou.scores,
    "boundary": boundary.scores,
    "lesions": lesions.scores,
    "joint": joint.scores,
    "calibration": calibration.scores,
}


def _terms(rows: Sequence[Row]) -> dict[str, np.ndarray]:
    """What each row adds to the sums, float64 [rows, sums], by the module that takes them."""
    truth = np.array([CLASS_INDEX[row.label] for row in rows])
    predicted = np.array([CLASS_INDEX[row.predicted] for row in rows])
    counts = np.array([(row.intersection, row.predicted_area, row.true_area) for row in rows])
    found = np.array([(row.lesions_found, row.lesions_missed, row.lesions_false) for row in rows])
    return {
        "confusion": confusion.terms(truth, predicted),
        "overlap": overlap.terms(counts),
        "weighted_iou": weighted_iou.terms(truth, counts),
        "boundary": boundary.terms(
            counts[:, 2] > 0,
            np.array([row.hd95 for row in rows]),
            np.array([row.surface_dice for row in rows]),
            np.array([math.hypot(row.height, row.width) for row in rows]),
        ),
        "lesions": found.astype(np.float64),
        "joint": joint.terms(truth, predicted, counts),
        "calibration": calibration.terms(truth, np.array([row.probabilities for row in rows])),
    }


def _nested(values: dict[str, Any]) -> dict[str, Any]:
    """Recalls in a dictionary by class, and null for what is undefined."""
    recalls = dict(zip(naming.CLASSES, (values[name] for name in confusion.RECALLS), strict=True))
    rest = {name: value for name, value in values.items() if name not in confusion.RECALLS}
    first = {name: rest.pop(name) for name in ("accuracy", "macro_f1")}
    nested: dict[str, Any] = _json({**first, "recall": recalls, **rest})
    return nested


def _json(value: Any) -> Any:
    """The same without NaN, which JSON does not have: null is undefined."""
    if isinstance(value, dict):
        return {key: _json(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        found = [_json(item) for item in value]
        # An interval without ends is none.
        return None if found == [None, None] else found
    return None if isinstance(value, float) and math.isnan(value) else value
