"""Rows about training: a step of the network, and what feeds it."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator

from tests.bench.comparison import Setting, take_turns
from tests.bench.row import Row

OURS = "brisc"
_SIZE, _BATCH = 128, 8
_LOADED_SIZE, _LOADED_BATCH, _LOADED_BATCHES = 256, 16, 60


def training_step(setting: Setting) -> Iterator[Row]:
    """Seconds a step of the same network, size and batch."""
    yield _step(setting, "training-step", "same")


def training_step_original(setting: Setting) -> Iterator[Row]:
    """Seconds a step of ours and of the original project's network."""
    yield _step(setting, "training-step-original", "original")


def input_pipeline(setting: Setting) -> Iterator[Row]:
    """Seconds a batch, the peer from the files as they are published."""
    yield _load(setting, "input-pipeline", resized=False)


def input_pipeline_resized(setting: Setting) -> Iterator[Row]:
    """Seconds a batch, both from slices that have their size already."""
    yield _load(setting, "input-pipeline-resized", resized=True)


def input_ahead(setting: Setting) -> Iterator[Row]:
    """Whether a batch is there before the step before it has ended: same size, same batch."""
    with tempfile.TemporaryDirectory(dir=setting.folder) as folder:
        loading = setting.ours(
            "loading",
            data=str(setting.data),
            size=_SIZE,
            batch=_BATCH,
            batches=_LOADED_BATCHES,
            folder=folder,
        )
        batches = take_turns(loading, rounds=setting.rounds)[OURS]
        steps = take_turns(
            setting.ours("training", size=_SIZE, batch=_BATCH), rounds=setting.rounds
        )[OURS]
    yield Row("input-ahead-of-step", "s/batch", 1.0, batches, {"training step": steps})


def _step(setting: Setting, name: str, network: str) -> Row:
    ours = setting.ours("training", size=_SIZE, batch=_BATCH)
    peer = setting.peer(
        "training", size=_SIZE, batch=_BATCH, network=network, threads=setting.threads
    )
    measured = take_turns(ours, peer, rounds=setting.rounds)
    return Row(name, "s/step", 1.0, measured.pop(OURS), measured)


def _load(setting: Setting, name: str, *, resized: bool) -> Row:
    sizes = {"size": _LOADED_SIZE, "batch": _LOADED_BATCH, "batches": _LOADED_BATCHES}
    with tempfile.TemporaryDirectory(dir=setting.folder) as folder:
        # Writes what the peer reads where that is resized.
        ours = setting.ours("loading", data=str(setting.data), folder=folder, **sizes)
        peer = setting.peer(
            "loading",
            data=folder if resized else str(setting.data),
            resized=resized,
            workers=setting.threads,
            **sizes,
        )
        measured = take_turns(ours, peer, rounds=setting.rounds)
    return Row(name, "s/batch", 2.0, measured.pop(OURS), measured)
