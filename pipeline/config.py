"""Typed configuration of the pipeline itself: files of paths and secrets, and section ``gate``."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator, model_validator

from data import naming
from pipeline.store_address import StoreAddress
from trainer.config import ClusterConfig

Metric = Literal[
    "accuracy",
    "macro_f1",
    "recall_glioma",
    "recall_meningioma",
    "recall_pituitary",
    "recall_no_tumor",
    "dice_tumour",
    "dice_all",
    "iou_tumour",
    "iou_all",
    "healthy_false_mask_rate",
    "ece",
    "brier",
    "both_right",
    "contradiction",
    "tumour_without_mask",
    "no_tumour_with_mask",
]
LOWER_IS_BETTER = (
    "healthy_false_mask_rate",
    "ece",
    "brier",
    "contradiction",
    "tumour_without_mask",
    "no_tumour_with_mask",
)


class SliceKey(BaseModel):
    """A part of the test split; without a key it is the whole."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)

    label: Literal["glioma", "meningioma", "pituitary", "no_tumor"] | None = Field(
        None, alias="class", description="Only slices of this class."
    )
    plane: Literal["axial", "coronal", "sagittal"] | None = Field(
        None, description="Only slices of this plane."
    )
    leak: Literal["none", "neighbour", "copy"] | None = Field(
        None, description="Only slices of which training has a copy, only a neighbour, or neither."
    )

    def __str__(self) -> str:
        named = (("leak", self.leak), ("plane", self.plane), ("class", self.label))
        return ",".join(f"{key}={value}" for key, value in named if value) or "all"


class _Gated(BaseModel):
    # No comparison with NaN holds: such a bound would pass whatever it is given, or nothing.
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    metric: Metric = Field(description="What is judged.")
    slice: SliceKey = Field(SliceKey(), description="On which part of the test split.")

    @model_validator(mode="after")
    def _defined(self) -> _Gated:
        # TFMA refuses a model whose gated metric is NaN, whatever the model does.
        label = self.slice.label
        empty = label == naming.NO_TUMOR and self.metric in ("dice_tumour", "iou_tumour")
        tumour = label in naming.TUMOR_CLASSES and self.metric == "healthy_false_mask_rate"
        recall = self.metric.startswith("recall_") and label not in (None, self.metric[7:])
        if empty or tumour or recall:
            raise ValueError(f"{self.metric} is undefined on slice {self.slice}")
        return self


class Threshold(_Gated):
    """A bound that a model must keep to be blessed."""

    min: float | None = Field(None, description="Lowest value that passes.")
    max: float | None = Field(None, description="Highest value that passes.")

    @model_validator(mode="after")
    def _bounded(self) -> Threshold:
        if self.min is None and self.max is None:
            raise ValueError("a threshold needs min or max")
        if self.min is not None and self.max is not None and self.min > self.max:
            raise ValueError("min is above max, nothing could pass")
        return self


class Change(_Gated):
    """How far a model may fall behind the latest blessed one."""

    tolerance: float = Field(ge=0.0, description="Worsening that still passes, absolute.")


_UNSEEN = SliceKey(leak="none")
"""A model that has learnt test slices by heart is no better for it."""


class GateConfig(BaseModel):
    """What Evaluator demands before it blesses a model."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    thresholds: tuple[Threshold, ...] = Field(
        (
            Threshold(metric="accuracy", slice=_UNSEEN, min=0.93),
            Threshold(metric="macro_f1", slice=_UNSEEN, min=0.9),
            Threshold(metric="dice_tumour", slice=_UNSEEN, min=0.6),
            Threshold(metric="healthy_false_mask_rate", slice=_UNSEEN, max=0.05),
        ),
        # Evaluator blesses nothing when nothing is demanded.
        min_length=1,
        description="Bounds on the test split.",
    )
    changes: tuple[Change, ...] = Field(
        (
            Change(metric="accuracy", slice=_UNSEEN, tolerance=0.02),
            Change(metric="dice_tumour", slice=_UNSEEN, tolerance=0.02),
        ),
        description="Bounds against the latest blessed model, where there is one.",
    )


class SecretsConfig(BaseModel):
    """``secrets.yaml``: what must not be read by others; no output ever shows it."""

    # A token of digits alone is one too.
    model_config = ConfigDict(extra="forbid", frozen=True, coerce_numbers_to_str=True)

    serving_token: SecretStr | None = Field(
        None, min_length=8, description="What whoever asks `brisc serve` must show."
    )
    metadata_store: SecretStr | None = Field(
        None, description="PostgreSQL that keeps the metadata; null: SQLite in the workspace."
    )

    @field_validator("metadata_store")
    @classmethod
    def _address(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None:
            StoreAddress.parse(value.get_secret_value())
        return value

    @property
    def store(self) -> StoreAddress | None:
        """``metadata_store`` in its parts."""
        if self.metadata_store is None:
            return None
        return StoreAddress.parse(self.metadata_store.get_secret_value())


class PathsConfig(BaseModel):
    """``config.yaml``: where things are and what runs them."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    data: Path | None = Field(
        None,
        description="Folder in BRISC layout, or of several with {SPAN}; --data overrides it.",
    )
    workspace: Path = Field(
        Path("workspace"), description="Artifacts, metadata, logs; --workspace overrides it."
    )
    serving: Path | None = Field(
        None, description="Where blessed models are pushed; null: WORKSPACE/serving."
    )
    runner: Literal["local", "beam"] = Field("local", description="What orchestrates.")
    cluster: ClusterConfig = Field(
        default_factory=ClusterConfig, description="Machines that train together."
    )
    beam_args: tuple[str, ...] = Field(
        ("--runner=DirectRunner", "--direct_running_mode=in_memory", "--direct_num_workers=1"),
        description="Options of the Beam pipelines within components.",
    )

    @field_validator("beam_args")
    @classmethod
    def _engine(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for option, argument in itertools.pairwise(("", *value)):
            name, _, given = argument.rpartition("=")
            if "--runner" not in (option, name):
                continue
            engine = given.rpartition(".")[2].lower().removesuffix("runner")
            # It reports success, so nothing else would notice.
            if engine == "dask":
                raise ValueError(
                    "the DaskRunner loses all outputs of a Beam pipeline but the last one"
                )
            # It would notice when its workers have been started and paid for.
            if engine == "dataflow":
                raise ValueError(
                    "the workers of DataflowRunner see no folder of yours, and data and workspace "
                    "are folders"
                )
        return value
