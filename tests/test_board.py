"""What a training writes for TensorBoard, read back from its event files."""

from __future__ import annotations

import io
from collections import defaultdict
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf
import tf_keras as keras
from PIL import Image
from sklearn import metrics
from tensorboard.backend.event_processing.event_file_loader import EventFileLoader
from tensorboard.plugins.hparams.plugin_data_pb2 import HParamsPluginData

from data import naming
from tests.records import blob_slices, write_records
from trainer.board.counts import THRESHOLDS, AnswerCounts
from trainer.board.curves import curve
from trainer.board.examples import Examples
from trainer.board.hyperparameters import hyperparameters
from trainer.callbacks import make_callbacks
from trainer.config import ModelConfig, TrainingConfig
from trainer.event_files import EVENTS
from trainer.inputs import training_batches, validation_batches
from trainer.loss_weighting import make_weighting
from trainer.losses import make_losses
from trainer.metrics import metrics as watched
from trainer.multi_task import MultiTask
from trainer.outputs import CLASSIFICATION, SEGMENTATION
from trainer.schedule import make_optimiser

SIZE, BATCH, TRAIN, VAL, EPOCHS = 16, 4, 8, 10, 3
GREEN, RED = (60, 230, 120), (255, 80, 60)
TASKS = (CLASSIFICATION, SEGMENTATION)
SCALARS = {
    "epoch_loss",
    "epoch_classification_loss",
    "epoch_segmentation_loss",
    "epoch_classification_accuracy",
    "epoch_segmentation_dice_all",
    "epoch_segmentation_dice_tumour",
    "epoch_segmentation_healthy_false_mask_rate",
}

Tags = dict[str, dict[int, tf.compat.v1.Summary.Value]]
"""Records by tag and step."""


def answers(seed: int, number: int) -> tuple[dict[str, tf.Tensor], dict[str, tf.Tensor]]:
    """Truth and answers of some slices."""
    random = np.random.default_rng(seed)
    logits = random.normal(size=(number, 4)).astype(np.float32)
    truth = {
        CLASSIFICATION: tf.constant(random.integers(0, 4, number)),
        SEGMENTATION: tf.constant((random.random((number, 8, 8, 1)) > 0.7).astype(np.float32)),
    }
    found = {
        CLASSIFICATION: tf.nn.softmax(logits),
        SEGMENTATION: tf.constant(random.random((number, 8, 8, 1)).astype(np.float32)),
    }
    return truth, found


def test_counts_and_curves_are_those_of_scikit_learn() -> None:
    parts = [answers(seed, number) for seed, number in ((0, 30), (1, 7))]
    counted = AnswerCounts()
    counted.update_state(*answers(2, 5))
    counted.reset_state()
    for truth, found in parts:
        counted.update_state(truth, found)
    counts = counted.read()

    def joined(part: int, task: str) -> np.ndarray:
        return np.concatenate([pair[part][task] for pair in parts])

    label, probabilities = joined(0, CLASSIFICATION), joined(1, CLASSIFICATION)
    np.testing.assert_array_equal(
        counts.confusion, metrics.confusion_matrix(label, probabilities.argmax(axis=1))
    )
    curves = [(label == c, probabilities[:, c], counts.classes[c]) for c in range(4)]
    mask, pixels = joined(0, SEGMENTATION).ravel() > 0, joined(1, SEGMENTATION).ravel()
    for positive, score, own in [*curves, (mask, pixels, counts.pixels[0])]:
        rows = curve(own)
        for place in (0, 40, 100, 170):
            predicted = score >= place / (THRESHOLDS - 1)
            matrix = metrics.confusion_matrix(positive, predicted, labels=[False, True])
            assert [
                rows[f"{name}_counts"][place]
                for name in ("true_negative", "false_positive", "false_negative", "true_positive")
            ] == matrix.ravel().tolist()
            assert rows["recall"][place] == metrics.recall_score(positive, predicted)
            assert rows["precision"][place] == metrics.precision_score(
                positive, predicted, zero_division=0
            )


def tiny_network() -> keras.Model:
    image = keras.Input((SIZE, SIZE, 3))
    seen = keras.layers.Conv2D(4, 3, padding="same", activation="relu")(image / 255)
    pooled = keras.layers.GlobalAveragePooling2D()(seen)
    return keras.Model(
        image,
        {
            CLASSIFICATION: keras.layers.Dense(4, "softmax", name=CLASSIFICATION)(pooled),
            SEGMENTATION: keras.layers.Conv2D(1, 1, activation="sigmoid", name=SEGMENTATION)(seen),
        },
    )


CONFIG = TrainingConfig(epochs=EPOCHS, batch_size=BATCH, loss_weighting="uncertainty")


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a training of three epochs that was interrupted after the second."""
    folder = tmp_path_factory.mktemp("training")
    train = write_records(folder / "train.gz", blob_slices(TRAIN, SIZE))
    val = validation_batches(
        write_records(folder / "val.gz", blob_slices(VAL, SIZE, 1)), SIZE, BATCH
    )
    for last in (EPOCHS - 1, EPOCHS):
        network = tiny_network()
        whole = MultiTask(network, make_losses(CONFIG, np.ones(4, int)), make_weighting(CONFIG))
        steps = TRAIN // BATCH
        whole.compile(make_optimiser(CONFIG, EPOCHS * steps), metrics=watched())
        whole.fit(
            training_batches(train, SIZE, BATCH, CONFIG.augmentation, slices=8, seed=CONFIG.seed),
            steps_per_epoch=steps,
            validation_data=val,
            epochs=last,
            verbose=0,
            callbacks=make_callbacks(
                CONFIG,
                network,
                Examples.of(val),
                hyperparameters(ModelConfig(), CONFIG),
                first=0,
                steps=steps,
                run_dir=folder,
                backup=folder / "backup",
            ),
        )
    return folder / EVENTS


def read(folder: Path) -> Tags:
    """All records of the files right in a folder, oldest file first."""
    found: Tags = defaultdict(dict)
    for path in sorted(folder.glob("events.out.tfevents.*"), key=lambda item: item.name):
        for event in EventFileLoader(str(path)).Load():
            for value in event.summary.value:
                found[value.tag][event.step] = value
    return found


def scalar(value: tf.compat.v1.Summary.Value) -> float:
    return float(tf.make_ndarray(value.tensor))


def picture(value: tf.compat.v1.Summary.Value) -> Image.Image:
    """The picture of a record, whose first two strings are its width and height."""
    return Image.open(io.BytesIO(value.tensor.string_val[2]))


def test_losses_and_metrics_of_both_splits_are_there_for_each_epoch(trained: Path) -> None:
    for split in ("train", "validation"):
        tags = read(trained / split)
        for name in SCALARS:
            assert sorted(tags[name]) == list(range(EPOCHS)), (split, name)
            assert all(np.isfinite(scalar(value)) for value in tags[name].values())
    assert len(read(trained / "validation")["epoch_score"]) == EPOCHS


def test_learning_rate_and_loss_weights_are_there_and_change(trained: Path) -> None:
    tags = read(trained / "train")
    rates = [scalar(tags["epoch_learning_rate"][epoch]) for epoch in range(EPOCHS)]
    assert rates[0] > rates[1] > rates[2] >= 0
    for task in TASKS:
        weights = [scalar(tags[f"loss_weight/{task}"][epoch]) for epoch in range(EPOCHS)]
        assert len(set(weights)) == EPOCHS
        assert all(0.9 < weight < 1.1 and weight != 1 for weight in weights)


def test_curves_count_all_slices_and_pixels_of_val(trained: Path) -> None:
    tags = read(trained / "validation")
    expected = {
        **{f"class/{name}/pr_curves": VAL for name in naming.CLASSES},
        "mask/pixels/pr_curves": VAL * SIZE**2,
    }
    for tag, total in expected.items():
        assert sorted(tags[tag]) == list(range(EPOCHS))
        for value in tags[tag].values():
            assert value.metadata.plugin_data.plugin_name == "pr_curves"
            rows = tf.make_ndarray(value.tensor)
            assert rows.shape == (6, THRESHOLDS)
            np.testing.assert_array_equal(rows[:4].sum(axis=0), total)


def test_the_same_slices_are_drawn_in_each_epoch_with_the_confusion_matrix(trained: Path) -> None:
    tags = read(trained / "validation")
    drawn = [f"slices/{name}/{number}" for name in naming.CLASSES for number in (1, 2)]
    for tag in (*drawn, "confusion_matrix"):
        assert sorted(tags[tag]) == list(range(EPOCHS)), tag
        assert tags[tag][0].metadata.plugin_data.plugin_name == "images"
    for tag in drawn:
        pictures = [np.asarray(picture(tags[tag][epoch])) for epoch in range(EPOCHS)]
        has_truth = [(pixels == GREEN).all(axis=-1).any() for pixels in pictures]
        assert has_truth == [naming.NO_TUMOR not in tag] * EPOCHS


def test_settings_and_the_best_epoch_are_there_to_compare_trainings(trained: Path) -> None:
    tags = read(trained)
    record = tags["_hparams_/session_start_info"][0].metadata.plugin_data.content
    settings = HParamsPluginData.FromString(record).session_start_info.hparams
    assert settings["training.epochs"].number_value == EPOCHS
    assert settings["training.augmentation.flip"].bool_value is True
    assert settings["model.encoder"].string_value == "resnet50"
    scores = read(trained / "validation")["epoch_score"]
    best = [scalar(tags["best/score"][epoch]) for epoch in range(EPOCHS)]
    # Across the interruption, too.
    assert best == list(np.maximum.accumulate([scalar(scores[epoch]) for epoch in range(EPOCHS)]))
    assert {"best/segmentation_dice_all", "best/classification_accuracy"} <= set(tags)


def test_the_graph_is_there(trained: Path) -> None:
    (first, *_) = sorted((trained / "train").iterdir())
    graphs = [
        tf.compat.v1.GraphDef.FromString(event.graph_def)
        for event in EventFileLoader(str(first)).Load()
        if event.HasField("graph_def")
    ]
    assert any("multi_task" in node.name for node in graphs[0].node)


def test_nothing_is_profiled_unless_asked_for(trained: Path) -> None:
    assert not (trained / "plugins").exists()


def test_truth_and_answer_are_drawn_over_the_slice() -> None:
    mask = np.zeros((1, SIZE, SIZE), bool)
    mask[0, 2:6, 2:6] = True
    answer = np.zeros((1, SIZE, SIZE, 1), np.float32)
    answer[0, 10:14, 8:12] = 0.9
    shown = Examples(np.full((1, SIZE, SIZE, 3), 7.0, np.float32), np.array([1]), mask)
    given = {CLASSIFICATION: np.array([[0.1, 0.2, 0.6, 0.1]]), SEGMENTATION: answer}
    ((name, pixels),) = shown.drawn(given)
    assert name == f"{naming.CLASSES[1]}/1"
    scale = pixels.shape[1] // SIZE
    for colour, rows, columns in ((GREEN, (2, 6), (2, 6)), (RED, (10, 14), (8, 12))):
        y, x = np.nonzero((pixels == colour).all(axis=-1))
        assert (y.min(), y.max()) == (rows[0] * scale, rows[1] * scale - 1)
        assert (x.min(), x.max()) == (columns[0] * scale, columns[1] * scale - 1)
    # Class, probability and Dice stand below the slice.
    assert pixels.shape[0] > SIZE * scale and pixels[SIZE * scale :].any()
