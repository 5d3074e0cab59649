"""Configuration: files equal the code's defaults, later layers win, faults are named."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from data.errors import ConfigurationError
from pipeline.config import PathsConfig, SliceKey, Threshold
from pipeline.configuration import PROFILES, Parameters, load_parameters, load_paths
from trainer.config import TrainingConfig

ROOT = Path(__file__).parents[1]


def write(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    return path


def load(*assignments: str) -> Parameters:
    return load_parameters([], None, assignments)


def leaves(values: dict[str, Any], above: str = "") -> Iterator[str]:
    """The keys of a configuration, as --set names them."""
    for key, value in values.items():
        if isinstance(value, dict):
            yield from leaves(value, f"{above}{key}.")
        else:
            yield f"{above}{key}"


# The files that come with the code


def test_params_yaml_spells_out_the_defaults_and_all_of_them() -> None:
    assert load_parameters([ROOT / "params.yaml"], None, []) == Parameters()
    spelled = set(leaves(yaml.safe_load((ROOT / "params.yaml").read_text())))
    assert spelled == set(leaves(Parameters().model_dump()))


def test_config_yaml_spells_out_the_defaults_and_all_of_them() -> None:
    assert load_paths(ROOT / "config.yaml", {}) == PathsConfig()
    spelled = yaml.safe_load((ROOT / "config.yaml").read_text())
    assert set(spelled) == set(PathsConfig.model_fields)


def test_demo_changes_sizes_epochs_images_and_thresholds_but_not_the_network() -> None:
    changed = yaml.safe_load((PROFILES / "demo.yaml").read_text())
    assert set(leaves(changed)) <= {
        "model.image_size",
        # Where the network starts, not what it is: a demo has no network to fetch weights from.
        "model.encoder_weights",
        "training.epochs",
        "training.batch_size",
        "split.limit",
        "gate.thresholds",
        "gate.changes",
    }
    demo, full = load_parameters([], "demo", []), Parameters()
    size_and_start = {"image_size": full.model.image_size, "encoder_weights": "imagenet"}
    assert demo.model.model_copy(update=size_and_start) == full.model
    assert demo.training.epochs < full.training.epochs
    assert demo.model.image_size < full.model.image_size


def test_every_profile_loads() -> None:
    names = [path.stem for path in PROFILES.glob("*.yaml")]
    assert "demo" in names
    for name in names:
        assert load_parameters([ROOT / "params.yaml"], name, []) != Parameters()


# Layers


def test_later_layers_win_and_leave_the_rest(tmp_path: Path) -> None:
    first = write(tmp_path / "1.yaml", "training: {epochs: 5, batch_size: 3, seed: 4}")
    second = write(tmp_path / "2.yaml", "training: {epochs: 7}\nmodel: {image_size: 96}")
    assert load_parameters([first], None, []).training.epochs == 5
    assert load_parameters([first, second], None, []).training.epochs == 7
    found = load_parameters([first, second], "demo", ["training.epochs=9", "training.seed=1"])
    demo = load_parameters([], "demo", [])
    assert found.training.epochs == 9
    assert found.training.seed == 1
    assert found.training.batch_size == demo.training.batch_size
    assert found.model.image_size == demo.model.image_size
    assert load_parameters([first], None, []).training.batch_size == 3


def test_a_list_is_replaced_as_a_whole() -> None:
    found = load_parameters([], "demo", ["gate.thresholds=[{metric: iou_all, min: 0.5}]"])
    assert found.gate.thresholds == (Threshold(metric="iou_all", min=0.5),)


def test_an_empty_file_changes_nothing(tmp_path: Path) -> None:
    empty = write(tmp_path / "empty.yaml", "# nothing\n")
    assert load_parameters([empty], None, []) == Parameters()
    assert load_paths(empty, {}) == PathsConfig()


def test_the_command_line_wins_over_config_yaml(tmp_path: Path) -> None:
    file = write(tmp_path / "config.yaml", "data: here\nworkspace: w\nrunner: beam\n")
    found = load_paths(file, {"data": Path("there"), "workspace": None, "runner": "local"})
    assert (found.data, found.workspace, found.runner) == (Path("there"), Path("w"), "local")


@pytest.mark.parametrize(
    ("assignment", "section", "key", "value"),
    [
        ("training.learning_rate=1e-4", "training", "learning_rate", 1e-4),
        ("training.learning_rate=3", "training", "learning_rate", 3.0),
        ("training.xla=true", "training", "xla", True),
        ("split.limit=null", "split", "limit", None),
        ("split.limit=", "split", "limit", None),
        ("model.encoder_weights=a=b.h5", "model", "encoder_weights", "a=b.h5"),
        ("model.encoder_weights='1e5'", "model", "encoder_weights", "1e5"),
        ("model.decoder_filters=[8, 8, 8, 8, 8]", "model", "decoder_filters", (8,) * 5),
    ],
)
def test_set_takes_yaml(assignment: str, section: str, key: str, value: object) -> None:
    assert getattr(getattr(load(assignment), section), key) == value


def test_preprocessing_gets_the_network_s_size() -> None:
    assert load("model.image_size=96").preprocessing.image_size == 96


# Faults in values


@pytest.mark.parametrize(
    ("assignment", "key", "remedy"),
    [
        ("epochs=3", "unknown key epochs", "model, training, tuning, split, drift, gate, serving"),
        ("training.epoch=3", "unknown key training.epoch", "epochs, batch_size, learning_rate"),
        ("split.fraction=0.1", "unknown key split.fraction", "validation_fraction, seed, limit"),
        (
            "gate.thresholds=[{metric: accuracy, mini: 1}]",
            "unknown key gate.thresholds.0.mini",
            "metric, slice, min, max",
        ),
        (
            "gate.thresholds=[{metric: accuracy, min: 1, slice: {label: glioma, kind: x}}]",
            "unknown key gate.thresholds.0.slice.kind",
            "class, plane",
        ),
    ],
)
def test_unknown_key_is_named_with_the_keys_that_exist(
    assignment: str, key: str, remedy: str
) -> None:
    with pytest.raises(ConfigurationError) as caught:
        load(assignment)
    assert caught.value.where == f"--set {assignment}"
    assert caught.value.reason == key
    assert remedy in caught.value.remedy


@pytest.mark.parametrize(
    ("assignment", "reason"),
    [
        ("training.epochs=many", "training.epochs: input should be a valid integer"),
        ("training.epochs=2.5", "training.epochs: input should be a valid integer"),
        ("training.epochs=0", "training.epochs: input should be greater than or equal to 1"),
        ("training.epochs=[1]", "training.epochs: input should be a valid integer"),
        ("training.xla=perhaps", "training.xla: input should be a valid boolean"),
        ("training.learning_rate=fast", "training.learning_rate: input should be a valid number"),
        ("training.learning_rate=.nan", "training.learning_rate: "),
        ("training.learning_rate=.inf", "training.learning_rate: "),
        ("training.learning_rate=inf", "training.learning_rate: "),
        ("training.seed=4294967296", "training.seed: input should be less than 4294967296"),
        ("training.precision=float8", "training.precision: input should be 'auto'"),
        ("training=fast", "training: input should be a valid dictionary"),
        ("training={5: 1}", "training.5: keys should be strings"),
        ("model.image_size=100", "model.image_size: input should be a multiple of 32"),
        ("model.image_size=2048", "model.image_size: input should be less than or equal to 1024"),
        ("model.encoder=vgg16", "model.encoder: input should be 'resnet18'"),
        ("model.encoder_weights=''", "model.encoder_weights: string should have at least 1"),
        ("model.decoder_filters=[1, 2]", "model.decoder_filters.2: field required"),
        ("model.decoder_filters=[8, 8, 0, 8, 8]", "model.decoder_filters.2: input should be gre"),
        (
            "split.validation_fraction=0",
            "split.validation_fraction: input should be greater",
        ),
        ("split.validation_fraction=1", "split.validation_fraction: input should be less than 1"),
        ("split.limit=0", "split.limit: input should be greater than or equal to 1"),
        ("serving.model_name=a/b", "serving.model_name: string should match pattern"),
        ("serving.model_name=..", "serving.model_name: string should match pattern"),
        ("gate.thresholds=null", "gate.thresholds: input should be a valid tuple"),
        ("gate.thresholds=[{min: 1}]", "gate.thresholds.0.metric: field required"),
        ("gate.thresholds=[{metric: f1, min: 1}]", "gate.thresholds.0.metric: input should be '"),
        ("gate.thresholds=[{metric: accuracy}]", "gate.thresholds.0: a threshold needs min or max"),
        ("gate.thresholds=[{metric: accuracy, min: .nan}]", "gate.thresholds.0.min: "),
        ("gate.changes=[{metric: accuracy, tolerance: -1}]", "gate.changes.0.tolerance: input sho"),
        ("gate.changes=[{metric: accuracy}]", "gate.changes.0.tolerance: field required"),
    ],
)
def test_wrong_value_is_named_with_its_key(assignment: str, reason: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        load(assignment)
    assert caught.value.where == f"--set {assignment}"
    assert caught.value.reason.startswith(reason)
    assert caught.value.remedy


@pytest.mark.parametrize(
    ("metric", "part"),
    [
        ("dice_tumour", "class: no_tumor"),
        ("iou_tumour", "class: no_tumor, plane: axial"),
        ("healthy_false_mask_rate", "class: glioma"),
        ("recall_glioma", "class: meningioma"),
    ],
)
def test_a_gate_on_what_is_never_defined_is_refused(metric: str, part: str) -> None:
    with pytest.raises(ConfigurationError, match=f"{metric} is undefined on slice"):
        load(f"gate.thresholds=[{{metric: {metric}, min: 0.1, slice: {{{part}}}}}]")


@pytest.mark.parametrize(
    ("metric", "part"),
    [
        ("dice_all", "class: no_tumor"),
        ("dice_tumour", "plane: axial"),
        ("healthy_false_mask_rate", "class: no_tumor"),
        ("recall_glioma", "class: glioma, plane: coronal"),
    ],
)
def test_a_gate_on_a_part_of_the_slices_is_taken(metric: str, part: str) -> None:
    found = load(f"gate.thresholds=[{{metric: {metric}, min: 0.1, slice: {{{part}}}}}]")
    named = dict(pair.split(": ") for pair in part.split(", "))
    key = found.gate.thresholds[0].slice
    assert (key.label, key.plane) == (named.get("class"), named.get("plane"))


def test_slices_are_named_alike_everywhere() -> None:
    assert str(SliceKey()) == "all"
    assert str(SliceKey(label="glioma")) == "class=glioma"
    assert str(SliceKey(label="glioma", plane="axial")) == "plane=axial,class=glioma"


# Faults in what is given


@pytest.mark.parametrize("text", ["", "training.epochs", "=3", "training.=3", ".epochs=3"])
def test_what_is_no_assignment_is_refused(text: str) -> None:
    with pytest.raises(ConfigurationError, match="not an assignment"):
        load(text)


@pytest.mark.parametrize("value", ["[", "2020-13-45", "{a: }}", "[" * 5000, "1" * 5000])
def test_value_that_yaml_cannot_read_is_refused(value: str) -> None:
    with pytest.raises(ConfigurationError, match=r"--set training\.epochs"):
        load(f"training.epochs={value}")


def test_unknown_profile_is_named_with_those_that_exist() -> None:
    with pytest.raises(ConfigurationError, match="--profile dem: no such profile") as caught:
        load_parameters([], "dem", [])
    assert "demo" in caught.value.remedy


@pytest.mark.parametrize("name", ["../profiles/demo", "demo.yaml", ""])
def test_profile_is_a_name_and_no_path(name: str) -> None:
    with pytest.raises(ConfigurationError, match="no such profile"):
        load_parameters([], name, [])


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"training: {epochs: 3", "not valid YAML"),
        (b"training: {epochs: 2020-13-45}", "not valid YAML"),
        (b"\xff\xfe\xfa", "not valid YAML"),
        (b"a: !!python/object/apply:os.system [ls]", "not valid YAML"),
        (b"- training", "not a mapping of sections"),
        (b"training", "not a mapping of sections"),
        (b"training: {epochs: x}", "training.epochs: input should be a valid integer"),
        (b"workspac: x", "unknown key workspac"),
    ],
)
def test_broken_file_is_named(tmp_path: Path, content: bytes, reason: str) -> None:
    file = tmp_path / "broken.yaml"
    file.write_bytes(content)
    with pytest.raises(ConfigurationError) as caught:
        load_parameters([file], "demo", ["training.epochs=3"])
    assert caught.value.where == str(file)
    assert reason in caught.value.reason
    assert caught.value.remedy


def test_broken_config_file_is_named(tmp_path: Path) -> None:
    file = write(tmp_path / "config.yaml", "workspac: x")
    with pytest.raises(ConfigurationError, match="unknown key workspac") as caught:
        load_paths(file, {})
    assert caught.value.where == str(file)
    keys = "data, workspace, serving, runner, cluster, beam_args"
    assert caught.value.remedy == f"The keys there are {keys}"


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["--runner=DaskRunner"], "loses all outputs"),
        (["--runner", "dask"], "loses all outputs"),
        (["--runner=DataflowRunner"], "see no folder of yours"),
        (["--runner", "dataflow"], "see no folder of yours"),
        (["--runner=a.module.DataflowRunner"], "see no folder of yours"),
    ],
)
def test_an_engine_that_cannot_do_it_is_refused(arguments: list[str], reason: str) -> None:
    with pytest.raises(ConfigurationError, match=reason):
        load_paths(None, {"beam_args": arguments})


def test_what_is_only_named_like_such_an_engine_is_taken() -> None:
    assert load_paths(None, {"beam_args": ["--job_name=dataflow"]}).beam_args


@pytest.mark.parametrize("name", ["missing.yaml", ".", "file/below.yaml"])
def test_file_that_cannot_be_read_is_named(tmp_path: Path, name: str) -> None:
    write(tmp_path / "file", "")
    for read in (
        lambda: load_parameters([tmp_path / name], None, []),
        lambda: load_paths(tmp_path / name, {}),
    ):
        with pytest.raises(ConfigurationError, match="Give an existing YAML file") as caught:
            read()
        assert caught.value.where == str(tmp_path / name)


def test_a_configuration_cannot_be_changed_afterwards() -> None:
    config = TrainingConfig()
    with pytest.raises(ValueError, match="frozen"):
        config.epochs = 3
