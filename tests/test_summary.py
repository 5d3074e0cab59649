"""What `brisc evaluate` reports, from rows: parts, undefined scores, intervals and the table."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from data.naming import CLASSES, PLANES
from trainer.evaluation.bootstrap import Bootstrap
from trainer.evaluation.row import About, Row, compare, write_csv
from trainer.evaluation.summary import Evaluation

SIDE = 40
QUICK = Bootstrap(replicates=50)


def row(number: int, label: str, *, answer: str, truth: int, mask: int, leak: str = "") -> Row:
    """A slice whose masks are squares of so many pixels a side, from one corner."""
    about = About(
        id=f"slice-{number}",
        split="test",
        plane=PLANES[number % 3],
        leak=leak,
        group=f"patient-{number // 2}",
        label=label,
    )
    masks = np.zeros((2, SIDE, SIDE), bool)
    masks[0, :truth, :truth] = masks[1, :mask, :mask] = True
    probabilities = dict.fromkeys(CLASSES, 0.1) | {answer: 0.7}
    return compare(about, masks[0], answer, probabilities, masks[1])


ROWS = [
    row(0, "glioma", answer="glioma", truth=3, mask=3, leak="copy"),
    row(1, "glioma", answer="no_tumor", truth=5, mask=0, leak="copy"),
    row(2, "pituitary", answer="pituitary", truth=10, mask=8, leak="none"),
    row(3, "no_tumor", answer="no_tumor", truth=0, mask=0, leak="none"),
    row(4, "no_tumor", answer="glioma", truth=0, mask=6, leak="none"),
]


@pytest.fixture(scope="module")
def scores() -> dict[str, Any]:
    # As a file would have it; NaN is no JSON.
    found: dict[str, Any] = json.loads(
        json.dumps(Evaluation(ROWS, QUICK).summarise(), allow_nan=False)
    )
    return found


def test_scores_of_the_whole(scores: dict[str, Any]) -> None:
    assert scores["n"] == 5 and scores["groups"] == 3
    assert scores["accuracy"] == pytest.approx(3 / 5)
    assert scores["both_right"] == pytest.approx(3 / 5)
    assert scores["contradiction"] == 0
    # 9 of 34 pixels of two gliomas, 64 of 100 of a pituitary tumour.
    assert scores["weighted_miou"] == pytest.approx((2 * 9 / 34 + 64 / 100) / 3)
    assert scores["hd95_missed"] == 1
    assert scores["hd95"] == pytest.approx((0 + ROWS[2].hd95) / 2)
    worst = SIDE * 2**0.5
    assert scores["hd95_penalised"] == pytest.approx((0 + ROWS[2].hd95 + worst) / 3)
    found = [scores[f"lesions_{name}"] for name in ("found", "missed", "false")]
    assert found == [2, 1, 1]
    assert scores["brier"] == pytest.approx((3 * 0.12 + 2 * (0.7**2 + 0.9**2 + 0.02)) / 5)
    assert scores["ece"] == pytest.approx(0.7 - 3 / 5)
    assert scores["confusion"] == [[1, 0, 0, 1], [0, 0, 0, 0], [0, 0, 1, 0], [1, 0, 0, 1]]


def test_every_part_that_occurs_has_scores(scores: dict[str, Any]) -> None:
    parts = scores["slices"]
    for kind in ("leak", "plane", "class", "plane|class", "leak|plane|class"):
        names = [n for n in parts if "|".join(key.split("=")[0] for key in n.split(",")) == kind]
        assert sum(parts[name]["n"] for name in names) == len(ROWS), kind
    assert parts["size=small"]["n"] == 1
    assert parts["leak=copy,size=medium,class=glioma"]["n"] == 1
    assert parts["leak=none,plane=coronal,class=no_tumor"]["n"] == 1
    assert "plane=coronal,class=pituitary" not in parts
    assert not any("size" in name and "no_tumor" in name for name in parts)


def test_what_a_part_leaves_undefined_is_null(scores: dict[str, Any]) -> None:
    healthy = scores["slices"]["class=no_tumor"]
    for name in ("dice_tumour", "weighted_miou", "hd95", "surface_dice", "lesion_recall"):
        assert healthy[name] is None and healthy["intervals"][name] is None
    assert healthy["healthy_false_mask_rate"] == 0.5
    assert healthy["recall"]["glioma"] is None
    missed = scores["slices"]["leak=copy,size=medium,class=glioma"]
    assert missed["hd95"] is None and missed["hd95_missed"] == 1
    assert missed["surface_dice"] == 0


def test_intervals_hold_their_scores_and_say_how_they_were_drawn(scores: dict[str, Any]) -> None:
    assert scores["bootstrap"] == {"replicates": 50, "level": 0.95, "seed": 0, "unit": "group"}
    for name, interval in scores["intervals"].items():
        if name not in ("recall", "ece"):
            assert interval[0] <= scores[name] <= interval[1], name
    assert scores["slices"]["leak=none"]["intervals"]["accuracy"][1] == 1
    # The two gliomas are of one patient.
    assert scores["slices"]["class=glioma"]["intervals"]["accuracy"] is None
    assert "intervals" not in scores["slices"]["plane=axial"]


def test_without_copies_and_patients_intervals_draw_slice_by_slice() -> None:
    alone = [row(2 * n, "glioma", answer="glioma", truth=4, mask=n + 1) for n in range(4)]
    found = Evaluation(alone, QUICK).summarise()
    assert found["bootstrap"]["unit"] == "slice"
    assert not any("leak" in name for name in found["slices"])


@pytest.mark.parametrize(("side", "size"), [(3, "small"), (4, "medium"), (6, "large"), (0, "")])
def test_size_is_that_of_thirds_of_brisc(side: int, size: str) -> None:
    # 9, 16 and 36 of 1,600 pixels: 0.56, 1.0 and 2.25 %.
    assert row(0, "glioma", answer="glioma", truth=side, mask=1).size == size


def test_the_table_has_a_line_a_slice_and_empty_cells_for_the_undefined(tmp_path: Path) -> None:
    write_csv(ROWS, tmp_path / "rows.csv")
    with (tmp_path / "rows.csv").open(newline="") as file:
        table = list(csv.DictReader(file))
    assert [line["id"] for line in table] == [row.id for row in ROWS]
    assert table[1]["hd95"] == "" and table[1]["surface_dice"] == "0.0"
    assert table[3]["surface_dice"] == "" and table[3]["size"] == ""
    assert (table[4]["lesions_false"], table[4]["both_right"]) == ("1", "0")
    assert sum(float(table[0][f"probability_{name}"]) for name in CLASSES) == pytest.approx(1)
