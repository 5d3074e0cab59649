"""Typed configuration of the data stage: section ``split`` of ``params.yaml``."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field


class SplitConfig(BaseModel):
    """How slices are divided into train, val and test.

    The official test part is kept as published; val is taken out of the official train part,
    stratified by class and plane.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    validation_fraction: float = Field(
        0.1, gt=0.0, lt=1.0, description="Share of the official train part that becomes val."
    )
    seed: int = Field(0, ge=0, description="Decides which slices become val, and which are kept.")
    limit: int | None = Field(
        None,
        ge=1,
        description="Slices kept of each official part, stratified by class and plane; null: all.",
    )
