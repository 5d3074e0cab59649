"""Distances of distributions: what is noticed, what is not, and what follows from it."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import tensorflow_data_validation as tfdv
from ml_metadata.proto import metadata_store_pb2 as mlmd
from tfx.types import standard_artifacts

from data import features
from data.config import DriftConfig, Limits
from data.errors import InputError
from data.naming import CLASSES, PLANES
from data.statistics.comparison import compare
from data.statistics.generate import statistics_options
from data.statistics.record import DriftRecord, read_drift, write_drift
from data.statistics.store import FINGERPRINT, Statistics
from pipeline.artifacts import DataDrift
from pipeline.components.drift_gate import DriftGate
from pipeline.components.drift_report import DriftReport
from pipeline.decision import Decision, read_decision
from tests.data_records import DataRecords, pushed_to

SLICES = 2000


def slices(seed: int, **changes: np.ndarray) -> pd.DataFrame:
    """Slices alike, mostly of 512 pixels as those of BRISC, with some columns changed."""
    rng = np.random.default_rng(seed)
    # One huge slice in each set, at another place: it must not decide what is compared.
    sizes = np.append(rng.choice([256, 369, 512], SLICES - 1, p=[0.1, 0.1, 0.8]), 900 + 100 * seed)
    columns = {
        features.LABEL: rng.choice(CLASSES, SLICES),
        features.PLANE: rng.choice(PLANES, SLICES),
        features.HEIGHT: sizes,
        features.WIDTH: sizes,
        features.AREA_FRACTION: rng.lognormal(-4.4, 0.8, SLICES).astype(np.float32),
    }
    return pd.DataFrame(columns | changes)


def measured(**splits: pd.DataFrame) -> Statistics:
    return {
        name: tfdv.generate_statistics_from_dataframe(part, statistics_options(), n_jobs=1)
        for name, part in splits.items()
    }


@pytest.fixture(scope="module")
def usual() -> Statistics:
    return measured(train=slices(1), val=slices(2)[:400], test=slices(3))


def above(record: DriftRecord) -> set[tuple[str, str, str]]:
    return {(item.kind, item.split, item.feature) for item in record.exceeded}


def test_the_same_distributions_are_within_the_limits(usual: Statistics) -> None:
    record = compare(usual, DriftConfig(), measured(train=slices(4), test=slices(5)), "before")
    assert not record.exceeded
    assert len(record.comparisons) == 20
    # The outlier of each set does not decide.
    sizes = [item.distance for item in record.comparisons if item.feature == features.HEIGHT]
    assert all(distance is not None and distance < 0.01 for distance in sizes)


@pytest.mark.parametrize(
    ("feature", "values", "at_least"),
    [
        (
            features.LABEL,
            np.random.default_rng(9).choice(CLASSES, SLICES, p=[0.5, 0.2, 0.2, 0.1]),
            0.2,
        ),
        (features.PLANE, np.repeat("axial", SLICES), 0.6),
        (features.WIDTH, np.repeat([512, 256], SLICES // 2), 0.1),
        (features.AREA_FRACTION, slices(8)[features.AREA_FRACTION] * 3, 0.1),
    ],
)
def test_a_change_of_one_feature_is_told_as_that(
    usual: Statistics, feature: str, values: np.ndarray, at_least: float
) -> None:
    changed = measured(train=slices(6, **{feature: values}), test=slices(7))
    assert above(compare(changed, DriftConfig(), usual, "before")) == {
        ("drift", "train", feature),
        ("skew", "test", feature),
    }
    distances = [item.distance for item in compare(changed, DriftConfig(), usual).exceeded]
    assert all(distance is not None and distance > at_least for distance in distances)


def test_limits_decide(usual: Statistics) -> None:
    strict = DriftConfig(splits=Limits(label=0.0))
    assert above(compare(usual, strict)) == {
        ("skew", "val", features.LABEL),
        ("skew", "test", features.LABEL),
    }


def test_a_feature_that_is_missing_is_not_the_same(usual: Statistics) -> None:
    without = measured(train=slices(1), test=slices(3).drop(columns=features.WIDTH))
    (missing,) = compare(without, DriftConfig()).exceeded
    assert (missing.feature, missing.distance) == (features.WIDTH, None)
    assert "undefined" in str(missing)


def kept(statistics: Statistics, folder: Path) -> standard_artifacts.ExampleStatistics:
    """An artifact as StatisticsGen leaves it."""
    artifact = standard_artifacts.ExampleStatistics()
    artifact.uri = str(folder)
    for split, content in statistics.items():
        (folder / f"Split-{split}").mkdir(parents=True)
        (folder / f"Split-{split}" / "FeatureStats.pb").write_bytes(content.SerializeToString())
    return artifact


def report(tmp_path: Path, statistics: Statistics, previous: Statistics | None) -> DataDrift:
    """Runs the component."""
    drift = DataDrift()
    drift.uri = str(tmp_path / "drift")
    Path(drift.uri).mkdir()
    inputs = {"statistics": [kept(statistics, tmp_path / "now")]}
    if previous is not None:
        examples = standard_artifacts.Examples()
        examples.set_string_custom_property(FINGERPRINT, "abcdef")
        inputs["previous"] = [kept(previous, tmp_path / "before")]
        inputs["previous_examples"] = [examples]
    DriftReport.EXECUTOR_SPEC.executor_class().Do(
        inputs, {"drift": [drift]}, {"config": DriftConfig().model_dump_json(), "code_hash": ""}
    )
    return drift


def ask_gate(
    tmp_path: Path,
    drift: DataDrift,
    *,
    above: str = "train",
    within: str = "train",
    served: str | None = None,
) -> Decision:
    """Runs the component; ``served`` is where the model in service lies."""
    accepted = DataDrift()
    accepted.uri = str(tmp_path)
    inputs = {"drift": [drift]}
    if served is not None:
        inputs["pushed"] = [pushed_to(served)]
    DriftGate.EXECUTOR_SPEC.executor_class().Do(
        inputs, {"accepted": [accepted]}, {"above": above, "within": within, "code_hash": ""}
    )
    assert read_drift(tmp_path) == read_drift(Path(drift.uri))
    return read_decision(tmp_path)


def test_a_first_run_has_nothing_to_be_compared_with(tmp_path: Path, usual: Statistics) -> None:
    drift = report(tmp_path, usual, None)
    record = read_drift(Path(drift.uri))
    assert {item.kind for item in record.comparisons} == {"skew"}
    assert "no earlier data set" in record.sentence()
    assert ask_gate(tmp_path, drift, above="stop", within="stop").train


def test_data_like_that_of_the_model_in_service_trains_none_and_is_told(
    tmp_path: Path, usual: Statistics
) -> None:
    drift = report(tmp_path, measured(train=slices(4), test=slices(5)), usual)
    decision = ask_gate(tmp_path, drift, above="stop", within="stop", served="/models/17")
    assert not decision.train
    assert "within all limits of drift.runs of data abcdef" in decision.reason
    assert decision.reason.endswith("it stays in service: /models/17")
    # Neither is asked for by default.
    assert ask_gate(tmp_path, drift, served="/models/17").train


def test_how_far_splits_lie_apart_does_not_make_a_model_fit_worse(
    tmp_path: Path, usual: Statistics
) -> None:
    alike = slices(6, **{features.LABEL: np.repeat("glioma", SLICES)})
    skewed = {**measured(train=alike), "test": usual["test"]}
    drift = report(tmp_path, skewed, skewed)
    assert {kind for kind, *_ in above(read_drift(Path(drift.uri)))} == {"skew"}
    assert not ask_gate(tmp_path, drift, within="stop", served="/models/17").train


def test_the_gate_names_what_has_drifted(tmp_path: Path, usual: Statistics, caplog) -> None:
    skewed = slices(6, **{features.LABEL: np.repeat("glioma", SLICES)})
    drift = report(tmp_path, {**usual, "train": measured(train=skewed)["train"]}, usual)
    assert read_drift(Path(drift.uri)).previous == "data abcdef"
    with pytest.raises(InputError, match="label of train against previous train") as stopped:
        ask_gate(tmp_path, drift, above="stop")
    assert ask_gate(tmp_path, drift, within="stop", served="/models/17").train
    assert "drift.above=train" in stopped.value.remedy
    assert "drift: label of train against previous train" in caplog.text


def test_data_is_compared_with_the_last_other_data() -> None:
    store = DataRecords()
    assert store.run("a") is None
    assert store.run("a") is None
    assert store.run("b") == "a"
    assert store.run("b", state=mlmd.Execution.CACHED) == "a"
    assert store.run("c") == "b"
    assert store.run("a", state=mlmd.Execution.CACHED) == "c"
    # Not the one that was new last, but the one that was run last.
    assert store.run("c") == "a"


def test_data_that_was_stopped_is_nothing_to_compare_with() -> None:
    store = DataRecords()
    store.run("a")
    assert store.run("broken", state=mlmd.Execution.FAILED) == "a"
    assert store.run("mended") == "a"


def test_a_model_in_service_is_compared_with_what_it_was_trained_on(tmp_path: Path) -> None:
    store, folder = DataRecords(), tmp_path / "brisc"
    store.run("a")
    assert store.served("a", folder) is None, "it was refused"
    store.run("b", push=folder / "1")
    store.run("c")
    assert store.served("c", folder) == "b", "what came in between changes nothing"
    assert store.served("b", folder) == "b"
    store.run("d", push=folder / "2")
    assert store.served("b", folder) == "d"
    assert store.served("b", tmp_path / "another") is None
    shutil.rmtree(folder / "2")
    assert store.served("d", folder) == "b", "it serves that again"
    (folder / "3").mkdir()
    assert store.served("d", folder) is None, "that is from somewhere else"


def test_a_record_is_read_as_it_was_written(tmp_path: Path, usual: Statistics) -> None:
    record = compare(usual, DriftConfig(), usual, "before")
    write_drift(record, tmp_path)
    assert read_drift(tmp_path) == record
