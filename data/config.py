"""Typed configuration of the data stage: sections ``split`` and ``drift`` of ``params.yaml``."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

Strategy = Literal["official", "deduplicated", "grouped"]


class SplitConfig(BaseModel):
    """How slices are divided into train, val and test.

    ``official`` keeps the test part as published and takes val out of train, stratified by class
    and plane. ``deduplicated`` does so too, but leaves out what train has of copies of test
    slices. ``grouped`` redraws all three, so that no patient is in two of them.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    strategy: Strategy = Field("official", description="official, deduplicated or grouped.")
    groups: Path | None = Field(
        None,
        description="CSV with columns image and group (patient), for grouped; null: groups.csv in "
        "the data folder, where there is one.",
    )
    folds: int | None = Field(
        None,
        ge=2,
        le=100,
        description="Cross-validation of grouped in so many runs; null: one run, a fifth is test.",
    )
    validation_fraction: float = Field(
        0.1, gt=0.0, lt=1.0, description="Share of what is not test that becomes val."
    )
    seed: int = Field(0, ge=0, description="Decides which slices go where, and which are kept.")
    limit: int | None = Field(
        None,
        ge=1,
        description="Slices kept of each official part, stratified by class and plane; null: all.",
    )

    @model_validator(mode="after")
    def _consistent(self) -> SplitConfig:
        if self.strategy != "grouped":
            for name in ("groups", "folds"):
                if getattr(self, name) is not None:
                    raise ValueError(f"{name} needs strategy grouped, not {self.strategy}")
        if self.strategy != "official" and self.validation_fraction > 0.5:
            raise ValueError(f"validation_fraction is at most 0.5 with strategy {self.strategy}")
        return self


class Limits(BaseModel):
    """How far the distribution of each feature may lie from another, 0 to 1; 1 is never exceeded.

    Classes and planes: the largest difference of a value's share (L-infinity). The others: the
    Jensen-Shannon divergence of histograms over 20 common bins, in bits.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    label: float = Field(0.1, ge=0.0, le=1.0, description="Share of a class.")
    plane: float = Field(0.1, ge=0.0, le=1.0, description="Share of a plane.")
    height: float = Field(0.05, ge=0.0, le=1.0, description="Height in pixels.")
    width: float = Field(0.05, ge=0.0, le=1.0, description="Width in pixels.")
    tumor_area: float = Field(
        0.05,
        ge=0.0,
        le=1.0,
        description="Share of a slice that is tumour; 0 without one.",
    )


class DriftConfig(BaseModel):
    """What distributions are compared with, and what follows."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    splits: Limits = Field(default_factory=Limits, description="Of val and test from train.")
    runs: Limits = Field(
        default_factory=Limits,
        description="Of train and test from those of the last other data set in the workspace; "
        "with within: stop, of the data that the model in service was trained on.",
    )
    above: Literal["train", "stop"] = Field(
        "train",
        description="stop: a distance above its limit ends the run before it trains, as an error.",
    )
    within: Literal["train", "stop"] = Field(
        "train",
        description="stop: where all distances of runs are within their limits, the run ends "
        "before it trains, and the model in service stays; no error.",
    )
