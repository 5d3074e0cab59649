"""Schedule, averaged weights and the memory of the best epoch."""

from __future__ import annotations

import contextlib
import gc
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf
import tf_keras as keras

from trainer.adamw import FusedAdamW
from trainer.averaging import AveragedWeights
from trainer.best_epoch import SCORE, BestEpoch
from trainer.config import TrainingConfig
from trainer.schedule import make_optimiser, make_schedule


def test_the_rate_warms_up_to_its_peak_and_ends_at_zero() -> None:
    config = TrainingConfig(learning_rate=0.01, warmup_fraction=0.1)
    schedule = make_schedule(config, total_steps=100)
    rates = [float(schedule(step)) for step in range(101)]
    assert np.argmax(rates) == 10
    assert max(rates) == pytest.approx(0.01)
    assert rates[0] == 0 and rates[100] == pytest.approx(0, abs=1e-8)


def test_a_rate_of_zero_leaves_the_weights_alone() -> None:
    config = TrainingConfig(learning_rate=0, weight_decay=0, ema_decay=None)
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


def fit(folder: Path, scores: list[float], first: int, last: int, *, phase: int = 0) -> keras.Model:
    model = keras.Sequential([keras.layers.Dense(1, input_shape=(1,))])
    model.compile("sgd", "mse")
    averaged = AveragedWeights()
    model.fit(
        np.zeros((1, 1)),
        np.zeros((1, 1)),
        initial_epoch=first,
        epochs=last,
        verbose=0,
        callbacks=[averaged, _Scores(scores), BestEpoch(folder, 2, model, averaged, phase)],
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


def test_an_encoder_that_is_set_free_gets_the_whole_patience(tmp_path: Path) -> None:
    scores = [0.5, 0.3, 0.4, 0.2, 0.9]
    fit(tmp_path, scores, 0, 3)
    # Epoch 3, the phase's first, is worse than 0, too; with 4 it is one bad epoch, and not four.
    model = fit(tmp_path, scores, 3, 5, phase=3)
    assert model.get_weights()[0].item() == 4


def test_val_judges_the_averaged_weights_and_training_goes_on_with_its_own() -> None:
    model = keras.Sequential([keras.layers.Dense(1, use_bias=False, input_shape=(1,))])
    model.set_weights([np.zeros((1, 1))])
    config = TrainingConfig(learning_rate=0.1, warmup_fraction=0, weight_decay=0, ema_decay=0.5)
    model.compile(make_optimiser(config, total_steps=1000), "mse")
    averaged = AveragedWeights()
    one, far = np.ones((1, 1)), np.full((1, 1), 100.0)
    history = model.fit(
        one, far, epochs=2, validation_data=(one, far), verbose=0, callbacks=[averaged]
    ).history
    # Adam moves by its rate: the weight was 0, 0.1 and 0.2, and the average 0, 0.05 and 0.125.
    assert history["loss"] == pytest.approx([100**2, 99.9**2], rel=1e-5)
    assert history["val_loss"] == pytest.approx([99.95**2, 99.875**2], rel=1e-5)


def test_weights_come_back_after_the_average_was_applied() -> None:
    model = keras.Sequential([keras.layers.Dense(1, use_bias=False, input_shape=(1,))])
    model.compile(make_optimiser(TrainingConfig(ema_decay=0.5), total_steps=10), "mse")
    model.optimizer.build(model.trainable_variables)
    averaged = AveragedWeights()
    averaged.set_model(model)
    begin = model.get_weights()[0].item()
    model.set_weights([np.full((1, 1), begin + 1)])
    with averaged.applied():
        assert model.get_weights()[0].item() == pytest.approx(begin)
    assert model.get_weights()[0].item() == pytest.approx(begin + 1)


@pytest.mark.parametrize("ema_decay", [None, 0.8])
@pytest.mark.parametrize("compiled", [False, True])
@pytest.mark.parametrize("scaled", [False, True])
@pytest.mark.parametrize("strategy", [None, tf.distribute.OneDeviceStrategy("/cpu:0")])
def test_steps_are_those_of_keras_own_optimiser(
    tmp_path: Path,
    ema_decay: float | None,
    compiled: bool,
    scaled: bool,
    strategy: tf.distribute.Strategy | None,
) -> None:
    rng = np.random.default_rng(0)
    # Two of one shape: what is compiled for one of them must not move the other.
    shapes = {"kernel": (5, 3), "other": (5, 3), "bias": (3,)}
    begin = {name: rng.normal(size=shape) for name, shape in shapes.items()}
    gradients = [
        {name: rng.normal(size=part.shape) for name, part in begin.items()} for _ in range(6)
    ]
    if scaled:
        # As float16 overflows once in a while: that step is left out.
        gradients[2] = {name: part * np.inf for name, part in begin.items()}
    config = TrainingConfig(
        learning_rate=0.1, warmup_fraction=0.5, weight_decay=0.1, ema_decay=ema_decay
    )

    def keras_own() -> keras.optimizers.Optimizer:
        optimiser = keras.optimizers.AdamW(
            make_schedule(config, 6),
            weight_decay=config.weight_decay,
            global_clipnorm=config.clip_norm,
            use_ema=ema_decay is not None,
            ema_momentum=ema_decay or 0,
        )
        optimiser.exclude_from_weight_decay(var_names=["bias"])
        return optimiser

    def states(make: Callable[[], keras.optimizers.Optimizer], saved: str) -> list[np.ndarray]:
        weights = [tf.Variable(part, name=name, dtype="float32") for name, part in begin.items()]
        # Several devices take another way, and the optimiser looks for them when it is made.
        with strategy.scope() if strategy else contextlib.nullcontext():
            optimiser = make()
        if scaled:
            optimiser = keras.mixed_precision.LossScaleOptimizer(optimiser)
        optimiser.build(weights)
        step = tf.function(
            lambda *values: optimiser.apply_gradients(zip(values, weights, strict=True)),
            jit_compile=compiled,
        )
        checkpoint = tf.train.Checkpoint(optimiser=optimiser, weights=weights)
        for number, gradient in enumerate(gradients):
            if number == 3:
                # Interrupted, and continued by what either of them has saved.
                checkpoint.write(str(tmp_path / saved))
                checkpoint.read(str(tmp_path / "keras")).assert_consumed()
            step(*(tf.constant(part, tf.float32) for part in gradient.values()))
        return [variable.numpy() for variable in (*weights, *optimiser.variables)]

    expected = states(keras_own, "keras")
    found = states(lambda: make_optimiser(config, total_steps=6), "ours")
    assert np.abs(found[0] - begin["kernel"]).max() > 0.1
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-5, atol=1e-6)


def test_a_process_trains_one_network_after_the_other() -> None:
    for _ in range(4):
        model = keras.Sequential([keras.layers.Dense(1, input_shape=(2,))])
        model.compile(make_optimiser(TrainingConfig(), total_steps=4), "mse")
        history = model.fit(np.ones((8, 2)), np.zeros((8, 1)), batch_size=2, verbose=0).history
        assert np.isfinite(history["loss"]).all()
        del model
        gc.collect()


def test_an_optimiser_that_this_one_is_not_is_refused() -> None:
    with pytest.raises(ValueError, match="amsgrad"):
        FusedAdamW(amsgrad=True)


def test_scales_and_offsets_do_not_decay() -> None:
    config = TrainingConfig(learning_rate=0.1, warmup_fraction=0, weight_decay=0.5)
    model = keras.Sequential(
        [keras.layers.Dense(2, input_shape=(2,)), keras.layers.BatchNormalization()]
    )
    model.set_weights([np.ones_like(weight) for weight in model.get_weights()])
    optimiser = make_optimiser(config, total_steps=10)
    variables = model.trainable_variables
    optimiser.build(variables)
    optimiser.apply_gradients([(0 * variable, variable) for variable in variables])
    kernel, *others = (variable.numpy() for variable in variables)
    assert (kernel < 1).all()
    for value in others:
        np.testing.assert_array_equal(value, 1)
