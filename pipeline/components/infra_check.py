"""``InfraCheck``: serves the candidate before it is pushed, without Docker."""

# No postponed annotations here: TFX reads those of the function below as objects.

from pathlib import Path

import tensorflow as tf
from tfx.dsl.component.experimental.annotations import InputArtifact, OutputArtifact, Parameter
from tfx.dsl.component.experimental.decorators import component
from tfx.types import artifact_utils, standard_artifacts
from tfx.utils import path_utils

from data import features
from data.page import write_text
from serving.served_check import find_faults

FAULTS = "faults.txt"


@component
def InfraCheck(
    model: InputArtifact[standard_artifacts.Model],
    examples: InputArtifact[standard_artifacts.Examples],
    blessing: OutputArtifact[standard_artifacts.InfraBlessing],
    slices: Parameter[int],
    code_hash: Parameter[str],
) -> None:
    """Blesses a model that answers over gRPC and REST as it does by itself.

    Args:
        model: The candidate.
        examples: Ingested slices; those of ``test`` are what the server is asked.
        blessing: As InfraValidator's, which Pusher reads; ``faults.txt`` says what is wrong.
        slices: How many of them.
        code_hash: Digest of the code that serves, for the cache.
    """
    del code_hash
    folder = Path(artifact_utils.get_split_uri([examples], "test"))
    records = tf.data.TFRecordDataset(
        sorted(str(path) for path in folder.iterdir()), compression_type="GZIP"
    )
    images = [
        tf.train.Example.FromString(record).features.feature[features.IMAGE].bytes_list.value[0]
        for record in records.take(slices).as_numpy_iterator()
    ]
    faults = find_faults(Path(path_utils.serving_model_path(model.uri)), images)
    write_text(Path(blessing.uri) / FAULTS, "".join(f"{fault}\n" for fault in faults))
    blessing.set_int_custom_property("blessed", int(not faults))
