"""What is noted of one evaluated slice, and the table of all of them."""

from __future__ import annotations

import csv
import math
from collections.abc import Iterable
from dataclasses import asdict, dataclass, fields
from pathlib import Path

import numpy as np

from data import naming
from trainer.evaluation import boundary, joint, lesions, overlap

SIZES = ("small", "medium", "large")
TERTILES = (0.885, 1.759)
"""Area in % of the slice from which a tumour is medium and large: thirds of BRISC's train part."""

CLASS_INDEX = {name: position for position, name in enumerate(naming.CLASSES)}


@dataclass(frozen=True)
class Row:
    """One evaluated slice; areas and distances in pixels of the slice itself.

    ``leak`` says whether a test slice has a copy in train (none, neighbour, copy); it is empty
    where no audit says. ``group`` names the slices that may be of one patient. ``size`` is that
    of the tumour, empty where there is none; ``probability`` is that of the answer. NaN is
    undefined.
    """

    id: str
    split: str
    plane: str
    leak: str
    group: str
    size: str
    label: str
    predicted: str
    probability: float
    probability_glioma: float
    probability_meningioma: float
    probability_pituitary: float
    probability_no_tumor: float
    height: int
    width: int
    intersection: int
    predicted_area: int
    true_area: int
    dice: float
    iou: float
    hd95: float
    surface_dice: float
    lesions_found: int
    lesions_missed: int
    lesions_false: int
    both_right: bool
    contradiction: bool

    @property
    def probabilities(self) -> list[float]:
        """In the order of ``naming.CLASSES``."""
        return [getattr(self, f"probability_{name}") for name in naming.CLASSES]


@dataclass(frozen=True)
class About:
    """What is known of a slice before a model is asked: see ``Row``."""

    id: str
    split: str
    plane: str
    leak: str
    group: str
    label: str


def compare(
    about: About,
    truth: np.ndarray,
    predicted: str,
    probabilities: dict[str, float],
    mask: np.ndarray,
) -> Row:
    """Compares what a model says of a slice with what is true.

    Args:
        about: The slice.
        truth: Its mask, bool [height, width].
        predicted: The class that the model answers.
        probabilities: By class.
        mask: The mask that the model answers, bool [height, width].
    """
    counts = np.array([[(mask & truth).sum(), mask.sum(), truth.sum()]])
    intersection, predicted_area, true_area = map(int, counts[0])
    answer = np.array([CLASS_INDEX[predicted]])
    outlines, objects = boundary.compare(truth, mask), lesions.match(truth, mask)
    return Row(
        **asdict(about),
        size=_size(true_area, truth.size),
        predicted=predicted,
        probability=probabilities[predicted],
        probability_glioma=probabilities["glioma"],
        probability_meningioma=probabilities["meningioma"],
        probability_pituitary=probabilities["pituitary"],
        probability_no_tumor=probabilities["no_tumor"],
        height=truth.shape[0],
        width=truth.shape[1],
        intersection=intersection,
        predicted_area=predicted_area,
        true_area=true_area,
        dice=float(overlap.dice(counts)[0]),
        iou=float(overlap.iou(counts)[0]),
        hd95=outlines.hd95,
        surface_dice=outlines.surface_dice,
        lesions_found=objects.found,
        lesions_missed=objects.missed,
        lesions_false=objects.false,
        both_right=bool(joint.both_right(np.array([CLASS_INDEX[about.label]]), answer, counts)[0]),
        contradiction=bool(joint.contradiction(answer, counts)[0]),
    )


def write_csv(rows: Iterable[Row], path: Path) -> None:
    """Writes a row a slice; what is undefined is an empty cell."""
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, [field.name for field in fields(Row)])
        writer.writeheader()
        for row in rows:
            writer.writerow({name: _cell(value) for name, value in asdict(row).items()})


def _cell(value: object) -> object:
    if isinstance(value, bool):
        return int(value)
    return "" if isinstance(value, float) and math.isnan(value) else value


def _size(area: int, pixels: int) -> str:
    if not area:
        return ""
    return SIZES[sum(100 * area / pixels >= bound for bound in TERTILES)]
