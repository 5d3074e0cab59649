"""What happens around each epoch, in the order it depends on each other."""

from __future__ import annotations

from pathlib import Path

import tf_keras as keras

from trainer.best_epoch import BestEpoch, CombinedScore
from trainer.config import TrainingConfig
from trainer.progress import Progress


def make_callbacks(
    config: TrainingConfig, *, steps: int, run_dir: Path
) -> list[keras.callbacks.Callback]:
    """Builds the callbacks in the order they depend on each other.

    Args:
        config: Section ``training``.
        steps: Steps an epoch.
        run_dir: Folder of this training: its event files, and what continues it.
    """
    return [
        CombinedScore(),
        keras.callbacks.TensorBoard(str(run_dir / "tensorboard"), profile_batch=0),
        BestEpoch(run_dir / "best", config.patience),
        Progress(config.epochs, steps),
        # Not deleted at the end: saving the model may still be interrupted.
        keras.callbacks.BackupAndRestore(str(run_dir / "backup"), delete_checkpoint=False),
    ]
