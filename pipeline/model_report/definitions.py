"""What the names and scores of a report mean, in sentences."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pipeline.plain import plain

LEAK_MEANS = (
    "leak says what train has of a test slice. leak=none: neither a copy of it nor one much like "
    "it, so these scores are about slices that are new to the model. leak=neighbour: one much like "
    "it, as the next slice of the same scan. leak=copy: the same slice once more."
)

_ALWAYS = (
    "A tumour-only mean leaves out slices without a tumour; an all-slice mean counts an empty mask "
    "where there is no tumour as 1.",
    "ECE (expected calibration error): the mean gap between the probability of the answered class "
    "and how often it is right, 0 to 1, lower is better.",
    "Brier score: the squared error of the probabilities, summed over all classes, 0 to 2, lower "
    "is better.",
)

_SAID = {
    "mask": "Masks: {}.",
    "both_right_dice": "A mask counts as right from a Dice of {}.",
    "calibration_bins": "ECE and the reliability diagram have {} bins of equal width.",
    "hd95": "HD95, lower is better: {}.",
    "hd95_penalised": "HD95 penalised, lower is better: {}.",
    "lesion_match_iou": "A predicted lesion matches a true one from an IoU of {}.",
    "surface_dice_tolerance": "Surface Dice takes outlines up to {} pixels apart for one.",
}
_SIZES = "size_from_area_percent"


def definitions(known: Mapping[str, Any]) -> list[str]:
    """A sentence a definition; ``known`` are those that the scores were made with."""
    sentences = [_sentence(key, value) for key, value in known.items()]
    return [*_ALWAYS, *sentences]


def _sentence(key: str, value: Any) -> str:
    if key == _SIZES:
        bounds = ", ".join(f"{size} from {least} %" for size, least in value.items())
        return f"Size of a tumour, by its share of the slice's area: {bounds}, else small."
    return _SAID.get(key, f"{key}: {{}}").format(plain(value))
