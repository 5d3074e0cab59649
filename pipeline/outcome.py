"""What a finished run came to: metrics, verdict and where the pushed model lies."""

from __future__ import annotations

import json
import math
import statistics
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import tensorflow_model_analysis as tfma
from ml_metadata.proto import metadata_store_pb2

from data import naming
from data.audit.record import REPORT
from data.split_record import SplitSummary, read_summary
from data.statistics.record import DriftRecord, read_drift
from pipeline.config import LOWER_IS_BETTER, GateConfig
from pipeline.eval_config import slice_key
from pipeline.status import NodeStatus, RunStatus
from trainer.evaluation.tfma_metrics import FAMILIES
from trainer.event_files import EVENTS
from trainer.outputs import CLASSIFICATION

Scores = dict[str, dict[str, float | None]]
"""Metric values by slice name (``all``, ``leak=none,class=glioma``); null is undefined."""


@dataclass(frozen=True)
class Verdict:
    """One bound of the gate and whether the model keeps to it.

    Attributes:
        metric: Name of the metric.
        slice: Name of the slice.
        value: What was measured; ``None`` where it is undefined.
        bound: The bound in words.
        passed: Whether it holds.
    """

    metric: str
    slice: str
    value: float | None
    bound: str
    passed: bool


@dataclass(frozen=True)
class Outcome:
    """The result of a run.

    Attributes:
        nodes: What each component took.
        split: How the data was divided.
        split_folder: Where its table lies.
        drift: How far distributions lie apart.
        audit: The report of the audit.
        tuned: What a search found for section ``training``, by key; empty where there was none.
        scores: What Evaluator measured on the test split, at the network's image size.
        verdicts: Each bound of the gate.
        blessed: Whether Evaluator blessed the model.
        pushed: Where the blessed model lies.
        tensorboard: Where its event files lie.
    """

    nodes: list[NodeStatus]
    split: SplitSummary
    split_folder: Path
    drift: DriftRecord
    audit: Path
    tuned: dict[str, Any]
    scores: Scores
    verdicts: list[Verdict]
    blessed: bool
    pushed: Path | None
    tensorboard: Path | None


def read_outcome(status: RunStatus, gate: GateConfig | None) -> Outcome:
    """Collects the outcome of a run that has come to its end.

    Args:
        status: The run.
        gate: What it demanded; ``None`` where it only measured.
    """
    audit = status.artifact("LeakAudit", "DataAudit")
    split = status.artifact("BriscExampleGen", "DataSplit")
    drift = status.artifact("DriftReport", "DataDrift")
    evaluation = status.artifact("Evaluator", "ModelEvaluation")
    blessing = status.artifact("Evaluator", "ModelBlessing")
    pushed = status.artifact("Pusher", "PushedModel")
    model_run = status.artifact("Trainer", "ModelRun")
    assert audit is not None and split is not None and drift is not None
    assert evaluation is not None and blessing is not None
    has_baseline = blessing.custom_properties["baseline_model_id"].int_value > 0
    scores = _read_scores(evaluation.uri, "candidate" if has_baseline else "")
    baseline = _read_scores(evaluation.uri, "baseline") if has_baseline else {}
    destination = pushed.custom_properties["pushed_destination"].string_value if pushed else ""
    return Outcome(
        nodes=status.nodes(),
        split=read_summary(Path(split.uri)),
        split_folder=Path(split.uri),
        drift=read_drift(Path(drift.uri)),
        audit=Path(audit.uri) / REPORT,
        tuned=_read_tuned(status.artifact("Tuner", "HyperParameters")),
        scores=scores,
        verdicts=_judge(gate, scores, baseline, _read_failures(evaluation.uri)) if gate else [],
        blessed=blessing.custom_properties["blessed"].int_value == 1,
        pushed=Path(destination) if destination else None,
        tensorboard=Path(model_run.uri) / EVENTS if model_run else None,
    )


def _read_tuned(found: metadata_store_pb2.Artifact | None) -> dict[str, Any]:
    if found is None:
        return {}
    content = json.loads((Path(found.uri) / "best_hyperparameters.txt").read_text())
    return dict(content["values"])


def _read_scores(evaluation: str, model_name: str) -> Scores:
    """Reads the scores of one model by slice.

    ``auc`` is the mean over the classes, each against the rest; undefined where one of them is.
    """
    scores: Scores = {}
    for key, outputs in tfma.load_eval_result(evaluation, model_name=model_name).slicing_metrics:
        values = {
            name: float(outputs[family.output][""][name]["doubleValue"])
            for family in FAMILIES
            for name in family.names
        }
        values["auc"] = statistics.fmean(
            float(outputs[CLASSIFICATION][f"classId:{index}"]["auc"]["doubleValue"])
            for index in range(len(naming.CLASSES))
        )
        scores[str(slice_key(dict(key)))] = {
            name: None if math.isnan(value) else value for name, value in values.items()
        }
    return scores


def _read_failures(evaluation: str) -> set[tuple[str, str, bool]]:
    """Metric and slice of each bound that TFMA found broken, and whether it is a change."""
    failures = set()
    for part in tfma.load_validation_result(evaluation).metric_validations_per_slice:
        key = {item.column: item.bytes_value.decode() for item in part.slice_key.single_slice_keys}
        failures |= {
            (failure.metric_key.name, str(slice_key(key)), failure.metric_key.is_diff)
            for failure in part.failures
        }
    return failures


def _judge(
    gate: GateConfig, scores: Scores, baseline: Scores, failures: set[tuple[str, str, bool]]
) -> list[Verdict]:
    verdicts = []
    for threshold in gate.thresholds:
        name, part = threshold.metric, str(threshold.slice)
        limits = [f"at least {threshold.min:g}"] if threshold.min is not None else []
        limits += [f"at most {threshold.max:g}"] if threshold.max is not None else []
        value = scores.get(part, {}).get(name)
        passed = value is not None and (name, part, False) not in failures
        verdicts.append(Verdict(name, part, value, " and ".join(limits), passed))
    for change in gate.changes if baseline else ():
        name, part = change.metric, str(change.slice)
        before = baseline.get(part, {}).get(name)
        side = "above" if name in LOWER_IS_BETTER else "below"
        bound = f"at most {change.tolerance:g} {side} the blessed {_shown(before)}"
        value = scores.get(part, {}).get(name)
        passed = value is not None and (name, part, True) not in failures
        verdicts.append(Verdict(name, part, value, bound, passed))
    return verdicts


def _shown(value: float | None) -> str:
    return "(undefined)" if value is None else f"{value:.4f}"
