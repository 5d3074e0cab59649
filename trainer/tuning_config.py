"""Typed configuration of the search for better training parameters: section ``tuning``."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from trainer.config import TrainingConfig

Tunable = Literal[
    "learning_rate",
    "warmup_fraction",
    "weight_decay",
    "batch_size",
    "ema_decay",
    "label_smoothing",
    "class_weights",
    "overlap_loss",
    "pixel_loss",
    "tversky_beta",
    "classification_weight",
    "segmentation_weight",
]


class Range(BaseModel):
    """Numbers between two bounds."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    min: float = Field(description="Smallest value.")
    max: float = Field(description="Largest value.")
    log: bool = Field(False, description="Draw evenly on a logarithmic scale.")

    @model_validator(mode="after")
    def _drawable(self) -> Range:
        if self.min >= self.max:
            raise ValueError("min is not below max")
        if self.log and self.min <= 0:
            raise ValueError("a logarithmic scale begins above 0")
        return self


Choices = Annotated[tuple[float | str, ...], Field(min_length=2)]


class TuningConfig(BaseModel):
    """What is tried before the training; its best values take the place of the configured ones."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    trials: int | None = Field(
        None, ge=1, description="Trainings to try; null: none, section training holds as it is."
    )
    epochs: int = Field(5, ge=1, description="Epochs of each.")
    search: Literal["random", "bayesian"] = Field(
        "bayesian", description="How the next trial is chosen."
    )
    space: dict[Tunable, Range | Choices] = Field(
        {
            "learning_rate": Range(min=3e-4, max=3e-3, log=True),
            "weight_decay": Range(min=1e-5, max=1e-3, log=True),
            "segmentation_weight": (0.5, 1.0, 2.0),
        },
        min_length=1,
        description="By key of section training: {min, max, log} or a list of values.",
    )
    seed: int = Field(0, ge=0, lt=2**31, description="Decides what is tried.")

    @model_validator(mode="after")
    def _valid_in_training(self) -> TuningConfig:
        for key, values in self.space.items():
            bounds = (values.min, values.max) if isinstance(values, Range) else values
            if isinstance(values, Range) and key == "batch_size":
                raise ValueError("space.batch_size: give a list of values")
            for value in bounds:
                try:
                    TrainingConfig.model_validate({key: value})
                except ValidationError as error:
                    reason = error.errors()[0]["msg"]
                    raise ValueError(f"space.{key}: {value!r}: {reason}") from error
        return self


def tuned(
    config: TrainingConfig, values: dict[str, Any], epochs: int | None = None
) -> TrainingConfig:
    """Section ``training`` with some of its values replaced, and checked again.

    Args:
        config: The section.
        values: By key, as a search has found them.
        epochs: How long to train; ``None``: as configured.
    """
    shorter = {"epochs": epochs, "freeze_encoder_epochs": 0} if epochs else {}
    return TrainingConfig.model_validate({**config.model_dump(), **values, **shorter})
