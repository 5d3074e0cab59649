"""The loss of a training's first steps, with trainer/'s operations and with Keras' own.

python -m tests.measure_operations brisc2025 [--size 64] [--steps 50] [--seeds 3] [--slices 400]

Both see the same batches from the same weights: what is between them is the order of sums, and
what is between seeds the noise that it is judged by.
"""

from __future__ import annotations

import argparse
import contextlib
import statistics
import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from unittest import mock

import tensorflow as tf
import tf_keras as keras

from data.layout import scan
from tests.bench.sides.loading import boxed
from tests.records import write_records
from trainer import network, schedule
from trainer.config import ModelConfig, TrainingConfig
from trainer.hardware import prepare
from trainer.inputs import class_counts, training_batches
from trainer.loss_weighting import make_weighting
from trainer.losses import make_losses
from trainer.metrics import metrics
from trainer.multi_task import MultiTask

_LAST = 10
"""Steps whose mean loss is told: that of one says more of its slices."""


@contextlib.contextmanager
def _kerass_own() -> Iterator[None]:
    with (
        mock.patch.object(network, "_suit_processor", lambda unet: None),
        mock.patch.object(schedule, "FusedAdamW", keras.optimizers.AdamW),
    ):
        yield


OPERATIONS: dict[str, Callable[[], contextlib.AbstractContextManager[None]]] = {
    "trainer's": contextlib.nullcontext,
    "Keras' own": _kerass_own,
}


def main() -> None:
    """Prints for each precision and seed the loss after the steps, and the means over seeds."""
    given = _arguments()
    with tempfile.TemporaryDirectory() as folder:
        files = _write(given, Path(folder))
        for precision in ("float32", "mixed_bfloat16"):
            lost: dict[str, list[float]] = {name: [] for name in OPERATIONS}
            for seed in range(given.seeds):
                for name, chosen in OPERATIONS.items():
                    config = TrainingConfig(precision=precision, seed=seed)
                    with chosen():
                        lost[name].append(_train(files, config, given.size, given.steps))
                    print(f"{precision}, seed {seed}, {name}: {lost[name][-1]:.4f}", flush=True)
            for name, losses in lost.items():
                spread = statistics.stdev(losses) if len(losses) > 1 else 0.0
                print(f"{precision}, {name}: {statistics.fmean(losses):.4f} ± {spread:.4f}")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.measure_operations")
    parser.add_argument("data", type=Path, help="in BRISC layout")
    parser.add_argument("--size", type=int, default=64, help="pixels")
    parser.add_argument("--steps", type=int, default=50)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--slices", type=int, default=400, help="how many are trained on")
    return parser.parse_args()


def _write(given: argparse.Namespace, folder: Path) -> list[str]:
    slices = [item for item in scan(given.data).slices if item.official_split == "train"]
    # Evenly over classes and planes, by which they are sorted.
    chosen = slices[:: max(1, len(slices) // given.slices)][: given.slices]
    return write_records(folder / "train.tfrecord.gz", boxed(chosen, given.size, folder))


def _train(files: Sequence[str], config: TrainingConfig, size: int, steps: int) -> float:
    """The mean loss of the last steps."""
    keras.backend.clear_session()
    prepare(config)
    counts = class_counts(files)
    whole = MultiTask(
        network.build_network(ModelConfig(image_size=size, encoder_weights="none")),
        make_losses(config, counts),
        make_weighting(config),
    )
    whole.compile(
        optimizer=schedule.make_optimiser(config, steps),
        metrics=metrics(),
        jit_compile=config.xla,
    )
    batches = training_batches(
        files,
        size,
        config.batch_size,
        config.augmentation,
        slices=int(counts.sum()),
        seed=config.seed,
    )
    step, elements = whole.make_train_function(), iter(batches)
    losses = []
    for _ in range(steps):
        # The loss that Keras tells is a mean since it was reset.
        whole.reset_metrics()
        losses.append(float(tf.convert_to_tensor(step(elements)["loss"])))
    return statistics.fmean(losses[-_LAST:])


if __name__ == "__main__":
    main()
