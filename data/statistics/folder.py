"""Statistics of a folder in BRISC layout, split as ingest would split it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import tensorflow_data_validation as tfdv

from data.audit.outcome import Audit
from data.config import DriftConfig, SplitConfig
from data.groups import read_groups, table_in
from data.splits import assign
from data.statistics.anomalies import SCHEMA, list_anomalies
from data.statistics.comparison import compare
from data.statistics.findings import Findings
from data.statistics.generate import compute_statistics


def examine_folder(
    directory: Path,
    audit: Audit,
    split: SplitConfig,
    drift: DriftConfig,
    beam_args: Sequence[str],
) -> Findings:
    """Splits and measures the slices that could be audited; the problems stay listed.

    Raises:
        InputError: The split cannot be made, or a file has become unreadable since.
    """
    given = split.groups or table_in(directory) if split.strategy == "grouped" else None
    assignment = assign(
        audit.slices, split, pairs=audit.pairs, known=read_groups(given) if given else {}
    )
    statistics = compute_statistics(assignment, split.seed, beam_args)
    schema = tfdv.load_schema_text(str(SCHEMA))
    anomalies = [
        anomaly
        for name, part in statistics.items()
        for anomaly in list_anomalies(name, tfdv.validate_statistics(part, schema))
    ]
    return Findings(
        str(directory), statistics, anomalies, compare(statistics, drift), audit.problems
    )
