"""Removes what runs have left that no kept run needs."""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import ml_metadata as mlmd
from ml_metadata.proto import metadata_store_pb2

from data.errors import InputError
from pipeline.runs.needed import Needed, find_needed, kept_runs
from pipeline.runs.read import read_runs
from pipeline.runs.record import ENDED
from pipeline.runs.store import RunStore
from pipeline.steps.record import PIPELINE
from pipeline.workspace import Workspace
from trainer.event_files import MODEL_RUN

_CLUSTER = "cluster"
"""In the folder of trainings, what belongs to machines and to no training."""


@dataclass(frozen=True)
class Garbage:
    """What no kept run needs.

    Attributes:
        kept: Ids of the runs that keep what they have.
        others: Ids of the other runs.
        folders: What can go, and its bytes.
        artifacts: Ids of the artifacts in ML Metadata that lie there, or lay there once.
    """

    kept: tuple[str, ...]
    others: tuple[str, ...]
    folders: dict[Path, int]
    artifacts: tuple[int, ...]

    def as_json(self) -> dict[str, object]:
        """The same, for JSON."""
        return {
            "kept": list(self.kept),
            "others": list(self.others),
            "folders": {str(folder): size for folder, size in self.folders.items()},
            "bytes": sum(self.folders.values()),
        }


def collect_garbage(
    workspace: Workspace, keep: int, *, unfinished: bool = False, dry_run: bool = False
) -> Garbage:
    """Removes what is needed neither by the newest ``keep`` finished runs, nor by what can be
    continued, nor as the latest blessed model. Pushed models and reports stay.

    Args:
        workspace: Where.
        keep: How many finished runs keep what they have.
        unfinished: Also give up older runs that did not finish.
        dry_run: Say what would go, and remove nothing.

    Raises:
        InputError: No run has begun there, one is going on, or something cannot be removed.
    """
    store = RunStore(workspace, writable=not dry_run).metadata
    with workspace.locked():
        runs = read_runs(workspace)
        kept = [run.id for run in kept_runs(runs, keep, unfinished=unfinished)]
        going_on = any(run.state not in ENDED for run in runs if run.id in kept)
        needed = find_needed(store, kept)
        folders = [
            *_artifact_folders(workspace, needed),
            *_trainings(workspace, needed, unfinished=going_on),
            *_inputs(workspace, needed.settings + _prepared(workspace, kept)),
        ]
        unneeded = [item for item in store.get_artifacts() if _removable(item, workspace, needed)]
        garbage = Garbage(
            kept=tuple(kept),
            others=tuple(run.id for run in runs if run.id not in kept),
            folders={folder: _size(folder) for folder in folders},
            artifacts=tuple(item.id for item in unneeded),
        )
        if not dry_run:
            # First what the cache goes by: a removal that is broken off can be repeated.
            _mark_deleted(store, unneeded)
            for folder in folders:
                _remove(folder)
    return garbage


def _removable(artifact: metadata_store_pb2.Artifact, workspace: Workspace, needed: Needed) -> bool:
    return (
        artifact.id not in needed.artifacts
        and artifact.state != metadata_store_pb2.Artifact.DELETED
        # Runs may have named the workspace by another way.
        and workspace.artifacts.resolve() in Path(artifact.uri).resolve().parents
    )


def _mark_deleted(store: mlmd.MetadataStore, artifacts: list[metadata_store_pb2.Artifact]) -> None:
    for artifact in artifacts:
        artifact.state = metadata_store_pb2.Artifact.DELETED
    if artifacts:
        store.put_artifacts(artifacts)


def _artifact_folders(workspace: Workspace, needed: Needed) -> Iterator[Path]:
    """Folders of executions: COMPONENT/OUTPUT/EXECUTION, and what TFX keeps beside them."""
    outputs = workspace.artifacts.glob("*/*/*")
    own = workspace.artifacts.glob("*/.system/executor_execution/*")
    for folder in sorted({*outputs, *own}):
        known = folder.name.isdigit() and folder.resolve() not in needed.places
        if known and int(folder.name) not in needed.executions:
            yield folder


def _trainings(workspace: Workspace, needed: Needed, *, unfinished: bool) -> Iterator[Path]:
    """What interrupted trainings left, of runs that are not to be continued."""
    for folder in sorted(workspace.training.glob("*")):
        if folder.name == _CLUSTER or not folder.is_dir():
            continue
        mark = folder / MODEL_RUN
        named = Path(mark.read_text()).name if mark.exists() else ""
        # A search names no run, nor does what was killed as it began: it may be that of any which
        # can be continued.
        wanted = int(named) in needed.executions if named.isdigit() else unfinished
        if not wanted:
            yield folder


def _inputs(workspace: Workspace, settings: str) -> Iterator[Path]:
    for folder in sorted((workspace.root / "inputs").glob("*")):
        if f"/inputs/{folder.name}/" not in settings:
            yield folder


def _prepared(workspace: Workspace, runs: Iterable[str]) -> str:
    """What components of runs in steps will be given that have not begun."""
    files = (workspace.reports / run / PIPELINE for run in runs)
    return "\n".join(file.read_text() for file in files if file.is_file())


def _size(folder: Path) -> int:
    """Bytes of the files below; links count for themselves, since they alone are removed."""
    return sum(path.lstat().st_size for path in folder.rglob("*") if not path.is_dir())


def _remove(folder: Path) -> None:
    try:
        shutil.rmtree(folder)
    except OSError as error:
        raise InputError(
            folder,
            f"it cannot be removed ({error.strerror})",
            "Make the folder writable, then run the same command again",
        ) from error
