"""The multi-task network: ResNet-UNet with a classification head on its bottleneck."""

from __future__ import annotations

from pathlib import Path

import segmentation_models as sm
import tensorflow as tf
import tf_keras as keras

from data import naming
from data.errors import ConfigurationError
from preprocessing.normalise import ENCODER_CHANNELS
from trainer.config import ModelConfig
from trainer.encoder_file import KEY, encoder_file, fetch_imagenet
from trainer.hardware import has_gpu
from trainer.outputs import CLASSIFICATION, SEGMENTATION
from trainer.wide_convolution import multiply_where_wide

# The last activation of segmentation-models' ResNets, 1/32 of the input's side.
_BOTTLENECK = "relu1"
# Their first layer, which normalises the input's channels.
_INPUT_NORM = "bn_data"

# Keras' own 0.99 averages over hundreds of steps, more than a small data set has in an epoch:
# val is then judged by statistics of a network long gone. This is PyTorch's default, in whose
# convention it is called 0.1.
_BATCH_NORM_MOMENTUM = 0.9


def build_network(config: ModelConfig, *, encoder_weights: bool = True) -> keras.Model:
    """Builds the network under the current dtype policy and distribution strategy.

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
    pretrained = encoder_weights and config.encoder_weights == "imagenet"
    unet = _build_unet(config, "imagenet" if pretrained else None)
    _set_batch_norms(unet)
    if not has_gpu():
        _suit_processor(unet)
    bottleneck = unet.get_layer(_BOTTLENECK).output
    file = encoder_file(config) if encoder_weights else None
    if file is not None:
        _load_encoder(keras.Model(unet.input, bottleneck), file)
    pooled = layers.GlobalAveragePooling2D(name="pool")(bottleneck)
    dropped = layers.Dropout(config.dropout, name="dropout")(pooled)
    # Softmax, sigmoid and the losses are float32 under every policy: in bfloat16 a logit of 6 is
    # a probability of 1, which no gradient leads away from.
    classes = layers.Dense(
        len(naming.CLASSES), activation="softmax", dtype="float32", name=CLASSIFICATION
    )(dropped)
    mask = layers.Activation("sigmoid", dtype="float32", name=SEGMENTATION)(unet.output)
    return keras.Model(unet.input, {CLASSIFICATION: classes, SEGMENTATION: mask}, name="brisc_unet")


def set_encoder_trainable(network: keras.Model, trainable: bool) -> None:
    """Freezes the encoder as it is, its batch norms' statistics among it, or sets it free."""
    for layer in keras.Model(network.input, network.get_layer(_BOTTLENECK).output).layers:
        layer.trainable = trainable


def _set_batch_norms(unet: keras.Model) -> None:
    """Sets what segmentation-models gives no argument for; both count only when a layer runs."""
    shared = tf.distribute.get_strategy().num_replicas_in_sync > 1
    for layer in unet.layers:
        if isinstance(layer, keras.layers.BatchNormalization):
            layer.momentum = _BATCH_NORM_MOMENTUM
            # Statistics of all devices' slices, as one device would take them. Only then is Keras
            # without its fused kernel, whose variances for val are n / (n - 1) as large.
            layer.synchronized = shared
            layer.fused = layer.fused and not shared
            layer._bessels_correction_test_only = False


def _suit_processor(unet: keras.Model) -> None:
    """Chooses other operations for the same sums where oneDNN's take a processor longer."""
    multiply_where_wide(unet)
    # Made for many channels, and here there are three.
    unet.get_layer(_INPUT_NORM).fused = False


def _build_unet(config: ModelConfig, pretrained: str | None) -> keras.Model:
    if pretrained is not None:
        fetch_imagenet(config)
    return sm.Unet(
        config.encoder,
        input_shape=(config.image_size, config.image_size, ENCODER_CHANNELS),
        encoder_weights=pretrained,
        decoder_filters=config.decoder_filters,
        classes=1,
        activation="linear",
    )


def _load_encoder(encoder: keras.Model, path: Path) -> None:
    try:
        encoder.load_weights(str(path))
    except (OSError, ValueError, KeyError) as error:
        raise ConfigurationError(
            KEY,
            f"{path} does not fit the encoder ({error})",
            "Give weights saved from this encoder without its top",
        ) from error
