"""What happens around each epoch, in the order it depends on each other."""

from __future__ import annotations

from pathlib import Path

import tf_keras as keras

from trainer.averaging import AveragedWeights
from trainer.best_epoch import BestEpoch, CombinedScore
from trainer.config import TrainingConfig
from trainer.progress import Progress


def make_callbacks(
    config: TrainingConfig, network: keras.Model, *, steps: int, run_dir: Path, backup: Path
) -> list[keras.callbacks.Callback]:
    """Builds the callbacks in the order they depend on each other.

    Args:
        config: Section ``training``.
        network: Whose best weights are kept.
        steps: Steps an epoch.
        run_dir: Folder of this training: its event files and its best epoch.
        backup: What continues it.
    """
    averaged = AveragedWeights()
    return [
        averaged,
        CombinedScore(config),
        keras.callbacks.TensorBoard(str(run_dir / "tensorboard"), profile_batch=0),
        BestEpoch(run_dir / "best", config.patience, network, averaged),
        Progress(config.epochs, steps),
        # Not deleted at the end: saving the model may still be interrupted.
        keras.callbacks.BackupAndRestore(str(backup), delete_checkpoint=False),
    ]
