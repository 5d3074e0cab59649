"""The file of the encoder's weights, looked at or fetched before hours of work depend on it."""

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


def fetch_imagenet(config: ModelConfig) -> None:
    """Has Keras' cache hold the weights that ``imagenet`` stands for; else does nothing.

    Raises:
        ConfigurationError: They are not there and cannot be fetched.
    """
    if config.encoder_weights != "imagenet":
        return
    # Of TensorFlow: not before it is needed.
    import tf_keras as keras
    from classification_models.weights import WEIGHTS_COLLECTION

    weights = next(
        known
        for known in WEIGHTS_COLLECTION
        if (known["model"], known["dataset"], known["include_top"])
        == (config.encoder, "imagenet", False)
    )
    try:
        # As segmentation-models does it, which then finds the file.
        keras.utils.get_file(
            weights["name"], weights["url"], cache_subdir="models", md5_hash=weights["md5"]
        )
    except Exception as error:
        # Keras raises a bare Exception when a download fails.
        raise ConfigurationError(
            KEY,
            f"the imagenet weights of {config.encoder} could not be fetched ({error})",
            "Connect to the internet once, give the path of a weights file, or set none",
        ) from error
