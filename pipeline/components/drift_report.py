"""``DriftReport``: how far distributions lie apart, between splits and from the data before."""

# No postponed annotations here: TFX reads those of the function below as objects.

import logging
from pathlib import Path

from tfx.dsl.component.experimental.annotations import InputArtifact, OutputArtifact, Parameter
from tfx.dsl.component.experimental.decorators import component
from tfx.types import standard_artifacts

from data.config import DriftConfig
from data.statistics.comparison import compare
from data.statistics.record import write_drift
from data.statistics.store import FINGERPRINT, read_statistics
from pipeline.artifacts import DataDrift

_logger = logging.getLogger(__name__)


@component
def DriftReport(
    statistics: InputArtifact[standard_artifacts.ExampleStatistics],
    drift: OutputArtifact[DataDrift],
    config: Parameter[str],
    code_hash: Parameter[str],
    previous: InputArtifact[standard_artifacts.ExampleStatistics] = None,
    previous_examples: InputArtifact[standard_artifacts.Examples] = None,
) -> None:
    """Measures, keeps and logs every distance; decides nothing.

    Args:
        statistics: Of this run's data.
        drift: What was found.
        config: Section ``drift`` as JSON.
        code_hash: Digest of the code that compares, for the cache.
        previous: Statistics of the data before; absent in a first run.
        previous_examples: Its examples, which name it, while they are there.
    """
    del code_hash
    name = None
    if previous:
        known = previous_examples
        name = f"data {known.get_string_custom_property(FINGERPRINT)[:16]}" if known else "old data"
    record = compare(
        read_statistics(Path(statistics.uri)),
        DriftConfig.model_validate_json(config),
        read_statistics(Path(previous.uri)) if previous else None,
        name,
    )
    write_drift(record, Path(drift.uri))
    for comparison in record.comparisons:
        level = logging.WARNING if comparison.exceeded else logging.INFO
        _logger.log(level, "%s: %s", comparison.kind, comparison)
