"""Saves a network with the named signatures that servers and Evaluator call.

``serving_default``
    ``image_bytes`` string [batch] (JPEG, PNG, BMP or GIF) -> ``class`` string [batch],
    ``probabilities`` float32 [batch, 4] in the order of ``data.naming.CLASSES``,
    ``mask_png_bytes`` string [batch] ({0, 255}, at each slice's own size) and ``mask_area``
    int64 [batch] (pixels of that mask).
``evaluate``
    ``examples`` string [batch] (serialised tf.Examples as ingest writes them) ->
    ``classification`` float32 [batch, 4] and ``segmentation`` float32 [batch, 3] (pixels of
    intersection, prediction and truth at the network's size).
``raw``
    ``image_bytes`` string [batch] -> ``classification`` float32 [batch, 4] and
    ``segmentation`` float32 [batch, S, S, 1] (probabilities in the letter-boxed square).
``transform_features``
    ``examples`` as above -> the features of ``preprocessing.features``, [batch] each, where
    Evaluator finds the labels.
"""

from __future__ import annotations

from pathlib import Path

import tensorflow as tf
import tensorflow_transform as tft

from data import features as raw
from data import naming
from data.examples import empty_mask
from preprocessing import features
from preprocessing.config import PreprocessingConfig
from preprocessing.decode import decode_grey, decode_png
from preprocessing.letterbox import unletterbox
from preprocessing.normalise import ENCODER_CHANNELS, normalise
from serving.contract import EVALUATE, RAW, SERVING_DEFAULT, TRANSFORM
from serving.warmup_requests import write_warmup
from trainer.inference import AnsweringNetwork
from trainer.outputs import CLASSIFICATION, MASK_PROBABILITY, SEGMENTATION


class SavedNetwork(tf.Module):
    """The network's variables, one shared forward pass and the Transform graph.

    The Keras model itself stays out: saving it along multiplies the time to save and to load
    by some nine and five, and its graph by three.
    """

    def __init__(
        self,
        answering: AnsweringNetwork,
        transform: tft.TFTransformOutput,
        preprocessing: PreprocessingConfig,
    ) -> None:
        super().__init__()
        self.image_size = preprocessing.image_size
        self._preprocessing = preprocessing
        self.weights = answering.network.variables
        # Left out, its tables would be "not initialized" in the loaded model.
        self.transform = transform.transform_features_layer()
        self._spec = transform.raw_feature_spec()
        shape = [None, self.image_size, self.image_size, ENCODER_CHANNELS]

        @tf.function(input_signature=[tf.TensorSpec(shape, tf.float32)], autograph=False)
        def forward(images: tf.Tensor) -> dict[str, tf.Tensor]:
            return answering(images)

        self.forward = forward.get_concrete_function()

    def predict(self, image_bytes: tf.Tensor) -> dict[str, tf.Tensor]:
        """Encoded slices, string [batch], to both outputs."""
        # The Transform graph decodes the mask even where nobody asks for its result.
        masks = tf.fill(tf.shape(image_bytes), empty_mask(1, 1))
        return self._network(self.transform({raw.IMAGE: image_bytes, raw.MASK: masks}))

    def answer(self, image_bytes: tf.Tensor) -> dict[str, tf.Tensor]:
        """Encoded slices, string [batch], to what signature ``serving_default`` returns."""
        outputs = self.predict(image_bytes)
        masks, areas = tf.map_fn(
            self._own_size_mask,
            (image_bytes, outputs[SEGMENTATION]),
            fn_output_signature=(tf.string, tf.int64),
        )
        probabilities = outputs[CLASSIFICATION]
        names = tf.gather(tf.constant(naming.CLASSES), tf.argmax(probabilities, axis=-1))
        return {
            "class": names,
            "probabilities": probabilities,
            "mask_png_bytes": masks,
            "mask_area": areas,
        }

    def count(self, examples: tf.Tensor) -> dict[str, tf.Tensor]:
        """Serialised examples, string [batch], to what signature ``evaluate`` returns."""
        transformed = self.preprocess(examples)
        outputs = self._network(transformed)
        truth = tf.cast(self._decoded(transformed[features.MASK]) > 0, tf.float32)
        predicted = tf.cast(outputs[SEGMENTATION] > MASK_PROBABILITY, tf.float32)
        pixels = [
            tf.reduce_sum(mask, axis=(1, 2, 3)) for mask in (truth * predicted, predicted, truth)
        ]
        return {CLASSIFICATION: outputs[CLASSIFICATION], SEGMENTATION: tf.stack(pixels, axis=-1)}

    def preprocess(self, examples: tf.Tensor) -> dict[str, tf.Tensor]:
        """Serialised examples, string [batch], through the Transform graph."""
        return self.transform(tf.io.parse_example(examples, self._spec))

    def _network(self, transformed: dict[str, tf.Tensor]) -> dict[str, tf.Tensor]:
        grey = self._decoded(transformed[features.IMAGE])
        return self.forward(
            normalise(grey, transformed[features.MEAN], transformed[features.DEVIATION])
        )

    def _decoded(self, encoded: tf.Tensor) -> tf.Tensor:
        size = self.image_size
        return tf.map_fn(
            lambda png: decode_png(png, size),
            encoded,
            fn_output_signature=tf.TensorSpec([size, size, 1], tf.uint8),
        )

    def _own_size_mask(self, pair: tuple[tf.Tensor, tf.Tensor]) -> tuple[tf.Tensor, tf.Tensor]:
        encoded, boxed = pair
        shape = tf.shape(decode_grey(encoded))
        probability = unletterbox(boxed, shape[0], shape[1], self._preprocessing)
        tumour = probability > MASK_PROBABILITY
        png = tf.io.encode_png(tf.cast(tumour, tf.uint8) * 255)
        return png, tf.reduce_sum(tf.cast(tumour, tf.int64))


def save_model(
    answering: AnsweringNetwork,
    transform: tft.TFTransformOutput,
    preprocessing: PreprocessingConfig,
    directory: str | Path,
) -> None:
    """Writes a model to ``directory`` as a SavedModel with the signatures above, and a request
    that warms it up.

    Args:
        answering: Its network is as ``trainer.folding.fold_batch_norms`` makes it.
        transform: The Transform graph it was trained behind.
        preprocessing: How that made squares of slices.
        directory: Where the SavedModel goes.
    """
    module = SavedNetwork(answering, transform, preprocessing)
    images = tf.TensorSpec([None], tf.string, name="image_bytes")
    examples = tf.TensorSpec([None], tf.string, name="examples")
    signatures = {
        name: tf.function(function, autograph=False).get_concrete_function(taken)
        for name, function, taken in (
            (SERVING_DEFAULT, module.answer, images),
            (EVALUATE, module.count, examples),
            (RAW, module.predict, images),
            (TRANSFORM, module.preprocess, examples),
        )
    }
    tf.saved_model.save(module, str(directory), signatures=signatures)
    write_warmup(Path(directory))
