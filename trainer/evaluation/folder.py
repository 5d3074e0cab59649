"""Evaluates a saved model on a folder of slices, each at its own size, without the pipeline."""

from __future__ import annotations

import csv
import math
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np

from data import naming
from data.checks import MASK_THRESHOLD, decode_grey
from data.errors import InputError
from data.layout import Slice
from serving.predictor import Prediction, Predictor
from trainer.evaluation import confusion, overlap

_BATCH = 8


@dataclass(frozen=True)
class Row:
    """One evaluated slice; areas in pixels of the slice itself.

    ``leak`` says whether a test slice has a copy in train (none, neighbour, copy); it is empty
    where no audit says.
    """

    id: str
    split: str
    plane: str
    leak: str
    label: str
    predicted: str
    probability: float
    intersection: int
    predicted_area: int
    true_area: int
    dice: float
    iou: float


def evaluate_slices(
    predictor: Predictor,
    slices: Sequence[Slice],
    leak: Mapping[str, str],
    progress: Callable[[int], None] | None = None,
) -> list[Row]:
    """Asks the model for every slice and compares masks at the slice's own size.

    Args:
        predictor: The model.
        slices: Slices whose files have been checked.
        leak: What an audit says of test slices, by id.
        progress: Called with the number of slices that each batch has finished.
    """
    rows: list[Row] = []
    for start in range(0, len(slices), _BATCH):
        batch = slices[start : start + _BATCH]
        predictions = predictor.predict([item.image.read_bytes() for item in batch])
        rows += [
            _row(item, found, leak.get(item.id, ""))
            for item, found in zip(batch, predictions, strict=True)
        ]
        if progress is not None:
            progress(len(batch))
    return rows


def _row(item: Slice, found: Prediction, leak: str) -> Row:
    mask = found.mask
    truth = np.zeros_like(mask)
    if item.mask is not None:
        pixels = decode_grey(item.mask.read_bytes())
        if isinstance(pixels, str):
            raise InputError(item.mask, pixels, "Replace the file")
        truth = pixels > MASK_THRESHOLD
    counts = np.array([[(mask & truth).sum(), mask.sum(), truth.sum()]])
    return Row(
        id=item.id,
        split=item.official_split,
        plane=item.plane,
        leak=leak,
        label=item.label,
        predicted=found.label,
        probability=found.probabilities[found.label],
        intersection=int(counts[0, 0]),
        predicted_area=int(counts[0, 1]),
        true_area=int(counts[0, 2]),
        dice=float(overlap.dice(counts)[0]),
        iou=float(overlap.iou(counts)[0]),
    )


def summarise(rows: Sequence[Row]) -> dict[str, Any]:
    """Scores of some slices; ``None`` where a score is undefined.

    Returns:
        ``n``, ``accuracy``, ``macro_f1``, ``recall`` (by class) and the names in
        ``overlap.MASK_SCORES``.
    """
    index = {name: position for position, name in enumerate(naming.CLASSES)}
    matrix = confusion.confusion(
        np.array([index[row.label] for row in rows]),
        np.array([index[row.predicted] for row in rows]),
    )
    classes = {name: _null(value) for name, value in confusion.scores(matrix).items()}
    counts = [(row.intersection, row.predicted_area, row.true_area) for row in rows]
    masks = overlap.scores(overlap.sums(np.array(counts)))
    return {
        "n": len(rows),
        "accuracy": classes["accuracy"],
        "macro_f1": classes["macro_f1"],
        "recall": {name: classes[f"recall_{name}"] for name in naming.CLASSES},
        **{name: _null(value) for name, value in masks.items()},
    }


def summarise_slices(rows: Sequence[Row]) -> dict[str, dict[str, Any]]:
    """Scores by class, plane and both, under names like ``plane=axial,class=glioma``.

    Where an audit says of leaks, also by leak and by leak and class, ``leak=none,class=glioma``.
    """
    parts: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        plane, label, leak = f"plane={row.plane}", f"class={row.label}", f"leak={row.leak}"
        names = [plane, label, f"{plane},{label}"]
        names += [leak, f"{leak},{label}"] if row.leak else []
        for name in names:
            parts[name].append(row)
    return {name: summarise(part) for name, part in sorted(parts.items())}


def write_csv(rows: Iterable[Row], path: Path) -> None:
    """Writes a row a slice."""
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, [field.name for field in fields(Row)])
        writer.writeheader()
        writer.writerows(asdict(row) for row in rows)


def _null(value: float) -> float | None:
    return None if math.isnan(value) else value
