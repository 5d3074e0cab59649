"""Typed configuration of the trainer stage: sections ``model`` and ``training``."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from preprocessing.config import ImageSize, PreprocessingConfig

Step = Annotated[int, Field(ge=1)]
Channels = Annotated[int, Field(ge=1)]
Precision = Literal["auto", "float32", "mixed_bfloat16", "mixed_float16"]
HostAndPort = Annotated[str, Field(pattern=r"^[^\s:/]+:[0-9]{1,5}$")]


class ClusterConfig(BaseModel):
    """Machines that train together over one workspace; where they are, not what they compute."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    workers: tuple[HostAndPort, ...] = Field(
        (), description="host:port of each machine, that of brisc run first; none: this one alone."
    )
    join_timeout: float = Field(
        600.0, gt=0.0, description="How long a training waits for the others, seconds."
    )

    @model_validator(mode="after")
    def _several_and_different(self) -> ClusterConfig:
        if len(self.workers) == 1:
            raise ValueError("workers has one machine, which needs no cluster")
        if len(set(self.workers)) < len(self.workers):
            raise ValueError("workers has a machine twice")
        return self


class ModelConfig(BaseModel):
    """The network, a U-Net on a ResNet encoder with a classification head on its bottleneck,
    and what the saved model makes of its outputs."""

    model_config = ConfigDict(extra="forbid", frozen=True, protected_namespaces=())

    image_size: ImageSize = Field(256, description="Side of the square input, pixels.")
    keep_aspect: bool = Field(
        True, description="Letter-box slices into the square; else stretch them."
    )
    encoder: Literal["resnet18", "resnet34", "resnet50"] = Field(
        "resnet50",
        description="Backbone of the U-Net; the smaller ones train in less time and memory.",
    )
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
    gate_mask: bool = Field(
        True, description="Empty the mask of a slice whose likeliest class is no_tumor."
    )
    test_time_flip: bool = Field(
        False, description="Average the answers for a slice and its mirror image; twice the work."
    )
    calibrate: bool = Field(
        True, description="Scale the class probabilities by a temperature fitted on val."
    )

    @property
    def preprocessing(self) -> PreprocessingConfig:
        """What the Transform graph needs to know."""
        return PreprocessingConfig(image_size=self.image_size, keep_aspect=self.keep_aspect)


class AugmentationConfig(BaseModel):
    """How far train slices are varied, image and mask together; each is drawn uniformly."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    flip: bool = Field(
        True,
        description="Mirror half of the slices left to right; upside down would be no anatomy.",
    )
    rotation: float = Field(15.0, ge=0.0, le=180.0, description="Either way, degrees.")
    scale: float = Field(0.15, ge=0.0, lt=1.0, description="Larger or smaller, as a share.")
    shift: float = Field(0.06, ge=0.0, lt=1.0, description="Along each axis, share of the side.")
    brightness: float = Field(0.08, ge=0.0, le=1.0, description="Added, share of the grey range.")
    contrast: float = Field(0.2, ge=0.0, lt=1.0, description="Factor around 1.")
    gamma: float = Field(0.2, ge=0.0, lt=1.0, description="Exponent around 1.")
    noise: float = Field(
        0.02, ge=0.0, le=1.0, description="Largest deviation of normal noise, share of the range."
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
    weight_decay: float = Field(
        1e-4, ge=0.0, description="Decoupled weight decay (AdamW) of kernels."
    )
    clip_norm: float = Field(1.0, gt=0.0, description="Bound on the gradient's global norm.")
    ema_decay: float | None = Field(
        0.99,
        ge=0.0,
        lt=1.0,
        description="Judge and keep the moving average of the weights; null: the weights.",
    )
    warm_start: bool = Field(
        False,
        description="Begin with the weights of the latest blessed model that was trained on other "
        "data, where there is one, instead of model.encoder_weights.",
    )
    freeze_encoder_epochs: int = Field(
        0, ge=0, description="First epochs that leave the encoder as it was loaded."
    )
    label_smoothing: float = Field(
        0.1, ge=0.0, lt=1.0, description="Share of each class label spread over all classes."
    )
    class_weights: Literal["none", "balanced"] = Field(
        "none", description="balanced: the rarer a class in train, the heavier its class loss."
    )
    overlap_loss: Literal["dice", "tversky", "none"] = Field(
        "dice", description="Part of the mask loss that compares areas."
    )
    pixel_loss: Literal["cross_entropy", "focal", "none"] = Field(
        "cross_entropy", description="Part of the mask loss that compares pixels."
    )
    tversky_beta: float = Field(
        0.7, ge=0.0, le=1.0, description="Weight of missed pixels; false ones get the rest."
    )
    loss_weighting: Literal["fixed", "uncertainty"] = Field(
        "fixed", description="uncertainty: the weights below are where learning them begins."
    )
    classification_weight: float = Field(1.0, ge=0.0, description="Weight of the class loss.")
    segmentation_weight: float = Field(1.0, ge=0.0, description="Weight of the mask loss.")
    augmentation: AugmentationConfig = Field(
        default_factory=AugmentationConfig, description="How train slices are varied."
    )
    patience: int = Field(
        15, ge=1, description="Epochs without a better val score before training stops."
    )
    precision: Precision = Field(
        "auto",
        description="Arithmetic of the network; auto: mixed_float16 on GPU, mixed_bfloat16 on "
        "CPUs with AMX and on those of AMD with AVX512-BF16, else float32.",
    )
    profile_steps: tuple[Step, Step] | None = Field(
        None, description="First and last step that TensorFlow's profiler records; null: none."
    )
    xla: bool = Field(False, description="Compile the training step by XLA.")
    seed: int = Field(
        0, ge=0, lt=2**32, description="Seeds weights, order, dropout and augmentation."
    )

    @model_validator(mode="after")
    def _learns_something(self) -> TrainingConfig:
        if not self.classification_weight and not self.segmentation_weight:
            raise ValueError("classification_weight and segmentation_weight are both 0")
        if self.loss_weighting == "uncertainty" and not (
            self.classification_weight and self.segmentation_weight
        ):
            raise ValueError("loss_weighting uncertainty needs both weights above 0")
        if self.segmentation_weight and self.overlap_loss == self.pixel_loss == "none":
            raise ValueError("overlap_loss and pixel_loss are both none")
        if self.profile_steps and self.profile_steps[0] > self.profile_steps[1]:
            raise ValueError("profile_steps ends before it begins")
        if self.freeze_encoder_epochs >= self.epochs:
            raise ValueError("freeze_encoder_epochs leaves no epoch for the encoder")
        return self
