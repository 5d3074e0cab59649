"""The gate: its bounds as Evaluator gets them, and what a model that learnt nothing would reach."""

from __future__ import annotations

from pathlib import Path

import ml_metadata as mlmd
import numpy as np
import pytest
from ml_metadata.proto import metadata_store_pb2
from tensorflow_model_analysis.proto import config_pb2
from tfx.types import standard_artifacts

from data.checks import MASK_THRESHOLD, decode_grey
from data.config import SplitConfig
from data.layout import Slice, scan
from data.naming import CLASSES
from data.splits import assign
from pipeline.components.baseline import OtherBlessedModelStrategy
from pipeline.config import Change, GateConfig, Threshold
from pipeline.configuration import load_parameters
from pipeline.eval_config import eval_config
from tests.data_records import blessing
from trainer.evaluation import overlap

SIZE = 64


def bound(gate: GateConfig, metric: str) -> config_pb2.PerSliceMetricThreshold:
    """The one bound on ``metric`` in Evaluator's configuration."""
    found = [
        spec.per_slice_thresholds[metric].thresholds
        for spec in eval_config(gate).metrics_specs
        if metric in spec.per_slice_thresholds
    ]
    ((only,),) = found
    return only


def test_a_threshold_bounds_its_metric_on_its_slice() -> None:
    threshold = Threshold.model_validate(
        {
            "metric": "recall_glioma",
            "min": 0.25,
            "slice": {"plane": "axial", "class": "glioma", "leak": "none"},
        }
    )
    found = bound(GateConfig(thresholds=(threshold,), changes=()), "recall_glioma")
    assert found.threshold.value_threshold.lower_bound.value == 0.25
    assert not found.threshold.value_threshold.HasField("upper_bound")
    (spec,) = found.slicing_specs
    assert dict(spec.feature_values) == {
        "plane": "axial",
        "label": "glioma",
        "split/leak": "none",
    }


@pytest.mark.parametrize(
    ("metric", "direction", "absolute"),
    [
        ("accuracy", config_pb2.MetricDirection.HIGHER_IS_BETTER, -0.125),
        ("healthy_false_mask_rate", config_pb2.MetricDirection.LOWER_IS_BETTER, 0.125),
        ("ece", config_pb2.MetricDirection.LOWER_IS_BETTER, 0.125),
        ("both_right", config_pb2.MetricDirection.HIGHER_IS_BETTER, -0.125),
    ],
)
def test_a_change_lets_a_metric_worsen_by_its_tolerance(
    metric: str, direction: int, absolute: float
) -> None:
    gate = GateConfig(
        thresholds=(Threshold(metric="dice_all", min=0.5),),
        changes=(Change(metric=metric, tolerance=0.125),),
    )
    change = bound(gate, metric).threshold.change_threshold
    assert change.direction == direction
    assert change.absolute.value == absolute


def masks(slices: tuple[Slice, ...]) -> np.ndarray:
    """The masks at SIZE pixels, bool [slices, SIZE, SIZE]; empty where there is no tumour."""
    found = np.zeros((len(slices), SIZE, SIZE), bool)
    for row, item in enumerate(slices):
        if item.mask is not None:
            grey = decode_grey(item.mask.read_bytes())
            assert isinstance(grey, np.ndarray)
            rows = np.linspace(0, grey.shape[0] - 1, SIZE).round().astype(int)
            columns = np.linspace(0, grey.shape[1] - 1, SIZE).round().astype(int)
            found[row] = grey[np.ix_(rows, columns)] > MASK_THRESHOLD
    return found


def test_the_demo_profile_asks_for_more_than_can_be_had_without_learning(sample_dir: Path) -> None:
    parts = assign(scan(sample_dir).slices, SplitConfig()).parts
    train, test = masks(parts["train"]), masks(parts["test"])
    labels = [item.label for item in parts["test"]]
    majority = max(labels.count(name) for name in CLASSES) / len(labels)
    # The best constant mask: every cut through how often a pixel is tumour.
    frequency = train.mean(axis=0)
    dice = 0.0
    for cut in np.unique(frequency):
        constant = np.broadcast_to(frequency >= cut, test.shape)
        counts = np.stack([m.sum(axis=(1, 2)) for m in (constant & test, constant, test)], axis=-1)
        dice = max(dice, overlap.scores(overlap.sums(counts))["dice_tumour"])
    demanded = {
        threshold.metric: threshold.min
        for threshold in load_parameters([], "demo", []).gate.thresholds
    }
    assert majority < demanded["accuracy"]
    assert 0 < dice < demanded["dice_tumour"]


def models(count: int) -> list[standard_artifacts.Model]:
    found = []
    for number in range(1, count + 1):
        model = standard_artifacts.Model()
        model.id = number
        found.append(model)
    return found


@pytest.mark.parametrize(("candidate", "expected"), [(4, 2), (2, 1), (1, 2)])
def test_the_baseline_is_the_latest_blessed_model_but_the_candidate(
    candidate: int, expected: int
) -> None:
    store = mlmd.MetadataStore(
        metadata_store_pb2.ConnectionConfig(fake_database=metadata_store_pb2.FakeDatabaseConfig())
    )
    known = models(4)
    blessings = [blessing(1, blessed=True), blessing(2, blessed=True), blessing(3, blessed=False)]
    resolved = OtherBlessedModelStrategy().resolve_artifacts(
        store,
        {"model": known, "model_blessing": blessings, "candidate": [known[candidate - 1]]},
    )
    assert resolved is not None
    assert [model.id for model in resolved["model"]] == [expected]
    assert [model.id for model in resolved["candidate"]] == [candidate]


def test_a_first_model_has_no_baseline() -> None:
    store = mlmd.MetadataStore(
        metadata_store_pb2.ConnectionConfig(fake_database=metadata_store_pb2.FakeDatabaseConfig())
    )
    (only,) = models(1)
    resolved = OtherBlessedModelStrategy().resolve_artifacts(
        store,
        {"model": [only], "model_blessing": [blessing(1, blessed=True)], "candidate": [only]},
    )
    assert resolved is not None
    assert resolved["model"] == []
