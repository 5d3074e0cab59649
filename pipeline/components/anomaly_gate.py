"""``AnomalyGate``: stops the pipeline where ExampleValidator, by itself, would only report."""

# No postponed annotations here: TFX reads those of the function below as objects.

from pathlib import Path

from tfx.dsl.component.experimental.annotations import InputArtifact, OutputArtifact, Parameter
from tfx.dsl.component.experimental.decorators import component
from tfx.types import standard_artifacts

from data.errors import InputError
from data.statistics.anomalies import read_anomalies


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
    found = [str(anomaly) for anomaly in read_anomalies(Path(anomalies.uri))]
    if found:
        raise InputError(
            "the data",
            "it does not keep to data/schema.pbtxt: " + "; ".join(found),
            "Mend the data, or the schema where it is too strict; `brisc data stats WORKSPACE "
            "--html FILE` shows it",
        )
    checked.split_names = anomalies.split_names
