"""Rows about training: a step of the network, and what feeds it."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping

from tests.bench.comparison import Setting, Side, take_turns
from tests.bench.row import Row
from trainer.config import Precision

OURS = "brisc"
_SIZE, _BATCH = 128, 8
_LOADED_SIZE, _LOADED_BATCH = 256, 16
_BATCHES = 60
"""How many are timed: far more than were made ahead."""


def training_step(setting: Setting) -> Iterator[Row]:
    """Seconds a step of the same network, size and batch."""
    yield _step(setting, "training-step", "same")


def training_step_original(setting: Setting) -> Iterator[Row]:
    """Seconds a step of ours and of the original project's network."""
    yield _step(setting, "training-step-original", "original")


def training_step_onednn(setting: Setting) -> Iterator[Row]:
    """Seconds a step with oneDNN's kernels, and without."""
    name = "without oneDNN"
    without = _training(setting, name, {"TF_ENABLE_ONEDNN_OPTS": "0"})
    measured = take_turns(_training(setting), without, rounds=setting.rounds)
    yield Row("training-step-onednn", "s/step", 1.0, measured.pop(OURS), measured)


def training_step_precision(setting: Setting) -> Iterator[Row]:
    """Seconds a step in the arithmetic that ``auto`` comes to, and in each that a CPU has."""
    sides = [_training(setting, name, precision=name) for name in ("float32", "mixed_bfloat16")]
    measured = take_turns(_training(setting), *sides, rounds=setting.rounds)
    # No goal: one of them is ours again, and between these two lies nothing but noise.
    yield Row("training-step-precision", "s/step", None, measured.pop(OURS), measured)


def input_pipeline(setting: Setting) -> Iterator[Row]:
    """Seconds a batch, the peer from the files as they are published."""
    yield _load(setting, "input-pipeline", resized=False)


def input_pipeline_resized(setting: Setting) -> Iterator[Row]:
    """Seconds a batch, both from slices that have their size already."""
    yield _load(setting, "input-pipeline-resized", resized=True)


def input_ahead(setting: Setting) -> Iterator[Row]:
    """Whether a batch is there before the step before it has ended: same size, same batch."""
    with tempfile.TemporaryDirectory(dir=setting.folder) as folder:
        loading = _loading(setting, folder, _SIZE, _BATCH)
        step = "training step"
        measured = take_turns(loading, _training(setting, name=step), rounds=setting.rounds)
    yield Row("input-ahead-of-step", "s/batch", 1.0, measured.pop(OURS), measured)


def _step(setting: Setting, name: str, network: str) -> Row:
    peer = setting.peer(
        "training", size=_SIZE, batch=_BATCH, network=network, threads=setting.threads
    )
    measured = take_turns(_training(setting), peer, rounds=setting.rounds)
    return Row(name, "s/step", 1.0, measured.pop(OURS), measured)


def _load(setting: Setting, name: str, *, resized: bool) -> Row:
    with tempfile.TemporaryDirectory(dir=setting.folder) as folder:
        # Writes what the peer reads where that is resized.
        ours = _loading(setting, folder, _LOADED_SIZE, _LOADED_BATCH)
        peer = setting.peer(
            "loading",
            data=folder if resized else str(setting.data),
            resized=resized,
            workers=setting.threads,
            size=_LOADED_SIZE,
            batch=_LOADED_BATCH,
            batches=_BATCHES,
        )
        measured = take_turns(ours, peer, rounds=setting.rounds)
    return Row(name, "s/batch", 2.0, measured.pop(OURS), measured)


def _training(
    setting: Setting,
    name: str = OURS,
    variables: Mapping[str, str] | None = None,
    precision: Precision = "auto",
) -> Side:
    return setting.ours(
        "training", variables, size=_SIZE, batch=_BATCH, name=name, precision=precision
    )


def _loading(setting: Setting, folder: str, size: int, batch: int) -> Side:
    return setting.ours(
        "loading",
        data=str(setting.data),
        size=size,
        batch=batch,
        batches=_BATCHES,
        folder=folder,
        name=OURS,
    )
