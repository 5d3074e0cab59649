"""The main scores as a small mapping of numbers, as `dvc metrics show` lists them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_MAIN = (
    "accuracy",
    "macro_f1",
    "dice_tumour",
    "dice_all",
    "iou_tumour",
    "healthy_false_mask_rate",
    "hd95",
    "surface_dice",
    "both_right",
    "contradiction",
    "tumour_without_mask",
    "no_tumour_with_mask",
    "ece",
    "brier",
)
_PARTS = {"all": "all", "leak=none": "leak_none"}
"""Slices whose scores are shown, and names without a sign that means something to a shell."""


def flat_metrics(scores: Mapping[str, Mapping[str, Any]]) -> dict[str, dict[str, float]]:
    """The main scores of the whole test split and of what has no leak.

    Args:
        scores: Scores by slice name.

    Returns:
        Numbers by part and metric; what is undefined or was not measured is left out.
    """
    return {
        shown: {name: value for name in _MAIN if (value := scores[part].get(name)) is not None}
        for part, shown in _PARTS.items()
        if part in scores
    }
