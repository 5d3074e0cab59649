"""Training as a whole: what it learns, and that an interruption changes nothing of it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf
import tf_keras as keras

from tests.records import blob_slices, write_records
from trainer import callbacks, fitting
from trainer.config import ModelConfig, TrainingConfig
from trainer.event_files import EVENTS

SIZE = 32
MODEL = ModelConfig(
    image_size=SIZE, encoder_weights="none", decoder_filters=(16, 8, 8, 4, 4), dropout=0
)


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[str]]:
    folder = tmp_path_factory.mktemp("splits")
    return {
        "train_files": write_records(folder / "train.gz", blob_slices(16, SIZE, 0)),
        "val_files": write_records(folder / "val.gz", blob_slices(8, SIZE, 1)),
    }


def fitted(
    folder: Path, files: dict[str, list[str]], *, model: ModelConfig = MODEL, **keys: object
) -> keras.Model:
    keras.utils.set_random_seed(1)
    settings = {"epochs": 3, "batch_size": 8, "freeze_encoder_epochs": 1, **keys}
    return fitting.fit(
        model,
        TrainingConfig.model_validate(settings),
        run_dir=folder,
        strategy=tf.distribute.get_strategy(),
        **files,
    )


class _Stop(keras.callbacks.Callback):
    """Interrupts a training after an epoch, when that has been backed up."""

    def __init__(self, epoch: int) -> None:
        super().__init__()
        self._epoch = epoch

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        if epoch == self._epoch:
            raise KeyboardInterrupt


class _Weights(keras.callbacks.Callback):
    """Keeps all that is learnt as it was first and after the last epoch: that of the best one may
    be from before an interruption."""

    def __init__(self) -> None:
        super().__init__()
        self.first: np.ndarray | None = None

    def on_train_begin(self, logs: dict[str, float] | None = None) -> None:
        if self.first is None:
            self.first = self._all()

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        self.last = self._all()

    def _all(self) -> np.ndarray:
        weights = [weight for weight in self.model.weights if "moving" not in weight.name]
        return np.concatenate([weight.numpy().ravel() for weight in weights])


@pytest.mark.integration
def test_interrupted_trainings_end_with_the_same_weights(
    files: dict[str, list[str]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # At larger rates Adam turns the float error of its first gradients into whole steps.
    keys = {"loss_weighting": "uncertainty", "ema_decay": 0.8, "learning_rate": 1e-4}
    make = callbacks.make_callbacks

    def fit_with(callback: keras.callbacks.Callback, folder: Path) -> None:
        with monkeypatch.context() as patch:
            patch.setattr(fitting, "make_callbacks", lambda *a, **k: [*make(*a, **k), callback])
            fitted(folder, files, **keys)

    whole, continued = _Weights(), _Weights()
    fit_with(whole, tmp_path / "whole")
    # Between the phases, and within the second.
    for epoch in (0, 1):
        with pytest.raises(KeyboardInterrupt):
            fit_with(_Stop(epoch), tmp_path / "parts")
    fit_with(continued, tmp_path / "parts")
    # One thousandth where this was written, one twentieth where batches begin anew. Single weights
    # whose gradient is next to zero Adam moves by the sign of its float error.
    way = np.linalg.norm(whole.last - whole.first)
    assert np.linalg.norm(continued.last - whole.last) < 0.02 * way


@pytest.mark.integration
def test_a_frozen_encoder_stays_as_it_was_and_is_then_set_free(
    files: dict[str, list[str]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[np.ndarray] = []

    class _Look(keras.callbacks.Callback):
        def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
            layers = self.model.network
            seen.append(
                [
                    layers.get_layer(name).get_weights()[0]
                    for name in ("stage4_unit1_conv2", "bn1", "decoder_stage0a_conv")
                ]
            )

    make = callbacks.make_callbacks
    monkeypatch.setattr(fitting, "make_callbacks", lambda *a, **k: [*make(*a, **k), _Look()])
    fitted(tmp_path, files, epochs=4, freeze_encoder_epochs=2, warmup_fraction=0)
    first, second, third, last = seen
    for index, moves in enumerate((False, False, True)):
        assert np.array_equal(first[index], second[index]) != moves
        assert not np.array_equal(third[index], last[index])


class _Losses(keras.callbacks.Callback):
    """Keeps the numbers of the last epoch."""

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        self.last = dict(logs or {})


def losses_of(
    folder: Path,
    files: dict[str, list[str]],
    monkeypatch: pytest.MonkeyPatch,
    **keys: object,
) -> dict[str, float]:
    """What a short training of a small network ends with."""
    make, seen = callbacks.make_callbacks, _Losses()
    with monkeypatch.context() as patch:
        patch.setattr(fitting, "make_callbacks", lambda *a, **k: [*make(*a, **k), seen])
        model = MODEL.model_copy(update={"encoder": "resnet18"})
        fitted(folder, files, model=model, epochs=2, freeze_encoder_epochs=0, **keys)
    return {name: value for name, value in seen.last.items() if name.endswith("loss")}


@pytest.mark.integration
def test_the_precision_of_gpus_and_xla_learn_what_float32_does(
    files: dict[str, list[str]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain = losses_of(tmp_path / "plain", files, monkeypatch)
    compiled = losses_of(tmp_path / "xla", files, monkeypatch, xla=True, profile_steps=[2, 3])
    assert compiled == pytest.approx(plain, rel=0.02)
    assert list((tmp_path / "xla" / EVENTS).glob("**/plugins/profile/*/*.xplane.pb"))
    # As hardware.prepare does for precision: mixed_float16.
    keras.mixed_precision.set_global_policy("mixed_float16")
    try:
        half = losses_of(tmp_path / "half", files, monkeypatch)
    finally:
        keras.mixed_precision.set_global_policy("float32")
    assert half == pytest.approx(plain, rel=0.1)
