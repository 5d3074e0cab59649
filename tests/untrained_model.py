"""A saved model as `brisc run` pushes it, of a network that has learnt nothing.

python -m tests.untrained_model FOLDER DATA SIZE
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import tensorflow as tf
import tensorflow_transform as tft
import tensorflow_transform.beam as tft_beam
import tf_keras as keras
from google.protobuf import text_format
from tensorflow_metadata.proto.v0 import schema_pb2
from tensorflow_transform.tf_metadata import dataset_metadata, metadata_io, schema_utils

from data.examples import to_example
from data.layout import scan
from preprocessing.config import PreprocessingConfig
from preprocessing.transform import preprocessing_fn
from serving.signatures import save_model
from trainer.config import ModelConfig
from trainer.folding import fold_batch_norms
from trainer.inference import AnsweringNetwork
from trainer.network import build_network

SCHEMA = Path(__file__).parents[1] / "data" / "schema.pbtxt"


def put_untrained_model(folder: Path, data: Path, size: int) -> Path:
    """Saves a real network, its weights random, behind a real Transform graph.

    Args:
        folder: Where it goes, with what is made on the way.
        data: In BRISC layout; Transform analyses eight of its slices.
        size: Side of the network's square, pixels.

    Returns:
        The folder of its one version.
    """
    schema = text_format.Parse(SCHEMA.read_text(), schema_pb2.Schema())
    spec = schema_utils.schema_as_feature_spec(schema).feature_spec
    preprocessing = PreprocessingConfig(image_size=size)
    parsed = [
        tf.io.parse_single_example(to_example(item, "none"), spec) for item in scan(data).slices[:8]
    ]
    rows = [{name: value.numpy() for name, value in row.items()} for row in parsed]
    metadata = dataset_metadata.DatasetMetadata.from_feature_spec(spec)
    with tft_beam.Context(temp_dir=str(folder / "temp")):
        transform = (rows, metadata) | tft_beam.AnalyzeDataset(
            lambda inputs: preprocessing_fn(inputs, {"preprocessing": preprocessing.model_dump()})
        )
        _ = transform | tft_beam.WriteTransformFn(str(folder / "transform"))
    metadata_io.write_metadata(metadata, str(folder / "transform" / "metadata"))
    # Else a run in some dozens has weights whose answers hang on the last digits of float32.
    keras.utils.set_random_seed(0)
    network = build_network(ModelConfig(image_size=size, encoder_weights="none"))
    # Batch norms that have seen nothing let numbers grow until float32 has no digits left for them.
    noise = np.random.default_rng(0).normal(114, 58, (16, size, size, 3)).astype(np.float32)
    for _ in range(40):
        network(noise, training=True)
    answering = AnsweringNetwork(fold_batch_norms(network), mirrored=True, temperature=2)
    output = tft.TFTransformOutput(str(folder / "transform"))
    save_model(answering, output, preprocessing, folder / "saved" / "1")
    return folder / "saved"


if __name__ == "__main__":
    put_untrained_model(Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]))
