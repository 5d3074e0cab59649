"""The scores of every report, against scikit-learn's and on what has no score."""

from __future__ import annotations

import math

import numpy as np
import pytest
from sklearn import metrics

from data.naming import CLASSES
from trainer.evaluation import confusion, overlap

# Classes


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("classes", [(0, 1, 2, 3), (0, 2), (1,)])
def test_class_scores_are_those_of_scikit_learn(seed: int, classes: tuple[int, ...]) -> None:
    rng = np.random.default_rng(seed)
    truth, predicted = rng.choice(classes, 50), rng.choice(4, 50)
    found = confusion.scores(confusion.confusion(truth, predicted))
    assert list(found) == list(confusion.CLASS_SCORES)
    assert found["accuracy"] == pytest.approx(metrics.accuracy_score(truth, predicted))
    assert found["macro_f1"] == pytest.approx(metrics.f1_score(truth, predicted, average="macro"))
    recalls = metrics.recall_score(
        truth, predicted, labels=range(4), average=None, zero_division=np.nan
    )
    for name, expected in zip(CLASSES, recalls, strict=True):
        assert found[f"recall_{name}"] == pytest.approx(expected, nan_ok=True)


def test_matrix_has_a_row_a_truth_and_a_column_an_answer() -> None:
    truth, predicted = [0, 0, 0, 3, 1], [0, 2, 2, 1, 1]
    matrix = confusion.confusion(np.array(truth), np.array(predicted))
    expected = metrics.confusion_matrix(truth, predicted, labels=range(4))
    np.testing.assert_array_equal(matrix, expected)
    assert matrix[0, 2] == 2


def test_absent_class_has_no_recall_and_does_not_change_macro_f1() -> None:
    matrix = confusion.confusion(np.array([0, 0, 1]), np.array([0, 0, 1]))
    found = confusion.scores(matrix)
    assert found["macro_f1"] == found["recall_glioma"] == found["recall_meningioma"] == 1
    assert math.isnan(found["recall_pituitary"]) and math.isnan(found["recall_no_tumor"])


def test_class_that_is_only_predicted_lowers_macro_f1() -> None:
    found = confusion.scores(confusion.confusion(np.array([0, 0]), np.array([0, 3])))
    # F1 of glioma 2/3, of no_tumor 0.
    assert found["macro_f1"] == pytest.approx(1 / 3)
    assert math.isnan(found["recall_no_tumor"])


def test_no_slices_have_no_class_scores() -> None:
    found = confusion.scores(confusion.confusion(np.array([]), np.array([])))
    assert all(map(math.isnan, found.values()))


# Masks


def random_masks(seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Truths and answers of 20 slices; of the truths four are empty, of the answers three."""
    rng = np.random.default_rng(seed)
    truth, predicted = rng.random((2, 20, 12, 10)) > rng.random((2, 20, 1, 1))
    truth[:4] = predicted[2:5] = False
    truth[4:, 0, 0] = True
    return truth, predicted


def count(truth: np.ndarray, predicted: np.ndarray) -> np.ndarray:
    return np.stack(
        [mask.sum(axis=(1, 2)) for mask in (truth & predicted, predicted, truth)], axis=1
    )


@pytest.mark.parametrize("seed", range(5))
def test_mask_scores_are_those_of_scikit_learn_on_pixels(seed: int) -> None:
    truth, predicted = random_masks(seed)
    counts = count(truth, predicted)
    pairs = [(a.ravel(), b.ravel()) for a, b in zip(truth, predicted, strict=True)]
    # Empty on empty is right, so it counts as 1.
    dice = np.array([metrics.f1_score(*pair, zero_division=1.0) for pair in pairs])
    iou = np.array([metrics.jaccard_score(*pair, zero_division=1.0) for pair in pairs])
    np.testing.assert_allclose(overlap.dice(counts), dice)
    np.testing.assert_allclose(overlap.iou(counts), iou)
    tumour = truth.any(axis=(1, 2))
    found = overlap.scores(overlap.sums(counts))
    assert list(found) == list(overlap.MASK_SCORES)
    assert found["dice_all"] == pytest.approx(dice.mean())
    assert found["iou_all"] == pytest.approx(iou.mean())
    assert found["dice_tumour"] == pytest.approx(dice[tumour].mean())
    assert found["iou_tumour"] == pytest.approx(iou[tumour].mean())
    false_masks = predicted[~tumour].any(axis=(1, 2))
    assert found["healthy_false_mask_rate"] == pytest.approx(false_masks.mean())


@pytest.mark.parametrize(
    ("counts", "dice", "iou"),
    [
        ((0, 0, 0), 1, 1),
        ((0, 5, 0), 0, 0),
        ((0, 0, 5), 0, 0),
        ((0, 5, 5), 0, 0),
        ((5, 5, 5), 1, 1),
        ((5, 10, 5), 2 / 3, 1 / 2),
    ],
    ids=["both empty", "only answered", "only true", "beside", "equal", "twice as large"],
)
def test_overlap_of_one_slice(counts: tuple[int, int, int], dice: float, iou: float) -> None:
    assert overlap.dice(np.array([counts])) == pytest.approx([dice])
    assert overlap.iou(np.array([counts])) == pytest.approx([iou])


def test_sums_of_parts_add_up_to_those_of_the_whole() -> None:
    counts = count(*random_masks(0))
    parts = [counts[:1], counts[1:6], counts[6:6], counts[6:]]
    total = sum((overlap.sums(part) for part in parts), start=np.zeros(7))
    np.testing.assert_allclose(total, overlap.sums(counts))
    assert overlap.scores(total) == pytest.approx(overlap.scores(overlap.sums(counts)))


def test_without_tumours_only_the_scores_of_all_slices_are_defined() -> None:
    found = overlap.scores(overlap.sums(np.array([[0, 0, 0], [0, 7, 0]])))
    assert math.isnan(found["dice_tumour"]) and math.isnan(found["iou_tumour"])
    assert found["dice_all"] == found["iou_all"] == found["healthy_false_mask_rate"] == 0.5


def test_without_healthy_slices_there_is_no_rate_of_false_masks() -> None:
    found = overlap.scores(overlap.sums(np.array([[3, 3, 3]])))
    assert math.isnan(found["healthy_false_mask_rate"])
    assert found["dice_tumour"] == found["dice_all"] == 1


def test_no_slices_have_no_mask_scores() -> None:
    found = overlap.scores(overlap.sums(np.zeros((0, 3))))
    assert all(map(math.isnan, found.values()))
