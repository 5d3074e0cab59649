"""Tables of charts as CSV: training curves, confusion, reliability, precision and recall."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from data import naming
from pipeline.model_report.curves import Curve
from trainer.evaluation.row import Row

CURVES = "curves.csv"
CONFUSION = "confusion.csv"
RELIABILITY = "reliability.csv"
PRECISION_RECALL = "precision_recall.csv"


def write_curves(curves: Sequence[Curve], file: Path) -> None:
    """Writes a row an epoch and a column ``SPLIT_METRIC`` each; empty where nothing was noted."""
    columns = {f"{curve.split}_{curve.metric}": curve.values for curve in curves}
    epochs = sorted({epoch for values in columns.values() for epoch in values})
    rows = [[epoch, *(values.get(epoch, "") for values in columns.values())] for epoch in epochs]
    _write(file, ["epoch", *columns], rows)


def write_plots(rows: Sequence[Row], scores: Mapping[str, Any], folder: Path) -> None:
    """Writes the tables of what was evaluated.

    Args:
        rows: The evaluated slices.
        scores: What ``trainer.evaluation.summary`` makes of them.
        folder: Where; made where it is missing.
    """
    folder.mkdir(parents=True, exist_ok=True)
    _write(folder / CONFUSION, ["true", "answer"], ([row.label, row.predicted] for row in rows))
    bins = [item for item in scores["reliability"] if item["n"]]
    columns = ["confidence", "accuracy", "n"]
    _write(folder / RELIABILITY, columns, ([item[name] for name in columns] for item in bins))
    _write(
        folder / PRECISION_RECALL,
        ["class", "recall", "precision"],
        (
            point
            for index, name in enumerate(naming.CLASSES)
            for point in _points(rows, index, name)
        ),
    )


def _points(rows: Sequence[Row], index: int, name: str) -> Iterable[list[Any]]:
    """Recall and precision of one class against the rest, from the strictest bound on."""
    from sklearn.metrics import precision_recall_curve

    truth = np.array([row.label == name for row in rows])
    if not truth.any():
        return
    answers = np.array([row.probabilities[index] for row in rows])
    precision, recall, _ = precision_recall_curve(truth, answers)
    for one, other in zip(recall[::-1], precision[::-1], strict=True):
        yield [name, round(float(one), 6), round(float(other), 6)]


def _write(file: Path, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    with file.open("w", newline="", encoding="utf-8") as target:
        writer = csv.writer(target)
        writer.writerow(columns)
        writer.writerows(rows)
