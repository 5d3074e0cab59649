"""Ingest: the right slices in the right split, their bytes as they are."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf
from tfx.dsl.components.base.base_beam_executor import BaseBeamExecutor
from tfx.types import artifact_utils, standard_artifacts

from data import features
from data.checks import decode_grey
from data.config import SplitConfig
from data.layout import scan
from data.splits import SPLITS, assign
from pipeline.code_hash import code_hash
from pipeline.components.example_gen import BriscExampleGen, Executor

SPLIT = SplitConfig(validation_fraction=0.25, seed=1)
FINGERPRINT = "ab" * 32


def ingest(data_dir: Path, output: Path, skipped: list[str]) -> standard_artifacts.Examples:
    """Runs the component's executor as TFX would."""
    component = BriscExampleGen(data_dir, FINGERPRINT, skipped, SPLIT, code_hash("data.examples"))
    examples = standard_artifacts.Examples()
    examples.uri = str(output)
    context = BaseBeamExecutor.Context(
        beam_pipeline_args=["--runner=DirectRunner", "--direct_running_mode=in_memory"],
        tmp_dir=str(output / "tmp"),
        unique_id="1",
    )
    Executor(context).Do({}, {"examples": [examples]}, component.spec.exec_properties)
    return examples


def read(examples: standard_artifacts.Examples, split: str) -> dict[str, dict[str, object]]:
    """The features of each slice in a split, by id."""
    files = Path(artifact_utils.get_split_uri([examples], split)).glob("*.gz")
    found = {}
    for record in tf.data.TFRecordDataset(list(map(str, files)), compression_type="GZIP"):
        content = tf.train.Example.FromString(record.numpy()).features.feature
        values = {
            name: getattr(value, value.WhichOneof("kind")).value[0]
            for name, value in content.items()
        }
        found[values[features.ID].decode()] = values
    return found


@pytest.fixture(scope="module")
def ingested(
    sample_dir: Path, tmp_path_factory: pytest.TempPathFactory
) -> standard_artifacts.Examples:
    return ingest(sample_dir, tmp_path_factory.mktemp("examples"), [])


def test_each_split_holds_its_slices(
    ingested: standard_artifacts.Examples, sample_dir: Path
) -> None:
    assert artifact_utils.decode_split_names(ingested.split_names) == list(SPLITS)
    expected = assign(scan(sample_dir).slices, SPLIT)
    for split in SPLITS:
        assert sorted(read(ingested, split)) == [item.id for item in expected[split]]


def test_bytes_are_kept_and_facts_are_right(
    ingested: standard_artifacts.Examples, sample_dir: Path
) -> None:
    test = read(ingested, "test")
    for item in assign(scan(sample_dir).slices, SPLIT)["test"]:
        values = test[item.id]
        assert values[features.IMAGE] == item.image.read_bytes()
        assert values[features.LABEL].decode() == item.label
        assert values[features.PLANE].decode() == item.plane
        assert values[features.OFFICIAL_SPLIT] == b"test"
        mask = decode_grey(values[features.MASK])
        assert mask.shape == (values[features.HEIGHT], values[features.WIDTH])
        assert values[features.AREA_FRACTION] == pytest.approx((mask > 127).mean())
        if item.mask is None:
            assert not mask.any()
        else:
            assert values[features.MASK] == item.mask.read_bytes()


def test_the_version_tells_the_content(ingested: standard_artifacts.Examples) -> None:
    assert ingested.get_string_custom_property("input_fingerprint") == FINGERPRINT
    assert ingested.get_int_custom_property("version") == int(FINGERPRINT, 16) % 2**31
    assert ingested.get_int_custom_property("span") == 0


def test_a_skipped_slice_is_left_out_and_no_other(sample_dir: Path, tmp_path: Path) -> None:
    data = tmp_path / "data"
    shutil.copytree(sample_dir, data)
    broken = next(item for item in scan(data).slices if item.official_split == "test")
    broken.image.write_bytes(b"")
    examples = ingest(data, tmp_path / "examples", [broken.id])
    found = {name for split in SPLITS for name in read(examples, split)}
    assert found == {item.id for item in scan(data).slices} - {broken.id}


def test_a_file_that_breaks_after_the_check_is_named(sample_dir: Path, tmp_path: Path) -> None:
    data = tmp_path / "data"
    shutil.copytree(sample_dir, data)
    broken = scan(data).slices[0]
    broken.image.write_bytes(b"text")
    with pytest.raises(Exception, match=broken.id):
        ingest(data, tmp_path / "examples", [])


def test_decoded_areas_are_plausible(ingested: standard_artifacts.Examples) -> None:
    areas = [
        values[features.AREA_FRACTION]
        for values in read(ingested, "train").values()
        if values[features.LABEL] != b"no_tumor"
    ]
    assert 0 < np.min(areas) < np.max(areas) < 0.25
