"""Reads the runs of a workspace from ML Metadata and from the folders of their reports."""

from __future__ import annotations

import dataclasses
import datetime
import json
from pathlib import Path
from typing import Any

import ml_metadata as mlmd
from ml_metadata.proto import metadata_store_pb2

from data.errors import ConfigurationError
from data.lock import is_locked
from pipeline.runs.reason import read_reason
from pipeline.runs.record import (
    FAILED,
    FINISHED,
    FOLD,
    INTERRUPTED,
    NOT_TRAINED,
    RUNNING,
    Run,
)
from pipeline.runs.store import RunStore
from pipeline.status import NodeStatus, RunStatus
from pipeline.workspace import Workspace

LOG = "log.txt"

_SETTINGS = (
    ("Trainer", "custom_config", ("model", "training")),
    ("Tuner", "custom_config", ("tuning",)),
    ("BriscExampleGen", "split_config", "split"),
    ("DriftReport", "config", "drift"),
    ("ModelReport", "gate", "gate"),
)
"""Component, its property that holds JSON, and the sections in it or the section that it is."""


def read_runs(workspace: Workspace) -> list[Run]:
    """All runs, in the order in which they began.

    Raises:
        InputError: No run has begun there.
    """
    store = RunStore(workspace)
    begun = store.begun()
    known = {name.partition(FOLD)[0] for name in begun}
    # Ended before its first component: it is known by its folder alone.
    begun |= {
        folder.name: folder.stat().st_mtime
        for folder in workspace.reports.glob("*")
        if folder.name not in known
    }
    names = sorted(begun, key=lambda name: (begun[name], name))
    # A workspace has one run at a time.
    busy = is_locked(workspace.root)
    return [
        _read(name, store.status(name), store.metadata, workspace, busy and name == names[-1])
        for name in names
    ]


def find_run(runs: list[Run], wanted: str) -> Run:
    """The run with this id, or the only one whose id begins so.

    Raises:
        ConfigurationError: There is none, or more than one.
    """
    found = [run for run in runs if run.id == wanted]
    found = found or [run for run in runs if run.id.startswith(wanted)]
    if len(found) == 1:
        return found[0]
    ids = ", ".join(run.id for run in found or runs)
    reason = "several runs begin so" if found else "no such run"
    raise ConfigurationError(wanted, reason, f"The runs are {ids}")


def run_folder(workspace: Workspace, run_id: str) -> Path:
    """The folder of a run's reports; that of a fold lies within that of its cross-validation."""
    run, _, fold = run_id.partition(FOLD)
    return workspace.reports / run / f"fold-{fold}" if fold else workspace.reports / run


def _read(
    run_id: str, status: RunStatus, store: mlmd.MetadataStore, workspace: Workspace, going_on: bool
) -> Run:
    nodes = tuple(status.nodes())
    ids = [node.execution_id for node in nodes]
    executions = {item.id: item for item in store.get_executions_by_id(ids)} if ids else {}
    properties = {
        node.node: {
            name: value.string_value
            for name, value in executions[node.execution_id].custom_properties.items()
        }
        for node in nodes
    }
    begun = [item.create_time_since_epoch for item in executions.values()]
    changed = [item.last_update_time_since_epoch for item in executions.values()]
    folder = run_folder(workspace, run_id)
    report = _report(folder)
    state = _state(report, going_on, {node.state for node in nodes})
    reason = _reason(state, nodes, folder)
    if state == INTERRUPTED and reason is not None:
        # By an error of its own, before any component began.
        state = FAILED
    if state != RUNNING:
        # What was killed could not say so.
        nodes = tuple(
            dataclasses.replace(node, state=INTERRUPTED) if node.state == "running" else node
            for node in nodes
        )
    return Run(
        id=run_id,
        state=state,
        start=datetime.datetime.fromtimestamp(min(begun) / 1000) if begun else None,
        seconds=(max(changed) - min(begun)) / 1000 if begun else 0.0,
        nodes=nodes,
        blessed=status.blessed(),
        pushed=status.pushed(),
        fingerprint=properties.get("LeakAudit", {}).get("data_fingerprint"),
        data=_data(properties.get("LeakAudit", {}).get("data_dir")),
        parameters=_parameters(properties),
        scores=report.get("scores", {}),
        verdicts=tuple(report.get("verdicts", ())),
        folder=folder,
        artifacts=_artifacts(store, {node.execution_id: node.node for node in nodes}),
        reason=reason,
    )


def _state(report: dict[str, Any], going_on: bool, states: set[str]) -> str:
    # The report is written last.
    if report:
        return NOT_TRAINED if "not_trained" in report else FINISHED
    if going_on:
        return RUNNING
    return FAILED if "failed" in states else INTERRUPTED


def _reason(state: str, nodes: tuple[NodeStatus, ...], folder: Path) -> str | None:
    # One that came to no component was stopped by an error, or by its user.
    if state != FAILED and not (state == INTERRUPTED and not nodes):
        return None
    # A cross-validation has one log, beside the folders of its folds.
    log = folder / LOG
    return read_reason(log if log.is_file() else folder.parent / LOG)


def _data(link: str | None) -> Path | None:
    """The folder that ``Workspace.link`` has linked to."""
    return Path(link).readlink() if link and Path(link).is_symlink() else None


def _report(folder: Path) -> dict[str, Any]:
    try:
        return dict(json.loads((folder / "report.json").read_text(encoding="utf-8")))
    except (FileNotFoundError, json.JSONDecodeError):
        # Not yet written, or not wholly.
        return {}


def _parameters(properties: dict[str, dict[str, str]]) -> dict[str, Any]:
    sections: dict[str, Any] = {}
    for node, name, wanted in _SETTINGS:
        text = properties.get(node, {}).get(name)
        if not text:
            continue
        content = json.loads(text)
        if isinstance(wanted, str):
            sections[wanted] = content
        else:
            sections |= {section: content[section] for section in wanted}
    return sections


def _artifacts(store: mlmd.MetadataStore, nodes: dict[int, str]) -> dict[str, tuple[Path, ...]]:
    if not nodes:
        return {}
    left = [
        event
        for event in store.get_events_by_execution_ids(list(nodes))
        if event.type == metadata_store_pb2.Event.OUTPUT
    ]
    ids = sorted({event.artifact_id for event in left})
    places = {item.id: Path(item.uri) for item in store.get_artifacts_by_id(ids)} if ids else {}
    found: dict[str, tuple[Path, ...]] = {}
    for event in left:
        node = nodes[event.execution_id]
        found[node] = (*found.get(node, ()), places[event.artifact_id])
    return found
