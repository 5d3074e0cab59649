"""What the saved model makes of the network's outputs: mirror image, temperature and gate."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf
import tf_keras as keras
from scipy.special import softmax
from sklearn.metrics import log_loss

from tests.records import write_records
from trainer.calibration import fit_temperature
from trainer.config import ModelConfig
from trainer.inference import AnsweringNetwork
from trainer.outputs import CLASSIFICATION, SEGMENTATION

SIZE = 32
GENERATOR = np.random.default_rng(5)


def network() -> keras.Model:
    """A network whose class is told by the left half's grey, and its mask by each pixel."""
    images = keras.Input((SIZE, SIZE, 3))
    left = keras.layers.Cropping2D(((0, 0), (0, SIZE // 2)))(images)
    mean = keras.layers.GlobalAveragePooling2D()(left)
    # Dark is no_tumor, bright glioma.
    dense = keras.layers.Dense(4, activation="softmax", name=CLASSIFICATION)
    classes = dense(mean)
    dense.set_weights([np.array([[0.02, 0, 0, -0.02]] * 3), np.array([-3.0, -9, -9, 3])])
    mask = keras.layers.Lambda(lambda x: x[..., :1] / 255, name=SEGMENTATION)(images)
    return keras.Model(images, {CLASSIFICATION: classes, SEGMENTATION: mask})


def images() -> np.ndarray:
    """One bright on the left, one on the right, one dark: float32 [3, S, S, 3]."""
    found = np.zeros((3, SIZE, SIZE, 3), np.float32)
    found[0, :, : SIZE // 2] = 250
    found[1, :, SIZE // 2 :] = 250
    found[2] = 20
    return found


def answers(**options: object) -> dict[str, np.ndarray]:
    outputs = AnsweringNetwork(network(), **options)(tf.constant(images()))
    return {name: tensor.numpy() for name, tensor in outputs.items()}


def test_without_options_the_network_answers() -> None:
    plain, expected = answers(), network()(images())
    for name, tensor in expected.items():
        np.testing.assert_array_equal(plain[name], tensor)


def test_the_gate_empties_masks_of_slices_without_tumour_and_no_others() -> None:
    plain, gated = answers(), answers(gated=True)
    healthy = plain[CLASSIFICATION].argmax(axis=-1) == 3
    assert healthy.tolist() == [False, True, True]
    assert plain[SEGMENTATION][healthy].any()
    assert not gated[SEGMENTATION][healthy].any()
    np.testing.assert_array_equal(gated[SEGMENTATION][~healthy], plain[SEGMENTATION][~healthy])
    np.testing.assert_array_equal(gated[CLASSIFICATION], plain[CLASSIFICATION])


def test_a_slice_and_its_mirror_image_get_the_same_answer_mirrored() -> None:
    found = answers(mirrored=True)
    left, right = (found[CLASSIFICATION][row] for row in (0, 1))
    np.testing.assert_allclose(left, right, atol=1e-6)
    plain = answers()[CLASSIFICATION]
    np.testing.assert_allclose(left, (plain[0] + plain[1]) / 2, atol=1e-6)
    masks = found[SEGMENTATION]
    np.testing.assert_allclose(masks[0], masks[1][:, ::-1], atol=1e-6)
    # What the network says of a pixel does not depend on where it is.
    np.testing.assert_allclose(masks, answers()[SEGMENTATION], atol=1e-6)


@pytest.mark.parametrize("temperature", [0.5, 3.0])
def test_a_temperature_divides_the_logits(temperature: float) -> None:
    plain, scaled = answers()[CLASSIFICATION], answers(temperature=temperature)[CLASSIFICATION]
    np.testing.assert_allclose(scaled, softmax(np.log(plain) / temperature, axis=-1), atol=1e-5)
    np.testing.assert_array_equal(scaled.argmax(axis=-1), plain.argmax(axis=-1))


def drawn(temperature: float, slices: int = 4000) -> tuple[np.ndarray, np.ndarray]:
    """Probabilities of a network that is too sure by a known temperature, and the truth."""
    logits = GENERATOR.normal(0, 2, (slices, 4))
    truth = np.array([GENERATOR.choice(4, p=row) for row in softmax(logits, axis=1)])
    return softmax(logits * temperature, axis=1), truth


@pytest.mark.parametrize("temperature", [0.4, 1.0, 2.5])
def test_the_fitted_temperature_is_the_one_that_was_put_in(temperature: float) -> None:
    probabilities, truth = drawn(temperature)
    found = fit_temperature(probabilities, truth)
    assert found == pytest.approx(temperature, rel=0.1)
    scaled = softmax(np.log(probabilities) / found, axis=1)
    assert log_loss(truth, scaled) <= log_loss(truth, probabilities) + 1e-9


def test_a_network_that_is_always_right_is_not_made_infinitely_sure() -> None:
    found = fit_temperature(np.array([[0.7, 0.1, 0.1, 0.1]] * 9), np.zeros(9, int))
    assert 0.05 <= found < 0.06


def test_the_temperature_is_that_of_val(tmp_path: Path) -> None:
    # Of slices that the network is all but sure are gliomas, one in four is none.
    bright, mask = np.full((SIZE, SIZE), 250, np.uint8), np.zeros((SIZE, SIZE), bool)
    val = write_records(tmp_path / "val.gz", [(bright, mask, label) for label in (0, 0, 0, 3)])
    config = ModelConfig(image_size=SIZE, gate_mask=False)
    found = AnsweringNetwork.configured(network(), config, val)
    assert found.temperature > 2
    off = ModelConfig(image_size=SIZE, calibrate=False, test_time_flip=True)
    assert AnsweringNetwork.configured(network(), off, val).temperature == 1
    assert AnsweringNetwork.configured(network(), off, val).mirrored
