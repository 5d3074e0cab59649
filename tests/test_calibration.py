"""Calibration against scikit-learn, class and mask judged together, and the intervals."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats
from sklearn.calibration import calibration_curve
from sklearn.metrics import brier_score_loss

from trainer.evaluation import calibration, joint, weighted_iou
from trainer.evaluation.bootstrap import Bootstrap, intervals


def answers(seed: int, number: int = 200) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    return rng.integers(4, size=number), rng.dirichlet([0.5] * 4, number)


@pytest.mark.parametrize("seed", range(3))
def test_brier_and_ece_are_those_of_scikit_learn(seed: int) -> None:
    truth, probabilities = answers(seed)
    found = calibration.scores(calibration.terms(truth, probabilities).sum(axis=0))
    brier = sum(brier_score_loss(truth == i, probabilities[:, i]) for i in range(4))
    assert found["brier"] == pytest.approx(brier)
    confidence = probabilities.max(axis=1)
    right = probabilities.argmax(axis=1) == truth
    accuracy, mean = calibration_curve(right, confidence, n_bins=calibration.BINS)
    sizes, _ = np.histogram(confidence, calibration.BINS, (0, 1))
    gaps = np.abs(accuracy - mean)
    assert found["ece"] == pytest.approx((gaps * sizes[sizes > 0]).sum() / len(truth))


def test_the_diagram_has_a_bin_for_each_part_of_the_range_and_loses_no_slice() -> None:
    truth, probabilities = answers(0)
    # Confidence of exactly 1, of an edge between bins, and the least there can be.
    probabilities[:3] = [[0, 1, 0, 0], [0.6, 0.4, 0, 0], [0.25] * 4]
    bins = calibration.reliability(calibration.terms(truth, probabilities).sum(axis=0))
    assert len(bins) == calibration.BINS
    assert sum(item["n"] for item in bins) == len(truth)
    assert bins[0]["n"] == 0 and math.isnan(bins[0]["accuracy"])
    for item in bins:
        if item["n"]:
            assert item["lower"] <= item["confidence"] <= item["upper"] + 1e-6


@pytest.mark.parametrize(
    ("probabilities", "ece", "brier"),
    [([1, 0, 0, 0], 0, 0), ([0, 1, 0, 0], 1, 2), ([0.4, 0.2, 0.2, 0.2], 0.6, 0.48)],
    ids=["sure and right", "sure and wrong", "unsure and right"],
)
def test_calibration_of_one_answer(probabilities: list[float], ece: float, brier: float) -> None:
    total = calibration.terms(np.array([0]), np.array([probabilities]))[0]
    assert calibration.scores(total) == pytest.approx({"ece": ece, "brier": brier})


def test_calibration_of_half_precision_adds_up_in_double() -> None:
    truth, probabilities = answers(1, 3000)
    half = probabilities.astype(np.float16)
    exact = calibration.scores(calibration.terms(truth, half.astype(np.float64)).sum(axis=0))
    assert calibration.scores(calibration.terms(truth, half).sum(axis=0)) == exact


# Class and mask together

GLIOMA, NONE = 0, 3


@pytest.mark.parametrize(
    ("truth", "predicted", "counts", "right", "contradicts"),
    [
        (GLIOMA, GLIOMA, (5, 10, 10), True, None),
        (GLIOMA, GLIOMA, (4, 10, 10), False, None),
        (GLIOMA, 1, (10, 10, 10), False, None),
        (GLIOMA, GLIOMA, (0, 0, 10), False, "tumour_without_mask"),
        (GLIOMA, NONE, (10, 10, 10), False, "no_tumour_with_mask"),
        (GLIOMA, NONE, (0, 0, 10), False, None),
        (NONE, NONE, (0, 0, 0), True, None),
        (NONE, NONE, (0, 1, 0), False, "no_tumour_with_mask"),
        (NONE, GLIOMA, (0, 0, 0), False, "tumour_without_mask"),
    ],
)
def test_both_answers_of_a_slice(
    truth: int,
    predicted: int,
    counts: tuple[int, int, int],
    right: bool,
    contradicts: str | None,
) -> None:
    total = joint.terms(np.array([truth]), np.array([predicted]), np.array([counts]))[0]
    kinds = ("tumour_without_mask", "no_tumour_with_mask")
    assert joint.scores(total) == {
        "both_right": right,
        "contradiction": contradicts is not None,
        **{kind: kind == contradicts for kind in kinds},
    }


def test_weighted_miou_weighs_the_pooled_iou_of_classes_by_their_slices() -> None:
    truth = np.array([0, 0, 0, 2, 3])
    counts = np.array([(5, 5, 10), (0, 0, 10), (10, 20, 10), (1, 4, 1), (0, 9, 0)])
    # Glioma 15 of 40 pixels, pituitary 1 of 4; what is false on no_tumor is no tumour's class.
    found = weighted_iou.scores(weighted_iou.terms(truth, counts).sum(axis=0))
    assert found["weighted_miou"] == pytest.approx((3 * 15 / 40 + 1 / 4) / 4)
    healthy = weighted_iou.terms(np.array([3]), np.array([(0, 9, 0)]))[0]
    assert math.isnan(weighted_iou.scores(healthy)["weighted_miou"])


# Intervals


def mean(total: np.ndarray) -> dict[str, float]:
    return {"mean": total[0] / total[1] if total[1] else math.nan}


def test_intervals_of_slices_are_those_of_scipy() -> None:
    values = np.random.default_rng(0).exponential(size=300)
    terms = np.column_stack([values, np.ones(300)])
    names = [str(number) for number in range(300)]
    found = intervals(terms, names, mean, Bootstrap(replicates=4000))["mean"]
    expected = stats.bootstrap(
        (values,), np.mean, n_resamples=4000, method="percentile", random_state=0
    ).confidence_interval
    # Both are random: the ends differ by less than a tenth of the width.
    assert found == pytest.approx(expected, abs=0.1 * (expected.high - expected.low))
    assert found == intervals(terms, names, mean, Bootstrap(replicates=4000))["mean"]


def test_copies_in_one_group_do_not_make_an_interval_narrower() -> None:
    values = np.random.default_rng(0).exponential(size=60)
    terms = np.column_stack([values, np.ones(60)])
    alone = intervals(terms, [str(n) for n in range(60)], mean, Bootstrap())["mean"]
    nine = np.repeat(terms, 9, axis=0)
    grouped = intervals(nine, [str(n // 9) for n in range(540)], mean, Bootstrap())["mean"]
    assert grouped == pytest.approx(alone)
    naive = intervals(nine, [str(n) for n in range(540)], mean, Bootstrap())["mean"]
    assert naive[1] - naive[0] < 0.5 * (alone[1] - alone[0])


def test_an_interval_needs_two_groups_and_a_defined_score() -> None:
    terms = np.ones((3, 2))
    assert all(map(math.isnan, intervals(terms, ["a"] * 3, mean, Bootstrap())["mean"]))
    undefined = np.zeros((3, 2))
    assert all(map(math.isnan, intervals(undefined, ["a", "b", "c"], mean, Bootstrap())["mean"]))
