"""The losses against independent implementations, and how they become one."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf
from sklearn.metrics import log_loss
from sklearn.utils.class_weight import compute_class_weight

from trainer.config import TrainingConfig
from trainer.evaluation import overlap
from trainer.loss_weighting import FixedWeighting, UncertaintyWeighting
from trainer.losses import (
    balanced_weights,
    classification_loss,
    overlap_loss,
    segmentation_loss,
)
from trainer.metrics import metrics, slice_dice
from trainer.outputs import SEGMENTATION


def masks(seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Truths and probabilities of four slices; the first truth and the last answer are empty."""
    generator = np.random.default_rng(seed)
    truth = (generator.uniform(size=(4, 16, 16, 1)) > 0.7).astype(np.float32)
    probability = generator.uniform(0.01, 0.99, (4, 16, 16, 1)).astype(np.float32)
    truth[0], probability[3] = 0, 0.01
    return truth, probability


def mask_loss(truth: np.ndarray, probability: np.ndarray, **keys: object) -> float:
    loss = segmentation_loss(TrainingConfig.model_validate(keys))
    return float(loss(tf.constant(truth), tf.constant(probability)))


def test_dice_while_training_is_dice_when_judged() -> None:
    truth, probability = masks(0)
    truth[1], probability[1] = 0, 0.01
    predicted = probability > 0.5
    counts = np.stack(
        [m.reshape(4, -1).sum(axis=1) for m in (truth * predicted, predicted, truth)], axis=-1
    )
    found = slice_dice(tf.constant(truth), tf.constant(probability)).numpy()
    np.testing.assert_allclose(found, overlap.dice(counts), rtol=1e-6)
    assert found[1] == 1


@pytest.mark.parametrize("kind", [np.float32, np.float16])
def test_what_is_watched_is_what_is_judged(kind: type) -> None:
    watched = metrics()[SEGMENTATION]
    parts = [masks(seed) for seed in (5, 6)]
    # Two healthy slices in one batch, one of them answered with an empty mask; none in the other.
    parts[0][0][3], parts[1][0][0] = 0, 1
    counts = []
    for truth, probability in parts:
        given = probability.astype(kind)
        predicted = given > 0.5
        pixels = [mask.reshape(4, -1).sum(axis=1) for mask in (truth * predicted, predicted, truth)]
        counts.append(np.stack(pixels, axis=-1))
        for metric in watched:
            metric.update_state(tf.constant(truth), tf.constant(given))
    expected = overlap.scores(overlap.sums(np.concatenate(counts)))
    found = {metric.name: float(metric.result()) for metric in watched}
    assert found == pytest.approx({name: expected[name] for name in found}, rel=1e-6)
    assert found["healthy_false_mask_rate"] == 0.5


def test_the_mask_loss_is_the_sum_of_what_was_chosen() -> None:
    truth, probability = masks(1)
    entropy = log_loss(truth.ravel(), probability.ravel().astype(np.float64))
    dice = 2 * (truth * probability).sum() / (truth.sum() + probability.sum())
    right = np.where(truth > 0, probability, 1 - probability)
    focal = np.where(truth > 0, 0.25, 0.75) * (1 - right) ** 2 * -np.log(right)
    assert mask_loss(truth, probability) == pytest.approx(entropy + 1 - dice, rel=1e-4)
    assert mask_loss(truth, probability, overlap_loss="none") == pytest.approx(entropy, rel=1e-4)
    assert mask_loss(truth, probability, pixel_loss="none") == pytest.approx(1 - dice, rel=1e-4)
    found = mask_loss(truth, probability, overlap_loss="none", pixel_loss="focal")
    assert found == pytest.approx(focal.mean(), rel=1e-4)


@pytest.mark.parametrize("beta", [0.3, 0.5, 0.9])
def test_the_tversky_loss_weighs_missed_against_false_pixels(beta: float) -> None:
    truth, probability = masks(2)
    hit = (truth * probability).sum()
    missed, false = (truth * (1 - probability)).sum(), ((1 - truth) * probability).sum()
    index = hit / (hit + beta * missed + (1 - beta) * false)
    found = overlap_loss(beta)(tf.constant(truth), tf.constant(probability))
    assert float(found) == pytest.approx(1 - index, rel=1e-5)
    chosen = mask_loss(
        truth, probability, overlap_loss="tversky", tversky_beta=beta, pixel_loss="none"
    )
    assert chosen == pytest.approx(1 - index, rel=1e-5)


@pytest.mark.parametrize("pixel", ["cross_entropy", "focal"])
@pytest.mark.parametrize("overlapping", ["dice", "tversky"])
def test_losses_hold_for_masks_that_are_empty_or_full(overlapping: str, pixel: str) -> None:
    chosen = {"overlap_loss": overlapping, "pixel_loss": pixel}
    empty, full = np.zeros((2, 8, 8, 1), np.float32), np.ones((2, 8, 8, 1), np.float32)
    assert mask_loss(empty, empty, **chosen) == pytest.approx(0, abs=1e-4)
    assert mask_loss(full, full, **chosen) == pytest.approx(0, abs=1e-4)
    for truth, probability in ((empty, full), (full, empty)):
        assert 4 < mask_loss(truth, probability, **chosen) < 30
    variable = tf.Variable(full / 2)
    with tf.GradientTape() as tape:
        loss = segmentation_loss(TrainingConfig.model_validate(chosen))(
            tf.constant(empty), variable
        )
    assert (tape.gradient(loss, variable).numpy() > 0).all(), "an empty mask teaches nothing"


@pytest.mark.parametrize("pixel", ["cross_entropy", "focal"])
@pytest.mark.parametrize("overlapping", ["dice", "tversky"])
def test_half_precision_loses_no_pixels(overlapping: str, pixel: str) -> None:
    chosen = {"overlap_loss": overlapping, "pixel_loss": pixel}
    generator = np.random.default_rng(3)
    truth = (generator.uniform(size=(4, 256, 256, 1)) > 0.5).astype(np.float16)
    probability = generator.uniform(0.1, 0.9, truth.shape).astype(np.float16)
    exact = mask_loss(truth.astype(np.float32), probability.astype(np.float32), **chosen)
    assert mask_loss(truth, probability, **chosen) == pytest.approx(exact, rel=1e-6)
    half = slice_dice(tf.constant(truth), tf.constant(probability)).numpy()
    full = slice_dice(tf.constant(truth), tf.constant(probability.astype(np.float32))).numpy()
    np.testing.assert_array_equal(half, full)


@pytest.mark.parametrize("smoothing", [0.0, 0.1])
def test_cross_entropy_of_classes_is_smoothed_and_weighted(smoothing: float) -> None:
    generator = np.random.default_rng(4)
    truth = np.array([0, 1, 2, 3, 3, 1])
    probabilities = generator.dirichlet(np.ones(4), 6)
    weights = np.array([1.0, 2.0, 0.5, 3.0])
    labels = np.eye(4)[truth] * (1 - smoothing) + smoothing / 4
    entropy = -(labels * np.log(probabilities)).sum(axis=1)
    loss = classification_loss(smoothing, weights)
    found = loss(tf.constant(truth), tf.constant(probabilities, tf.float32))
    assert float(found) == pytest.approx((entropy * weights[truth]).mean(), rel=1e-5)
    if not smoothing:
        plain = classification_loss(0, np.ones(4))
        found = plain(tf.constant(truth), tf.constant(probabilities, tf.float32))
        expected = log_loss(truth, probabilities, labels=range(4))
        assert float(found) == pytest.approx(expected, rel=1e-5)


def test_balanced_weights_are_those_of_scikit_learn() -> None:
    truth = np.repeat([0, 1, 2, 3], [10, 30, 5, 55])
    expected = compute_class_weight("balanced", classes=np.arange(4), y=truth)
    np.testing.assert_allclose(balanced_weights(np.bincount(truth)), expected)
    assert np.isfinite(balanced_weights(np.array([3, 0, 3, 3]))).all()


def test_fixed_weights_stay_and_uncertainty_learns_from_there() -> None:
    begin = {"classification": 2.0, "segmentation": 0.5}
    losses = {"classification": tf.constant(0.1), "segmentation": tf.constant(4.0)}
    fixed = FixedWeighting(begin)
    assert float(fixed(losses)) == pytest.approx(2 * 0.1 + 0.5 * 4)
    assert not fixed.trainable_weights
    learnt = UncertaintyWeighting(begin)
    assert learnt.current() == pytest.approx(begin)
    for _ in range(600):
        with tf.GradientTape() as tape:
            total = learnt(losses)
        gradients = tape.gradient(total, learnt.trainable_weights)
        for weight, gradient in zip(learnt.trainable_weights, gradients, strict=True):
            weight.assign_sub(0.05 * gradient)
    # At the minimum the variance of a task is twice its loss.
    assert learnt.current() == pytest.approx({"classification": 5, "segmentation": 0.125}, rel=0.01)
