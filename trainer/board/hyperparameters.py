"""What a training was set to, as TensorBoard compares trainings by it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from trainer.config import ModelConfig, TrainingConfig

Hyperparameters = dict[str, bool | int | float | str]


def hyperparameters(model: ModelConfig, training: TrainingConfig) -> Hyperparameters:
    """The values of both sections by their full keys; what is no scalar as text."""
    sections = {"model": model, "training": training}
    return {
        key: value if isinstance(value, bool | int | float | str) else str(value)
        for name, section in sections.items()
        for key, value in _flattened(name, section.model_dump(mode="json"))
    }


def _flattened(prefix: str, values: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    for name, value in values.items():
        key = f"{prefix}.{name}"
        if isinstance(value, Mapping):
            yield from _flattened(key, value)
        else:
            yield key, value
