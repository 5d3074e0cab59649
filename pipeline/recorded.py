"""Reads what the last run of a workspace, or one that is named, recorded of its data."""

from __future__ import annotations

from pathlib import Path

import ml_metadata as mlmd

from data.errors import InputError
from data.statistics.anomalies import read_anomalies
from data.statistics.findings import Findings
from data.statistics.record import DriftRecord, read_drift
from data.statistics.store import read_statistics
from pipeline.status import RunStatus
from pipeline.store import connection, open_store
from pipeline.store_address import StoreAddress
from pipeline.workspace import Workspace


def find_workspace(source: Path, store: StoreAddress | None) -> Workspace | None:
    """The workspace that ``source`` is, or that holds this folder of a run; else ``None``.

    Args:
        source: Any folder.
        store: Where metadata is, if not in the workspace.
    """
    absolute = source.absolute()
    for folder in (absolute, *absolute.parents):
        workspace = Workspace.at(folder, store=store)
        meant = folder == absolute or workspace.reports in absolute.parents
        if meant and workspace.used:
            return workspace
    return None


def read_findings(source: Path, workspace: Workspace) -> Findings:
    """What was recorded up to where the run came, also one that a gate has stopped.

    Args:
        source: The workspace, whose last run is read, or the folder of a run or fold in it.
        workspace: From ``find_workspace``.

    Raises:
        InputError: There is no such run, or it ended before there were statistics.
    """
    store = open_store(connection(workspace, readonly=True))
    for run_id in _runs(store, source, workspace):
        status = RunStatus(store, run_id)
        found = status.artifact("StatisticsGen", "ExampleStatistics")
        # Those of an old run may have been removed.
        if found is None or not Path(found.uri).exists():
            continue
        anomalies = status.artifact("ExampleValidator", "ExampleAnomalies")
        drift = status.artifact("DriftReport", "DataDrift")
        return Findings(
            f"run {run_id}",
            read_statistics(Path(found.uri)),
            read_anomalies(Path(anomalies.uri)) if anomalies else (),
            read_drift(Path(drift.uri)) if drift else DriftRecord(None, ()),
        )
    raise InputError(
        source,
        "no run has got as far as statistics, or they have been removed",
        "Run `brisc run` first",
    )


def _runs(store: mlmd.MetadataStore, source: Path, workspace: Workspace) -> list[str]:
    """Ids of the runs that ``source`` means, the latest first."""
    contexts = store.get_contexts_by_type("pipeline_run")
    ids = [c.name for c in sorted(contexts, key=lambda c: c.id, reverse=True)]
    if workspace.reports not in source.absolute().parents:
        return ids
    # The folder of a fold lies in that of its cross-validation.
    wanted = "-".join(source.absolute().relative_to(workspace.reports).parts)
    return [name for name in ids if name == wanted or name.startswith(f"{wanted}-fold-")]
