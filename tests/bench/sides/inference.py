"""Ours: the forward pass of a saved model, normalisation, mirror image and gate in it."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np
import tensorflow as tf

from preprocessing.normalise import normalise
from serving.export.formats import FORMATS
from serving.export.standalone import load_model, probe, standalone
from serving.server.constant_weights import assume_constant_weights
from serving.server.model_config import Model
from tests.bench.side import answer, steady_seconds

_TIMES = 3


def main(model: str, onnx: str, batch: int, threads: int, bfloat16: bool) -> None:
    """Serves as a side, seconds a batch.

    Args:
        model: A version's folder.
        onnx: The folder where it is written as ONNX, for the peer, if it is empty.
        batch: Slices at once.
        threads: For the work within an operation.
        bfloat16: As the server computes with ``--mixed-precision bfloat16``.
    """
    # As the server does before it loads any.
    assume_constant_weights([Model("model", Path(model).parent)])
    tf.config.threading.set_intra_op_parallelism_threads(threads)
    tf.config.threading.set_inter_op_parallelism_threads(1)
    tf.config.optimizer.set_experimental_options({"auto_mixed_precision_onednn_bfloat16": bfloat16})
    loaded = load_model(Path(model))
    known = probe(loaded)
    function = standalone(loaded, known)
    if not any(Path(onnx).iterdir()):
        FORMATS["onnx"].write(function, Path(onnx))
    mean, deviation = tf.constant(known.mean), tf.constant(known.deviation)

    @tf.function(input_signature=function.input_signature, autograph=False)
    def forward(image: tf.Tensor) -> dict[str, tf.Tensor]:
        return loaded.forward(normalise(image, mean, deviation))

    side = known.images.shape[1]
    rng = np.random.default_rng(0)
    images = rng.uniform(0, 255, (batch, side, side, 1)).astype(np.float32)
    name = "saved model bfloat16" if bfloat16 else "saved model"
    answer({name: lambda: steady_seconds(lambda: forward(tf.constant(images)), _TIMES)})


if __name__ == "__main__":
    options = json.loads(sys.argv[1])
    sys.path.append(options.pop("extra"))
    main(**options)
