"""What Evaluator found, and what the gate made of it."""

from __future__ import annotations

import math
import statistics
from dataclasses import dataclass

import tensorflow_model_analysis as tfma

from data import naming
from pipeline.config import LOWER_IS_BETTER, GateConfig
from pipeline.eval_config import slice_key
from trainer.evaluation.tfma_metrics import FAMILIES
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
class Judgement:
    """What Evaluator found.

    Attributes:
        scores: What was measured on the test split, at the network's image size.
        verdicts: Each bound of the gate; empty where there was none.
    """

    scores: Scores
    verdicts: list[Verdict]


def read_judgement(evaluation: str, gate: GateConfig | None, has_baseline: bool) -> Judgement:
    """Reads what Evaluator left.

    Args:
        evaluation: Its artifact's folder.
        gate: What it demanded; ``None`` where it only measured.
        has_baseline: Whether a blessed model was measured beside the candidate.
    """
    scores = _read_scores(evaluation, "candidate" if has_baseline else "")
    baseline = _read_scores(evaluation, "baseline") if has_baseline else {}
    verdicts = _judge(gate, scores, baseline, _read_failures(evaluation)) if gate else []
    return Judgement(scores, verdicts)


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
