"""Ingest: the right slices in the right split, their bytes as they are."""

from __future__ import annotations

import dataclasses
import json
import shutil
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf
from tfx import types
from tfx.dsl.components.base.base_beam_executor import BaseBeamExecutor
from tfx.types import artifact_utils, standard_artifacts

from data import features
from data.checks import check, decode_grey
from data.config import SplitConfig
from data.errors import InputError
from data.layout import scan
from data.split_record import TABLE, read_summary, read_table
from data.splits import SPLITS, assign
from pipeline.artifacts import DataAudit, DataSplit
from pipeline.code_hash import code_hash
from pipeline.components.example_gen import BriscExampleGen, Executor
from pipeline.components.leak_audit import LeakAudit
from tests.folders import image_path, put, stem
from tests.plants import jpeg

SPLIT = SplitConfig(validation_fraction=0.25, seed=1)
FINGERPRINT = "ab" * 32


def ingest(
    data_dir: Path, output: Path, skipped: list[str], config: SplitConfig = SPLIT
) -> standard_artifacts.Examples:
    """Runs the executors of the audit and of ingest as TFX would; the split lies in ``output``."""
    audit, split = DataAudit(), DataSplit()
    audit.uri, split.uri = str(output / "audit"), str(output)
    Path(audit.uri).mkdir(parents=True)
    run_audit(data_dir, fingerprint(data_dir, skipped), audit, skipped)
    examples = standard_artifacts.Examples()
    examples.uri = str(output)
    run_ingest(data_dir, audit, split, examples, skipped, config)
    return examples


def fingerprint(data_dir: Path, skipped: Sequence[str] = ()) -> str:
    """Digest of the slices that are there, without those in ``skipped``."""
    layout = scan(data_dir)
    kept = tuple(item for item in layout.slices if item.id not in skipped)
    return check(dataclasses.replace(layout, slices=kept), lambda: None).fingerprint


def run_audit(data_dir: Path, known_as: str, audit: DataAudit, skipped: Sequence[str] = ()) -> None:
    """Runs the executor of the audit as TFX would; ``known_as``: the data's digest."""
    told = {"data_dir": str(data_dir), "data_fingerprint": known_as, "code_hash": "0"}
    LeakAudit.EXECUTOR_SPEC.executor_class().Do(
        {}, {"audit": [audit]}, {**told, "skipped": json.dumps([*skipped])}
    )


def run_ingest(
    data_dir: Path,
    audit: DataAudit,
    split: DataSplit,
    examples: standard_artifacts.Examples,
    skipped: Sequence[str] = (),
    config: SplitConfig = SPLIT,
) -> None:
    """Runs the component's executor as TFX would."""
    channel = types.Channel(type=DataAudit)
    component = BriscExampleGen(
        channel, data_dir, FINGERPRINT, [*skipped], config, code_hash("data")
    )
    context = BaseBeamExecutor.Context(
        beam_pipeline_args=["--runner=DirectRunner", "--direct_running_mode=in_memory"],
        tmp_dir=examples.uri,
        unique_id="1",
    )
    Executor(context).Do(
        {"audit": [audit]},
        {"examples": [examples], "split": [split]},
        component.spec.exec_properties,
    )


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
    expected = assign(scan(sample_dir).slices, SPLIT).parts
    for split in SPLITS:
        assert sorted(read(ingested, split)) == [item.id for item in expected[split]]


def test_bytes_are_kept_and_facts_are_right(
    ingested: standard_artifacts.Examples, sample_dir: Path
) -> None:
    test = read(ingested, "test")
    for item in assign(scan(sample_dir).slices, SPLIT).parts["test"]:
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


@pytest.mark.parametrize("broken", [True, False])
def test_data_that_has_changed_since_the_check_is_refused(
    broken: bool, sample_dir: Path, tmp_path: Path
) -> None:
    data, audit = tmp_path / "data", DataAudit()
    shutil.copytree(sample_dir, data)
    audit.uri = str(tmp_path / "audit")
    Path(audit.uri).mkdir()
    before = fingerprint(data)
    run_audit(data, before, audit)
    one, other, *_ = scan(data).slices
    one.image.write_bytes(b"text" if broken else other.image.read_bytes())
    with pytest.raises(InputError, match="have changed since the run began") as caught:
        run_audit(data, before, audit)
    assert caught.value.where == str(data)
    # A file that cannot be used any more is named.
    assert (one.image.name in str(caught.value)) is broken


def test_a_file_that_breaks_after_the_audit_is_named(sample_dir: Path, tmp_path: Path) -> None:
    data, audit, split = tmp_path / "data", DataAudit(), DataSplit()
    shutil.copytree(sample_dir, data)
    audit.uri, split.uri = str(tmp_path / "audit"), str(tmp_path / "examples")
    for uri in (audit.uri, split.uri):
        Path(uri).mkdir()
    run_audit(data, fingerprint(data), audit)
    broken = scan(data).slices[0]
    broken.image.write_bytes(b"text")
    examples = standard_artifacts.Examples()
    examples.uri = split.uri
    with pytest.raises(Exception, match=broken.id):
        run_ingest(data, audit, split, examples)


def test_decoded_areas_are_plausible(ingested: standard_artifacts.Examples) -> None:
    areas = [
        values[features.AREA_FRACTION]
        for values in read(ingested, "train").values()
        if values[features.LABEL] != b"no_tumor"
    ]
    assert 0 < np.min(areas) < np.max(areas) < 0.25


@pytest.fixture(scope="module")
def leaky(sample_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str, str]:
    """A folder in which a test slice is a mirrored copy of a train slice; and both their ids."""
    data = tmp_path_factory.mktemp("leaky") / "data"
    shutil.copytree(sample_dir, data)
    healthy = (s for s in scan(data).slices if s.mask is None and s.official_split == "train")
    source = next(healthy)
    grey = decode_grey(source.image.read_bytes())
    assert isinstance(grey, np.ndarray)
    name = stem("no_tumor", 90000, "test")
    put(image_path(data, f"{name}.jpg", "no_tumor", "test"), jpeg(grey[:, ::-1], 90))
    return data, name, source.id


def test_examples_say_what_training_has_of_them(
    leaky: tuple[Path, str, str], tmp_path: Path
) -> None:
    data, copied, source = leaky
    examples = ingest(data, tmp_path / "out", [], SPLIT)
    test = read(examples, "test")
    assert test[copied][features.LEAK] == b"copy"
    assert {v[features.LEAK] for n, v in test.items() if n != copied} <= {b"none", b"neighbour"}
    assert {v[features.LEAK] for v in read(examples, "train").values()} == {b"self"}
    table = read_table(tmp_path / "out" / TABLE)
    assert (table[copied].split, table[copied].leak) == ("test", "copy")
    assert table[source].split in ("train", "val")
    assert read_summary(tmp_path / "out").leak["copy"] == 1


def test_a_copy_of_a_test_slice_is_not_learnt_where_that_is_asked(
    leaky: tuple[Path, str, str], tmp_path: Path
) -> None:
    data, copied, source = leaky
    config = SplitConfig(strategy="deduplicated", validation_fraction=0.25)
    examples = ingest(data, tmp_path / "out", [], config)
    assert read(examples, "test")[copied][features.LEAK] == b"none"
    assert source not in {*read(examples, "train"), *read(examples, "val")}
    assert read_table(tmp_path / "out" / TABLE)[source].split == "left_out"


def test_groups_of_a_table_are_kept_together(sample_dir: Path, tmp_path: Path) -> None:
    slices = scan(sample_dir).slices
    patients = {item.id: f"p{int(item.id.split('_')[2]) % 24}" for item in slices}
    groups = tmp_path / "groups.csv"
    groups.write_text("image,group\n" + "".join(f"{i},{p}\n" for i, p in patients.items()))
    config = SplitConfig(strategy="grouped", groups=groups)
    examples = ingest(sample_dir, tmp_path / "out", [], config)
    held = [{patients[name] for name in read(examples, split)} for split in SPLITS]
    assert all(held) and not (held[0] & held[2] or held[0] & held[1] or held[1] & held[2])
    assert read_summary(tmp_path / "out").known == len(slices)


def test_what_cannot_be_divided_is_said(sample_dir: Path, tmp_path: Path) -> None:
    groups = tmp_path / "groups.csv"
    ids = [item.id for item in scan(sample_dir).slices]
    groups.write_text("image,group\n" + "".join(f"{name},only one\n" for name in ids))
    config = SplitConfig(strategy="grouped", groups=groups)
    with pytest.raises(InputError, match="gets no usable image of class"):
        ingest(sample_dir, tmp_path / "out", [], config)
