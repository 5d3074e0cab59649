"""Losses, schedule and the memory of the best epoch."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf
import tf_keras as keras

from trainer.best_epoch import SCORE, BestEpoch
from trainer.config import TrainingConfig
from trainer.evaluation import overlap
from trainer.losses import segmentation_loss, slice_dice
from trainer.schedule import make_optimiser, make_schedule


def masks(seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Truths and probabilities of four slices; the first truth and the last answer are empty."""
    generator = np.random.default_rng(seed)
    truth = (generator.uniform(size=(4, 16, 16, 1)) > 0.7).astype(np.float32)
    probability = generator.uniform(0.01, 0.99, (4, 16, 16, 1)).astype(np.float32)
    truth[0], probability[3] = 0, 0.01
    return truth, probability


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


def test_the_mask_loss_is_cross_entropy_plus_dice() -> None:
    truth, probability = masks(1)
    entropy = -(truth * np.log(probability) + (1 - truth) * np.log(1 - probability)).mean()
    dice = 2 * (truth * probability).sum() / (truth.sum() + probability.sum())
    loss = segmentation_loss()(tf.constant(truth), tf.constant(probability))
    assert float(tf.reduce_mean(loss)) == pytest.approx(entropy + 1 - dice, rel=1e-4)


def test_the_rate_warms_up_to_its_peak_and_ends_at_zero() -> None:
    config = TrainingConfig(learning_rate=0.01, warmup_fraction=0.1)
    schedule = make_schedule(config, total_steps=100)
    rates = [float(schedule(step)) for step in range(101)]
    assert np.argmax(rates) == 10
    assert max(rates) == pytest.approx(0.01)
    assert rates[0] == 0 and rates[100] == pytest.approx(0, abs=1e-8)


def test_a_rate_of_zero_leaves_the_weights_alone() -> None:
    config = TrainingConfig(learning_rate=0, weight_decay=0)
    model = keras.Sequential([keras.layers.Dense(1, input_shape=(2,))])
    model.compile(make_optimiser(config, total_steps=4), "mse")
    before = model.get_weights()
    model.fit(np.ones((8, 2)), np.zeros((8, 1)), batch_size=2, verbose=0)
    for old, new in zip(before, model.get_weights(), strict=True):
        np.testing.assert_array_equal(old, new)


class _Scores(keras.callbacks.Callback):
    """Gives each epoch a score, and the model a weight that tells the epoch."""

    def __init__(self, scores: list[float]) -> None:
        super().__init__()
        self._scores = scores

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        assert logs is not None
        logs[SCORE] = self._scores[epoch]
        self.model.set_weights([np.full((1, 1), float(epoch)), np.zeros(1)])


def fit(folder: Path, scores: list[float], first: int, last: int) -> keras.Model:
    model = keras.Sequential([keras.layers.Dense(1, input_shape=(1,))])
    model.compile("sgd", "mse")
    model.fit(
        np.zeros((1, 1)),
        np.zeros((1, 1)),
        initial_epoch=first,
        epochs=last,
        verbose=0,
        callbacks=[_Scores(scores), BestEpoch(folder, patience=2)],
    )
    return model


def test_training_ends_with_the_best_epoch_once_the_score_stalls(tmp_path: Path) -> None:
    model = fit(tmp_path, [0.1, 0.5, 0.3, 0.4, 0.9], 0, 5)
    # Epochs 2 and 3 are worse, so epoch 4 is never reached.
    assert model.get_weights()[0].item() == 1


def test_an_epoch_that_is_trained_again_may_be_the_best_again(tmp_path: Path) -> None:
    # Killed after the best epoch was kept but before the backup: epoch 1 comes twice.
    fit(tmp_path, [0.1, 0.5], 0, 2)
    model = fit(tmp_path, [0.1, 0.6, 0.3], 1, 3)
    assert model.get_weights()[0].item() == 1
    assert len(list(tmp_path.glob("epoch-*"))) == 1


def test_the_best_epoch_survives_an_interruption(tmp_path: Path) -> None:
    scores = [0.1, 0.5, 0.3, 0.4]
    fit(tmp_path, scores, 0, 3)
    model = fit(tmp_path, scores, 3, 4)
    assert model.get_weights()[0].item() == 1
