"""Which runs are kept, and what of ML Metadata they need."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import ml_metadata as mlmd
from ml_metadata.proto import metadata_store_pb2

from pipeline.lineage import destination, in_service, sources, trained_on, written
from pipeline.runs.record import ENDED, Run


def kept_runs(runs: Sequence[Run], keep: int, *, unfinished: bool) -> list[Run]:
    """The newest ``keep`` finished runs, and those that can still be continued.

    The folds of a cross-validation count as one, and stay or go together.

    Args:
        runs: In the order in which they began.
        keep: How many.
        unfinished: Whether unfinished runs older than those are given up.
    """
    done = [run.whole for run in runs if run.state in ENDED]
    order = list(dict.fromkeys(run.whole for run in runs))
    finished = [name for name in order if name in done][-keep:]
    newer = order[order.index(finished[0]) :] if finished else order
    continuable = {
        run.whole
        for place, run in enumerate(runs)
        if run.state not in ENDED
        and (run.whole in newer or not unfinished)
        and not _continued(run, runs[place + 1 :])
    }
    return [run for run in runs if run.whole in {*finished, *continuable}]


def _continued(stopped: Run, later: Iterable[Run]) -> bool:
    """Whether one of ``later`` has brought to its end what this run was to compute."""
    return any(
        run.state in ENDED
        and stopped.fingerprint in (None, run.fingerprint)
        # What a stopped run did not come to is not known of it.
        and all(run.parameters.get(name) == value for name, value in stopped.parameters.items())
        for run in later
    )


@dataclass(frozen=True)
class Needed:
    """What must stay, by id in ML Metadata.

    Attributes:
        executions: Of the kept runs; an unfinished one has no artifacts yet, but a folder.
        artifacts: What those read and left, the latest blessed model, and what tells which data
            the model in service was trained on.
        places: The folders of those artifacts, without links.
        settings: All texts that the executions were given, which name files of ``inputs``.
    """

    executions: frozenset[int]
    artifacts: frozenset[int]
    places: frozenset[Path]
    settings: str


def find_needed(store: mlmd.MetadataStore, kept: Collection[str]) -> Needed:
    """What the runs with the ids ``kept`` need, so that the same again comes from the cache."""
    executions: dict[int, metadata_store_pb2.Execution] = {}
    for context in store.get_contexts_by_type("pipeline_run"):
        if context.name in kept:
            found = store.get_executions_by_context(context.id)
            executions |= {execution.id: execution for execution in found}
    # Of any kind: also what a resolver found, the model before and the data before.
    events = store.get_events_by_execution_ids(list(executions)) if executions else []
    artifacts = {event.artifact_id for event in events} | _latest_blessed(store) | _served(store)
    places = {Path(item.uri).resolve() for item in store.get_artifacts_by_id(sorted(artifacts))}
    settings = "\n".join(
        value.string_value
        for execution in executions.values()
        for value in execution.custom_properties.values()
    )
    return Needed(frozenset(executions), frozenset(artifacts), frozenset(places), settings)


def _latest_blessed(store: mlmd.MetadataStore) -> set[int]:
    """The model that the next one is compared with, and its blessing; as TFX finds them."""
    live = metadata_store_pb2.Artifact.LIVE
    models = [item.id for item in store.get_artifacts_by_type("Model") if item.state == live]
    blessings = {
        item.custom_properties["current_model_id"].int_value: item.id
        for item in store.get_artifacts_by_type("ModelBlessing")
        if item.state == live and item.custom_properties["blessed"].int_value == 1
    }
    blessed = [model for model in models if model in blessings]
    return {max(blessed), blessings[max(blessed)]} if blessed else set()


def _served(store: mlmd.MetadataStore) -> set[int]:
    """What was recorded of the models in service, and the statistics that data is compared with."""
    pushed = store.get_artifacts_by_type("PushedModel")
    folders = {place.parent for item in pushed if (place := destination(item))}
    served = [item.id for folder in folders if (item := in_service(pushed, folder))]
    examples = [item.id for item in trained_on(store, sources(store, "Pusher", served))]
    return {*served, *written(store, "StatisticsGen", examples)}
