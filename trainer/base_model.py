"""A training that begins where another has ended: with the weights of a saved model."""

from __future__ import annotations

import logging
from pathlib import Path

import tensorflow as tf
import tf_keras as keras

from data.errors import ConfigurationError
from trainer.config import ModelConfig, TrainingConfig

_log = logging.getLogger(__name__)


def base_of(found: str | None, model: ModelConfig, config: TrainingConfig) -> Path | None:
    """Where the model lies whose weights a training begins with; the log says if there is none.

    Args:
        found: Its folder, as TFX hands it on; ``None`` where there is none or none is wanted.
        model: Section ``model``.
        config: Section ``training``.
    """
    if found is not None:
        return Path(found)
    if config.warm_start:
        weights = model.encoder_weights
        _log.info("no blessed model of other data: beginning with %s weights", weights)
    return None


def load_base(network: keras.Model, model: Path) -> None:
    """Gives ``network``, as ``trainer.network.build_network`` makes it, the weights of a model.

    Args:
        network: All of its variables are set, the batch norms' statistics among them.
        model: Folder of a SavedModel of ``serving.signatures.save_model``.

    Raises:
        ConfigurationError: The model is not there, or is of a network of another shape.
    """
    # The name that SavedNetwork gives them; it lists them in the order of the same builder.
    checkpoint = tf.train.Checkpoint(weights=network.variables)
    try:
        loaded = checkpoint.read(str(model / "variables" / "variables"))
        loaded.assert_existing_objects_matched()
    except (ValueError, AssertionError, tf.errors.OpError) as error:
        reason = str(error).strip().splitlines()[0]
        raise ConfigurationError(
            "training.warm_start",
            f"the weights of the model {model} do not fit the network ({reason})",
            "Set training.warm_start=false, or section model as that model has it",
        ) from error
