"""What is not as the schema says stops the pipeline, with a message that names it."""

from __future__ import annotations

from pathlib import Path

import pytest
import tensorflow as tf
import tensorflow_data_validation as tfdv
from tensorflow_metadata.proto.v0 import statistics_pb2
from tfx.types import artifact_utils, standard_artifacts

from data import features
from data.errors import InputError
from data.examples import to_example
from data.layout import scan
from data.statistics.anomalies import SCHEMA
from data.statistics.generate import statistics_options
from pipeline.components.anomaly_gate import AnomalyGate


def changed(serialised: bytes, feature: str, value: bytes | float | None) -> bytes:
    """A tf.Example with one feature replaced, or removed where ``value`` is ``None``."""
    example = tf.train.Example.FromString(serialised)
    content = example.features.feature
    del content[feature]
    if isinstance(value, bytes):
        content[feature].bytes_list.value.append(value)
    elif value is not None:
        content[feature].float_list.value.append(value)
    return example.SerializeToString()


def describe(tmp_path: Path, examples: list[bytes]) -> statistics_pb2.DatasetFeatureStatisticsList:
    """The statistics of one split of ``examples`` as StatisticsGen computes them."""
    tmp_path.mkdir(exist_ok=True)
    records = tmp_path / "records"
    with tf.io.TFRecordWriter(str(records)) as writer:
        for example in examples:
            writer.write(example)
    options = statistics_options(tfdv.load_schema_text(str(SCHEMA)))
    return tfdv.generate_statistics_from_tfrecord(str(records), stats_options=options)


def judge(tmp_path: Path, examples: list[bytes]) -> None:
    """Validates one split of ``examples`` as ExampleValidator does and asks the gate."""
    statistics = describe(tmp_path, examples)
    found = tfdv.validate_statistics(statistics, tfdv.load_schema_text(str(SCHEMA)))
    anomalies = standard_artifacts.ExampleAnomalies()
    anomalies.uri = str(tmp_path / "anomalies")
    anomalies.split_names = artifact_utils.encode_split_names(["train"])
    folder = tmp_path / "anomalies" / "Split-train"
    folder.mkdir(parents=True)
    (folder / "SchemaDiff.pb").write_bytes(found.SerializeToString())
    checked = standard_artifacts.ExampleAnomalies()
    AnomalyGate.EXECUTOR_SPEC.executor_class().Do(
        {"anomalies": [anomalies]}, {"checked": [checked]}, {"code_hash": ""}
    )
    assert artifact_utils.decode_split_names(checked.split_names) == ["train"]


@pytest.fixture(scope="module")
def examples(sample_dir: Path) -> list[bytes]:
    return [to_example(item, "self") for item in scan(sample_dir).slices[:24]]


def test_ingested_slices_keep_to_the_schema(tmp_path: Path, examples: list[bytes]) -> None:
    judge(tmp_path, examples)


@pytest.mark.parametrize(
    ("feature", "value"),
    [
        (features.LABEL, b"sarcoma"),
        (features.PLANE, b"oblique"),
        (features.OFFICIAL_SPLIT, b"val"),
        (features.AREA_FRACTION, 1.5),
        (features.MASK, None),
        (features.IMAGE, None),
    ],
)
def test_an_anomaly_is_named(
    tmp_path: Path, examples: list[bytes], feature: str, value: bytes | float | None
) -> None:
    with pytest.raises(InputError) as caught:
        judge(tmp_path, [*examples, changed(examples[0], feature, value)])
    assert f"train: {feature}: " in str(caught.value)
    if isinstance(value, bytes):
        assert value.decode() in str(caught.value)


def test_bytes_that_are_no_image_are_an_anomaly(tmp_path: Path, examples: list[bytes]) -> None:
    # TFDV looks for images where a split has a hundred values or more.
    many = examples * 5
    judge(tmp_path / "good", many)
    with pytest.raises(InputError, match=f"train: {features.IMAGE}: "):
        judge(tmp_path / "bad", [*many, changed(examples[0], features.IMAGE, b"text")])


def test_no_image_is_counted_among_the_commonest_values(
    tmp_path: Path, examples: list[bytes]
) -> None:
    # Counting would hold all of them, more than Flink sorts at once.
    found = describe(tmp_path, examples).datasets[0].features
    stats = {feature.path.step[0]: feature.WhichOneof("stats") for feature in found}
    assert stats[features.IMAGE] == stats[features.MASK] == "bytes_stats"
    assert stats[features.LABEL] == "string_stats"
