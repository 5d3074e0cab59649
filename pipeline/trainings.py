"""Finds the event files of a workspace: of finished trainings, and of those not yet finished."""

from __future__ import annotations

import contextlib
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from data.errors import InputError
from pipeline.store import connection, open_store
from pipeline.workspace import Workspace
from trainer.event_files import EVENTS, MODEL_RUN

if TYPE_CHECKING:
    import ml_metadata as mlmd


@dataclass(frozen=True)
class Training:
    """One training.

    Attributes:
        folder: Its event files.
        runs: Ids of the run that trained, and of those that took the model from the cache.
    """

    folder: Path
    runs: tuple[str, ...]


def find_trainings(workspace: Workspace) -> list[Training]:
    """The trainings that have written something, in the order in which they began."""
    if not workspace.used:
        return []
    store = open_store(connection(workspace, readonly=True))
    folders = dict(_unfinished(workspace)) | dict(_finished(workspace))
    # TFX names an artifact's folder by the number of the execution.
    ordered = sorted(folders.items(), key=lambda item: int(item[0].name))
    trainings = [Training(folder, tuple(_runs(store, model_run))) for model_run, folder in ordered]
    return [training for training in trainings if training.runs]


def named_by_run(trainings: Collection[Training], wanted: Collection[str]) -> dict[str, Path]:
    """Folders by the id of their run, or by that of ``wanted``; all where ``wanted`` is empty.

    Raises:
        InputError: A run of ``wanted`` has no training.
    """
    if not wanted:
        return {training.runs[0]: training.folder for training in trainings}
    known = {run: training.folder for training in trainings for run in training.runs}
    for run in wanted:
        if run not in known:
            raise InputError(
                run, "no training of such a run", f"The runs are {', '.join(sorted(known))}"
            )
    return {run: known[run] for run in wanted}


def _finished(workspace: Workspace) -> Iterator[tuple[Path, Path]]:
    """Artifacts and the event files within."""
    for folder in workspace.artifacts.glob(f"Trainer/model_run/*/{EVENTS}"):
        yield folder.parent, folder


def _unfinished(workspace: Workspace) -> Iterator[tuple[Path, Path]]:
    """Artifacts to be and the event files that go there, of trainings that run or were stopped."""
    for folder in workspace.training.glob(f"*/{EVENTS}"):
        # A training that ends meanwhile takes its folder with it.
        with contextlib.suppress(FileNotFoundError):
            yield Path((folder.parent / MODEL_RUN).read_text()), folder


def _runs(store: mlmd.MetadataStore, model_run: Path) -> list[str]:
    """The ids of the runs whose executions of Trainer have this output, in their order."""
    executions = {int(model_run.name)}
    artifacts = [artifact.id for artifact in store.get_artifacts_by_uri(str(model_run))]
    if artifacts:
        executions |= {event.execution_id for event in store.get_events_by_artifact_ids(artifacts)}
    return [
        context.name
        for execution in sorted(executions)
        for context in store.get_contexts_by_execution(execution)
        if context.type == "pipeline_run"
    ]
