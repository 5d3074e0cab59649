"""A training that begins where another has ended: its weights lie beside the saved model."""

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


def keep_weights(network: keras.Model, model: Path) -> None:
    """Keeps a trained network's weights beside the saved model that came of it.

    The model's own do not do: its batch norms are a part of its convolutions.

    Args:
        network: As ``trainer.network.build_network`` makes it.
        model: Folder of the SavedModel, in TFX's folder of the artifact.
    """
    network.save_weights(str(_weights(model)))


def load_base(network: keras.Model, model: Path) -> None:
    """Gives ``network``, as ``trainer.network.build_network`` makes it, the weights of a model.

    Args:
        network: All of its variables are set, the batch norms' statistics among them.
        model: Folder of a SavedModel beside which ``keep_weights`` has put them.

    Raises:
        ConfigurationError: They are not there, or of a network of another shape.
    """
    weights = _weights(model)
    if not weights.with_suffix(".index").exists():
        raise ConfigurationError(
            "training.warm_start",
            f"the model {model} has no weights of its training beside it: versions before this "
            "one kept none",
            "Set training.warm_start=false for one run; later ones begin with its model",
        )
    try:
        network.load_weights(str(weights)).assert_existing_objects_matched()
    except (ValueError, AssertionError, OSError, tf.errors.OpError) as error:
        reason = str(error).strip().splitlines()[0]
        raise ConfigurationError(
            "training.warm_start",
            f"the weights of the model {model} do not fit the network ({reason})",
            "Set training.warm_start=false, or section model as that model has it",
        ) from error


def _weights(model: Path) -> Path:
    return model.parent / "Format-Training" / "weights"
