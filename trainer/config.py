"""Typed configuration of the trainer stage: sections ``model`` and ``training``."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from preprocessing.config import ImageSize

Channels = Annotated[int, Field(ge=1)]
Precision = Literal["auto", "float32", "mixed_bfloat16", "mixed_float16"]


class ModelConfig(BaseModel):
    """The network: a U-Net on a ResNet50 encoder with a classification head on its bottleneck."""

    model_config = ConfigDict(extra="forbid", frozen=True, protected_namespaces=())

    image_size: ImageSize = Field(256, description="Side of the square input, pixels.")
    encoder: Literal["resnet50"] = Field("resnet50", description="Backbone of the U-Net.")
    encoder_weights: str = Field(
        "imagenet",
        min_length=1,
        description="imagenet, none, or the path of a .h5 weights file of the encoder.",
    )
    decoder_filters: tuple[Channels, Channels, Channels, Channels, Channels] = Field(
        (256, 128, 64, 32, 16), description="Channels of the decoder blocks, coarse to fine."
    )
    dropout: float = Field(
        0.3, ge=0.0, lt=1.0, description="Dropout before the classification layer."
    )


class TrainingConfig(BaseModel):
    """The optimisation of both tasks at once."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    epochs: int = Field(60, ge=1, description="Passes over the train split.")
    batch_size: int = Field(16, ge=1, description="Slices a step, over all devices together.")
    learning_rate: float = Field(
        1e-3, ge=0.0, description="Peak of the schedule: linear warm-up, then cosine decay to 0."
    )
    warmup_fraction: float = Field(
        0.05, ge=0.0, lt=1.0, description="Share of all steps that warm up."
    )
    weight_decay: float = Field(1e-4, ge=0.0, description="Decoupled weight decay (AdamW).")
    clip_norm: float = Field(1.0, gt=0.0, description="Bound on the gradient's global norm.")
    classification_weight: float = Field(
        1.0, ge=0.0, description="Weight of the class loss (cross entropy)."
    )
    segmentation_weight: float = Field(
        1.0, ge=0.0, description="Weight of the mask loss (binary cross entropy + Dice)."
    )
    flip: bool = Field(True, description="Mirror half of the train slices left to right.")
    patience: int = Field(
        15, ge=1, description="Epochs without a better val score before training stops."
    )
    precision: Precision = Field(
        "auto",
        description="Arithmetic of the network; auto: mixed_float16 on GPU, mixed_bfloat16 on "
        "CPUs with AVX512-BF16 or AMX, else float32.",
    )
    seed: int = Field(0, ge=0, lt=2**32, description="Seeds weights, shuffling, dropout and flips.")
