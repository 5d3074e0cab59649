"""``DriftGate``: stops the pipeline where distributions lie too far apart."""

# No postponed annotations here: TFX reads those of the function below as objects.

from pathlib import Path

from tfx.dsl.component.experimental.annotations import InputArtifact, OutputArtifact, Parameter
from tfx.dsl.component.experimental.decorators import component

from data.errors import InputError
from data.statistics.record import read_drift, write_drift
from pipeline.artifacts import DataDrift


@component
def DriftGate(
    drift: InputArtifact[DataDrift],
    accepted: OutputArtifact[DataDrift],
    code_hash: Parameter[str],
) -> None:
    """Raises when any distance is above its threshold.

    Its output ``accepted`` repeats what it was given. TFX caches no component without an output.

    Raises:
        InputError: Lists each such distance.
    """
    del code_hash  # Only among the parameters for the cache.
    record = read_drift(Path(drift.uri))
    if record.exceeded:
        raise InputError(
            "the data",
            "its distributions lie further apart than section drift allows: "
            + "; ".join(map(str, record.exceeded)),
            "Look at them with `brisc data stats WORKSPACE --html FILE`, then mend the data, raise "
            "drift.splits or drift.runs, or set drift.stop=false to go on",
        )
    write_drift(record, Path(accepted.uri))
