"""The multi-task network: ResNet50-UNet with a classification head on its bottleneck."""

from __future__ import annotations

from pathlib import Path

import segmentation_models as sm
import tf_keras as keras

from data import naming
from data.errors import ConfigurationError
from preprocessing.normalise import ENCODER_CHANNELS
from trainer.config import ModelConfig
from trainer.outputs import CLASSIFICATION, SEGMENTATION

# The last activation of segmentation-models' ResNets, 1/32 of the input's side.
_BOTTLENECK = "relu1"

# Keras' own 0.99 averages over hundreds of steps, more than a small data set has in an epoch:
# val is then judged by statistics of a network long gone. This is PyTorch's default, in whose
# convention it is called 0.1.
_BATCH_NORM_MOMENTUM = 0.9


def build_network(config: ModelConfig, *, encoder_weights: bool = True) -> keras.Model:
    """Builds the network under the current dtype policy.

    U-Net: Ronneberger et al. 2015 (arXiv 1505.04597); encoder: He et al. 2015
    (arXiv 1512.03385), both as segmentation-models builds them.

    Args:
        config: Section ``model``.
        encoder_weights: Whether to load ``config.encoder_weights``; without, all is random,
            for a network whose weights are set afterwards.

    Returns:
        A model from float32 [batch, S, S, 3] (``preprocessing.normalise``) to a dict of
        ``classification`` float32 [batch, 4] (softmax, order of ``data.naming.CLASSES``) and
        ``segmentation`` float32 [batch, S, S, 1] (probability of tumour).

    Raises:
        ConfigurationError: The encoder's weights cannot be had or do not fit.
    """
    layers = keras.layers
    unet = sm.Unet(
        config.encoder,
        input_shape=(config.image_size, config.image_size, ENCODER_CHANNELS),
        encoder_weights=None,
        decoder_filters=config.decoder_filters,
        classes=1,
        activation="sigmoid",
    )
    for layer in unet.layers:
        if isinstance(layer, layers.BatchNormalization):
            layer.momentum = _BATCH_NORM_MOMENTUM
    bottleneck = unet.get_layer(_BOTTLENECK).output
    if encoder_weights and config.encoder_weights != "none":
        _load_encoder(keras.Model(unet.input, bottleneck), config)
    pooled = layers.GlobalAveragePooling2D(name="pool")(bottleneck)
    dropped = layers.Dropout(config.dropout, name="dropout")(pooled)
    # Softmax and the losses stay in float32 under every policy.
    classes = layers.Dense(
        len(naming.CLASSES), activation="softmax", dtype="float32", name=CLASSIFICATION
    )(dropped)
    mask = layers.Activation("linear", dtype="float32", name=SEGMENTATION)(unet.output)
    return keras.Model(unet.input, {CLASSIFICATION: classes, SEGMENTATION: mask}, name="brisc_unet")


def _load_encoder(encoder: keras.Model, config: ModelConfig) -> None:
    key = "model.encoder_weights"
    if config.encoder_weights == "imagenet":
        try:
            pretrained = sm.backbones.backbones_factory.Backbones.get_backbone(
                config.encoder,
                input_shape=encoder.input_shape[1:],
                weights="imagenet",
                include_top=False,
            )
        except Exception as error:
            # Keras wraps every failure of a download in a bare Exception.
            raise ConfigurationError(
                key,
                f"the ImageNet weights of {config.encoder} could not be fetched ({error})",
                "Connect to the internet once, give the path of a weights file, or set none",
            ) from error
        encoder.set_weights(pretrained.get_weights())
        return
    path = Path(config.encoder_weights)
    if not path.is_file():
        raise ConfigurationError(
            key, f"no such file: {path}", "Give imagenet, none or the path of a .h5 file"
        )
    try:
        encoder.load_weights(str(path))
    except (OSError, ValueError, KeyError) as error:
        raise ConfigurationError(
            key,
            f"{path} does not fit the {config.encoder} encoder ({error})",
            "Give weights saved from this encoder without its top",
        ) from error
