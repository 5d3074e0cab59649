"""``AnomalyGate``: stops the pipeline where ExampleValidator, by itself, would only report."""

# No postponed annotations here: TFX reads those of the function below as objects.

import os

from tensorflow_metadata.proto.v0 import anomalies_pb2
from tfx.dsl.component.experimental.annotations import InputArtifact, OutputArtifact, Parameter
from tfx.dsl.component.experimental.decorators import component
from tfx.dsl.io import fileio
from tfx.types import artifact_utils, standard_artifacts

from data.errors import InputError

_FILE = "SchemaDiff.pb"


@component
def AnomalyGate(
    anomalies: InputArtifact[standard_artifacts.ExampleAnomalies],
    checked: OutputArtifact[standard_artifacts.ExampleAnomalies],
    code_hash: Parameter[str],
) -> None:
    """Raises when any split has an anomaly.

    Its output ``checked`` names the splits that have none. TFX caches no component without
    an output.

    Raises:
        InputError: Lists each anomaly: split, feature, what is wrong.
    """
    del code_hash  # Only among the parameters for the cache.
    found = []
    splits = artifact_utils.decode_split_names(anomalies.split_names)
    for split in splits:
        path = os.path.join(artifact_utils.get_split_uri([anomalies], split), _FILE)
        result = anomalies_pb2.Anomalies()
        with fileio.open(path, "rb") as file:
            result.ParseFromString(file.read())
        if result.HasField("dataset_anomaly_info"):
            found.append(f"{split}: {result.dataset_anomaly_info.description}")
        found += [
            f"{split}: {feature}: {info.short_description}: {info.description}"
            for feature, info in sorted(result.anomaly_info.items())
        ]
    if found:
        raise InputError(
            "the data",
            "it does not keep to data/schema.pbtxt: " + "; ".join(found),
            "Mend the data, or the schema where it is too strict",
        )
    checked.split_names = artifact_utils.encode_split_names(splits)
