"""The file of the encoder's weights, looked at before hours of work depend on it."""

from __future__ import annotations

import hashlib
from pathlib import Path

from data.errors import ConfigurationError
from trainer.config import ModelConfig

KEY = "model.encoder_weights"
_WORDS = ("imagenet", "none")


def encoder_file(config: ModelConfig) -> Path | None:
    """The path that ``model.encoder_weights`` gives, absolute; ``None`` where it is a word.

    Raises:
        ConfigurationError: There is no such file, or it is not named as Keras needs it.
    """
    if config.encoder_weights in _WORDS:
        return None
    path = Path(config.encoder_weights).absolute()
    if not path.is_file():
        raise ConfigurationError(
            KEY, f"no such file: {path}", "Give imagenet, none or the path of a .h5 file"
        )
    if path.suffix != ".h5":
        raise ConfigurationError(KEY, f"{path} is not named .h5", "Give weights in HDF5 format")
    return path


def encoder_digest(config: ModelConfig) -> str:
    """Hex SHA-256 of that file; empty where there is none."""
    path = encoder_file(config)
    return hashlib.sha256(path.read_bytes()).hexdigest() if path else ""
