"""The network of a saved model by itself: constants for variables, numbers in, numbers out.

Input ``image``
    float32 [batch, S, S, 1], grey values 0..255 of letter-boxed slices, as
    ``preprocessing.decode.boxed_image`` makes them. No runtime but TensorFlow decodes JPEG and PNG
    inside of a model, and S is the model's own.
Outputs ``classification`` and ``segmentation``
    float32 [batch, 4] and float32 [batch, S, S, 1]: what signature ``raw`` returns. Normalisation,
    mirror image, temperature and gate are within.
"""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf

# TensorFlow has no public name for it; TensorFlow Lite and tf2onnx take it from here, too.
from tensorflow.python.framework.convert_to_constants import convert_variables_to_constants_v2

from data.errors import InputError
from data.examples import to_example
from data.layout import scan
from data.sample import MIN_IMAGES, write_sample
from preprocessing import features
from preprocessing.decode import decode_png
from preprocessing.normalise import normalise
from serving.contract import RAW, SERVING_DEFAULT, TRANSFORM
from trainer.outputs import CLASSIFICATION, SEGMENTATION

IMAGE = "image"


@dataclass(frozen=True)
class Probe:
    """Synthetic slices and what the saved model says of them.

    Attributes:
        images: float32 [slices, S, S, 1], grey values 0..255.
        mean, deviation: Grey values (0..255) of the train split, which the model normalises by.
        expected: The model's outputs, by name.
    """

    images: np.ndarray
    mean: float
    deviation: float
    expected: dict[str, np.ndarray]


def load_model(directory: Path) -> Any:
    """Loads a saved model.

    Raises:
        InputError: It is damaged, or none of this product.
    """
    try:
        model = tf.saved_model.load(str(directory))
    except (OSError, ValueError, tf.errors.OpError) as error:
        reason = str(error).strip().splitlines()[0]
        raise InputError(
            directory, f"the saved model is damaged ({reason})", "Push it again"
        ) from error
    if not {RAW, TRANSFORM} <= set(model.signatures) or not hasattr(model, "forward"):
        raise InputError(
            directory,
            f"it lacks the signatures {RAW} and {TRANSFORM} or the forward pass",
            "Give a model that `brisc run` saved",
        )
    return model


def probe(model: Any) -> Probe:
    """Asks a loaded model about each kind of slice that ``data.sample`` draws."""
    with tempfile.TemporaryDirectory(prefix="brisc-probe-") as folder:
        drawn = Path(folder) / "sample"
        write_sample(drawn, MIN_IMAGES, seed=0)
        slices = scan(drawn).slices
        encoded = tf.constant([item.image.read_bytes() for item in slices])
        examples = tf.constant([to_example(item, leak="none") for item in slices])
    transformed = model.signatures[TRANSFORM](examples=examples)
    expected = model.signatures[RAW](image_bytes=encoded)
    size = expected[SEGMENTATION].shape[1]
    images = [decode_png(png, size).numpy() for png in transformed[features.IMAGE]]
    return Probe(
        np.stack(images).astype(np.float32),
        float(transformed[features.MEAN][0]),
        float(transformed[features.DEVIATION][0]),
        {name: expected[name].numpy() for name in (CLASSIFICATION, SEGMENTATION)},
    )


def standalone(model: Any, known: Probe) -> tf.types.experimental.GenericFunction:
    """The function that the module's docstring describes, without variables.

    Args:
        model: From ``load_model``.
        known: Has the constants of the model's normalisation.
    """
    image = tf.TensorSpec([None, *known.images.shape[1:]], tf.float32, name=IMAGE)

    @tf.function(input_signature=[image], autograph=False)
    def answer(image: tf.Tensor) -> dict[str, tf.Tensor]:
        mean, deviation = tf.constant(known.mean), tf.constant(known.deviation)
        return dict(model.forward(normalise(image, mean, deviation)))

    concrete = answer.get_concrete_function()
    frozen = convert_variables_to_constants_v2(concrete)

    @tf.function(input_signature=[image], autograph=False)
    def constant(image: tf.Tensor) -> dict[str, tf.Tensor]:
        # Freezing may forget the outputs' names, not their order.
        flat = tf.nest.flatten(frozen(image))
        return tf.nest.pack_sequence_as(concrete.structured_outputs, flat)

    return constant


def save_standalone(function: tf.types.experimental.GenericFunction, directory: Path) -> None:
    """Writes it as a SavedModel whose only signature it is."""
    module = tf.Module()
    module.answer = function
    tf.saved_model.save(module, str(directory), signatures={SERVING_DEFAULT: function})
