"""What happens around each epoch, in the order it depends on each other."""

from __future__ import annotations

from pathlib import Path

import tf_keras as keras

from trainer.averaging import AveragedWeights
from trainer.best_epoch import FOLDER, BestEpoch, CombinedScore
from trainer.board.callback import Board
from trainer.board.examples import Examples
from trainer.board.hyperparameters import Hyperparameters
from trainer.config import TrainingConfig
from trainer.event_files import EVENTS
from trainer.progress import Progress


def make_callbacks(
    config: TrainingConfig,
    network: keras.Model,
    examples: Examples,
    settings: Hyperparameters,
    *,
    first: int,
    steps: int,
    run_dir: Path,
    backup: Path,
) -> list[keras.callbacks.Callback]:
    """Builds the callbacks in the order they depend on each other.

    Args:
        config: Section ``training``.
        network: Whose best weights are kept.
        examples: Slices of val whose answers are drawn.
        settings: What trainings are compared by.
        first: The phase's first epoch.
        steps: Steps an epoch.
        run_dir: Folder of this training: its event files and its best epoch.
        backup: What continues it.
    """
    averaged = AveragedWeights()
    best = BestEpoch(run_dir / FOLDER, config.patience, network, averaged, first)
    events = run_dir / EVENTS
    return [
        averaged,
        CombinedScore(config),
        best,
        Board(events, examples, settings, averaged, best, config.profile_steps),
        Progress(config.epochs, steps),
        # Not deleted at the end: saving the model may still be interrupted.
        keras.callbacks.BackupAndRestore(str(backup), delete_checkpoint=False),
    ]
