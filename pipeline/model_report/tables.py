"""The tables that page and card share."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from data import naming
from data.audit.leak import LEAKS
from data.page import Table
from pipeline.config import LOWER_IS_BETTER
from pipeline.model_report.anchors import ANCHORS
from pipeline.model_report.facts import ModelFacts, shown
from pipeline.plain import flat, plain
from trainer.evaluation.row import SIZES

_SCORES = {
    "n": "slices",
    "accuracy": "accuracy",
    "macro_f1": "macro-F1",
    "dice_tumour": "Dice, tumour-only",
    "dice_all": "Dice, all-slice",
    "iou_tumour": "IoU, tumour-only",
    "iou_all": "IoU, all-slice",
    "weighted_miou": "weighted mIoU",
    "hd95": "HD95, pixels",
    "surface_dice": "surface Dice at 2 pixels",
    "healthy_false_mask_rate": "healthy false masks",
    "both_right": "both answers right",
    "contradiction": "class and mask contradict",
    "tumour_without_mask": "a tumour's class without a mask",
    "no_tumour_with_mask": "no_tumor with a mask",
    "lesion_recall": "true lesions that were found",
    "lesion_precision": "predicted lesions that match a true one",
    "ece": "ECE",
    "brier": "Brier score",
}
_LOWER = ("hd95", *LOWER_IS_BETTER)
"""Scores of which less is better."""
_SHORT = ("n", "accuracy", "dice_tumour", "iou_tumour", "hd95", "surface_dice", "both_right")


def score_tables(facts: ModelFacts) -> list[Table]:
    """The scores, and of what may be BRISC those of others beside them."""
    own = _score_table(facts)
    return [own] if facts.synthetic else [own, _anchor_table(facts)]


def _score_table(facts: ModelFacts) -> Table:
    """Every score of the test split and of its parts by leak, with intervals."""
    names = [f"leak={leak}" for leak in LEAKS if f"leak={leak}" in facts.scores["slices"]]
    parts = [facts.scores, *(facts.scores["slices"][name] for name in names)]
    rows = [
        [
            f"{title} (lower is better)" if key in _LOWER else title,
            *(shown(part[key], part["intervals"].get(key)) for part in parts),
        ]
        for key, title in _SCORES.items()
    ]
    rows += [
        [f"recall {name}", *(shown(part["recall"][name]) for part in parts)]
        for name in naming.CLASSES
    ]
    unit = (
        "groups of what is known to belong together"
        if facts.scores["bootstrap"]["unit"] == "group"
        else "slices"
    )
    title = f"Scores on the test split, 95 % intervals by bootstrap over {unit}"
    return Table(title, ["", "all", *names], rows)


def _anchor_table(facts: ModelFacts) -> Table:
    """Published systems beside this one; they are comparable on BRISC's official test part only."""
    own = [
        "this model, on its test split",
        *(shown(facts.scores[k]) for k in ("accuracy", "dice_tumour", "dice_all")),
    ]
    rows = [
        [anchor.system, *map(_known, (anchor.accuracy, anchor.dice_tumour, anchor.dice_all))]
        for anchor in ANCHORS
    ]
    return Table(
        "Published figures on BRISC's official test part, copies in train among it",
        ["", "accuracy", "Dice, tumour-only", "Dice, all-slice"],
        [own, *rows],
    )


def part_tables(facts: ModelFacts) -> list[Table]:
    """The main scores by class, plane and tumour size, and by class within each leak."""
    parts = facts.scores["slices"]
    by: list[tuple[str, Sequence[str]]] = [
        ("class", naming.CLASSES),
        ("plane", naming.PLANES),
        ("size", SIZES),
    ]
    tables = [
        _part_table(f"By {key}", parts, [(value, f"{key}={value}") for value in values])
        for key, values in by
    ]
    crossed = [
        (f"leak={leak}, {name}", f"leak={leak},class={name}")
        for leak in LEAKS
        for name in naming.CLASSES
    ]
    return [*tables, _part_table("By what train has of a slice (leak), and class", parts, crossed)]


def gate_table(facts: ModelFacts) -> Table:
    """Each bound of the gate."""
    rows = [
        [item.metric, item.slice, shown(item.value), item.bound, "ok" if item.passed else "missed"]
        for item in facts.verdicts
    ]
    return Table(
        "Gate, masks at the network's image size", ["", "slice", "value", "bound", ""], rows
    )


def data_table(facts: ModelFacts) -> Table:
    """Slices by split and class."""
    rows = [
        [split, *(str(classes[name]) for name in naming.CLASSES), str(sum(classes.values()))]
        for split, classes in facts.split.slices.items()
    ]
    return Table("Slices", ["", *naming.CLASSES, "all"], rows)


def setting_table(facts: ModelFacts) -> Table:
    """The parameters of the training."""
    rows = [[key, plain(value)] for key, value in flat(facts.settings)]
    return Table("Parameters", ["key", "value"], rows)


def _part_table(title: str, parts: dict[str, Any], named: Sequence[tuple[str, str]]) -> Table:
    rows = [
        [shown_name, *(shown(parts[key].get(score)) for score in _SHORT)]
        for shown_name, key in named
        if key in parts
    ]
    return Table(title, ["", *(_SCORES[score] for score in _SHORT)], rows)


def _known(value: float | None) -> str:
    return "not stated" if value is None else f"{value:.3f}"
