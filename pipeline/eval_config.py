"""What Evaluator measures and demands: the gate's configuration as TFMA's."""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Mapping

from google.protobuf.wrappers_pb2 import DoubleValue
from tensorflow_model_analysis.proto import config_pb2

from data import features as raw
from data import naming
from pipeline.code_hash import code_hash
from pipeline.config import LOWER_IS_BETTER, Change, GateConfig, SliceKey, Threshold
from preprocessing import features
from serving.contract import EVALUATE, TRANSFORM
from trainer.evaluation import tfma_metrics
from trainer.outputs import CLASSIFICATION, SEGMENTATION

_KEYS = {"label": raw.LABEL, "plane": raw.PLANE, "leak": raw.LEAK}
"""The feature behind each field of ``SliceKey``."""
_SLICES = [
    list(keys)
    for number in range(len(_KEYS) + 1)
    for keys in itertools.combinations(_KEYS.values(), number)
]


def eval_config(gate: GateConfig | None) -> config_pb2.EvalConfig:
    """Builds the configuration of Evaluator: outputs, slices, metrics and thresholds.

    Args:
        gate: What is demanded; ``None`` measures only, and nothing is blessed.
    """
    return config_pb2.EvalConfig(
        model_specs=[
            config_pb2.ModelSpec(
                model_type="tf_generic",
                signature_name=EVALUATE,
                preprocessing_function_names=[TRANSFORM],
                label_keys={CLASSIFICATION: features.LABEL, SEGMENTATION: features.LABEL},
            )
        ],
        slicing_specs=[config_pb2.SlicingSpec(feature_keys=keys) for keys in _SLICES],
        metrics_specs=[
            _own_metrics(CLASSIFICATION, gate),
            _own_metrics(SEGMENTATION, gate),
            _class_curves(),
        ],
        options=config_pb2.Options(
            # The code of the metrics belongs to what Evaluator is cached by. TFMA has no field for
            # remarks and passes over an output of no name it knows; as an argument of the metrics
            # it would be JSON within JSON, and ML Metadata breaks backslashes on PostgreSQL.
            disabled_outputs={"values": [f"code-{code_hash('trainer.evaluation')}"]}
        ),
    )


def _own_metrics(output: str, gate: GateConfig | None) -> config_pb2.MetricsSpec:
    families = [family for family in tfma_metrics.FAMILIES if family.output == output]
    bounds: dict[str, list[config_pb2.PerSliceMetricThreshold]] = defaultdict(list)
    for threshold in gate.thresholds if gate else ():
        bounds[threshold.metric].append(_on_slice(threshold.slice, _value(threshold)))
    for change in gate.changes if gate else ():
        bounds[change.metric].append(_on_slice(change.slice, _difference(change)))
    configured = [
        config_pb2.MetricConfig(
            class_name=family.metric.__name__,
            module=family.metric.__module__,
        )
        for family in families
    ]
    if output == CLASSIFICATION:
        configured += [
            config_pb2.MetricConfig(class_name="ExampleCount"),
            config_pb2.MetricConfig(class_name="MultiClassConfusionMatrixPlot"),
        ]
    return config_pb2.MetricsSpec(
        output_names=[output],
        metrics=configured,
        per_slice_thresholds={
            name: config_pb2.PerSliceMetricThresholds(thresholds=bounds[name])
            for family in families
            for name in family.names
            if name in bounds
        },
    )


def _class_curves() -> config_pb2.MetricsSpec:
    """Area under the ROC curve of each class against the rest."""
    return config_pb2.MetricsSpec(
        output_names=[CLASSIFICATION],
        metrics=[config_pb2.MetricConfig(class_name="AUC")],
        binarize=config_pb2.BinarizationOptions(
            class_ids={"values": list(range(len(naming.CLASSES)))}
        ),
    )


def slice_key(features: Mapping[str, str]) -> SliceKey:
    """The part of the test split that has these values of its features."""
    return SliceKey(**{field: features.get(name) for field, name in _KEYS.items()})


def _on_slice(
    key: SliceKey, threshold: config_pb2.MetricThreshold
) -> config_pb2.PerSliceMetricThreshold:
    values = {_KEYS[field]: value for field, value in key.model_dump().items() if value}
    spec = config_pb2.SlicingSpec(feature_values=values)
    return config_pb2.PerSliceMetricThreshold(slicing_specs=[spec], threshold=threshold)


def _value(threshold: Threshold) -> config_pb2.MetricThreshold:
    bound = config_pb2.GenericValueThreshold()
    if threshold.min is not None:
        bound.lower_bound.CopyFrom(DoubleValue(value=threshold.min))
    if threshold.max is not None:
        bound.upper_bound.CopyFrom(DoubleValue(value=threshold.max))
    return config_pb2.MetricThreshold(value_threshold=bound)


def _difference(change: Change) -> config_pb2.MetricThreshold:
    lower = change.metric in LOWER_IS_BETTER
    direction = (
        config_pb2.MetricDirection.LOWER_IS_BETTER
        if lower
        else config_pb2.MetricDirection.HIGHER_IS_BETTER
    )
    bound = config_pb2.GenericChangeThreshold(
        direction=direction,
        absolute=DoubleValue(value=change.tolerance if lower else -change.tolerance),
    )
    return config_pb2.MetricThreshold(change_threshold=bound)
