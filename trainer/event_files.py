"""Where the event files of a training lie; imports nothing, for commands that only look."""

from __future__ import annotations

EVENTS = "tensorboard"
"""Their folder, below that of a training, and later below TFX's artifact ModelRun."""

MODEL_RUN = "model_run"
"""A file in the folder of a training: the artifact that they go to when it ends."""
