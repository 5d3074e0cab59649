"""HD95, surface Dice and lesions: against MONAI's values, by hand, and on masks without outline."""

from __future__ import annotations

import math

import numpy as np
import pytest

from trainer.evaluation import boundary, lesions
from trainer.evaluation.lesions import Lesions


def disc(row: int, column: int, radius: int) -> np.ndarray:
    y, x = np.ogrid[:60, :80]
    found: np.ndarray = (y - row) ** 2 + (x - column) ** 2 <= radius**2
    return found


RING = disc(30, 40, 15) & ~disc(30, 40, 9)
FULL = np.ones((60, 80), bool)
EMPTY = np.zeros((60, 80), bool)


@pytest.mark.parametrize(
    ("truth", "predicted", "hd95", "surface_dice"),
    [
        (disc(30, 40, 12), disc(33, 44, 12), 5.0, 0.296875),
        (disc(30, 40, 12), disc(30, 40, 15), 3.60555, 0.0),
        (disc(30, 30, 12), disc(30, 30, 12) | disc(10, 70, 2), 33.05077, 0.941176),
        (disc(0, 5, 14), disc(3, 0, 14), 4.47214, 0.740741),
        (disc(30, 40, 15), RING, 5.38516, 0.763636),
        (FULL, disc(30, 40, 20), 28.08887, 0.0),
        (disc(5, 5, 0), disc(50, 70, 0), 79.05694, 0.0),
        (RING, RING, 0.0, 1.0),
    ],
    ids=["shifted", "grown", "speck", "at the edge", "hole", "all ones", "one pixel", "equal"],
)
def test_boundary_scores_are_those_of_monai(
    truth: np.ndarray, predicted: np.ndarray, hd95: float, surface_dice: float
) -> None:
    # What MONAI 1.3.2 on torch 1.12.1 returned for these masks, tolerance 2 pixels.
    for found in (boundary.compare(truth, predicted), boundary.compare(predicted, truth)):
        assert found.hd95 == pytest.approx(hd95, abs=1e-5)
        assert found.surface_dice == pytest.approx(surface_dice, abs=1e-6)


@pytest.mark.parametrize("seed", range(3))
def test_distances_are_those_between_all_pairs_of_outline_pixels(seed: int) -> None:
    truth, predicted = np.random.default_rng(seed).random((2, 13, 9)) > 0.6
    outlines = []
    for mask in (truth, predicted):
        padded = np.pad(mask, 1)
        inner = padded[:-2, 1:-1] & padded[2:, 1:-1] & padded[1:-1, :-2] & padded[1:-1, 2:]
        outlines.append(np.argwhere(mask & ~inner))
    distances = np.linalg.norm(outlines[0][:, None] - outlines[1][None], axis=-1)
    there, back = distances.min(axis=1), distances.min(axis=0)
    found = boundary.compare(truth, predicted)
    assert found.hd95 == pytest.approx(max(np.percentile(there, 95), np.percentile(back, 95)))
    near = np.concatenate([there, back]) <= boundary.TOLERANCE
    assert found.surface_dice == pytest.approx(near.mean())


def test_an_empty_mask_has_no_distance_and_no_surface_dice_but_zero() -> None:
    for pair in ((FULL, EMPTY), (EMPTY, FULL)):
        found = boundary.compare(*pair)
        assert math.isnan(found.hd95) and found.surface_dice == 0
    both = boundary.compare(EMPTY, EMPTY)
    assert math.isnan(both.hd95) and math.isnan(both.surface_dice)


def test_a_tumour_without_an_answer_costs_the_worst_distance_and_is_counted() -> None:
    nan = math.nan
    found = boundary.scores(
        boundary.terms(
            # A tumour, one that is missed, a false mask, a healthy slice without one.
            tumour=np.array([True, True, False, False]),
            hd95=np.array([4.0, nan, nan, nan]),
            surface_dice=np.array([0.8, 0.0, 0.0, nan]),
            worst=np.array([100.0, 50.0, 100.0, 100.0]),
        ).sum(axis=0)
    )
    assert found == {
        "hd95": 4,
        "hd95_penalised": 27,
        "hd95_missed": 1,
        "surface_dice": pytest.approx(0.4),
    }


def test_without_a_tumour_no_boundary_score_is_defined() -> None:
    found = boundary.scores(np.zeros(5))
    assert found.pop("hd95_missed") == 0
    assert all(map(math.isnan, found.values()))


# Lesions


def draw(*rows: str) -> np.ndarray:
    return np.array([[pixel == "#" for pixel in row] for row in rows])


@pytest.mark.parametrize(
    ("truth", "predicted", "expected"),
    [
        (draw("....."), draw("....."), Lesions(0, 0, 0)),
        (draw("....."), draw("#...#"), Lesions(0, 0, 2)),
        (draw("#...#"), draw("....."), Lesions(0, 2, 0)),
        (draw("#####"), draw("#####"), Lesions(1, 0, 0)),
        (draw("##..#"), draw("##..."), Lesions(1, 1, 0)),
        # One answer over two lesions finds one of them.
        (draw("##.##"), draw("#####"), Lesions(1, 1, 0)),
        # Two answers in one lesion: one is false.
        (draw("#####"), draw("##.##"), Lesions(1, 0, 1)),
        # Corners touch, so this is one lesion, and one answer.
        (draw("#.", ".#"), draw("##", "##"), Lesions(1, 0, 0)),
        # 1 of 10 pixels is enough, 1 of 11 is not.
        (draw("#" * 10), draw("#" + "." * 9), Lesions(1, 0, 0)),
        (draw("#" * 11), draw("#" + "." * 10), Lesions(0, 1, 1)),
    ],
)
def test_lesions_are_matched_one_to_one(
    truth: np.ndarray, predicted: np.ndarray, expected: Lesions
) -> None:
    assert lesions.match(truth, predicted) == expected


def test_lesions_are_matched_for_the_largest_sum_and_not_greedily() -> None:
    # IoU of the first lesion with the second answer is the largest, 0.4; but then neither the
    # first answer (0.3) nor the second lesion (0.36) would have a partner.
    truth, predicted = draw("##########.####"), draw("###.###########")
    assert lesions.match(truth, predicted) == Lesions(2, 0, 0)


def test_detection_is_that_of_all_lesions_together() -> None:
    found = lesions.scores(np.array([6, 2, 3]))
    assert found["lesion_recall"] == pytest.approx(6 / 8)
    assert found["lesion_precision"] == pytest.approx(6 / 9)
    assert found["lesion_f1"] == pytest.approx(12 / 17)
    none = lesions.scores(np.zeros(3))
    assert all(math.isnan(none[name]) for name in ("lesion_recall", "lesion_precision"))
