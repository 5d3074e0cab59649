"""Typed configuration of the serving stage: section ``serving`` of ``params.yaml``."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field


class ServingConfig(BaseModel):
    """How a blessed model is named where TF Serving reads it, and how it is tried before."""

    model_config = ConfigDict(extra="forbid", frozen=True, protected_namespaces=())

    model_name: str = Field(
        "brisc",
        pattern=r"^[A-Za-z0-9_-]+$",
        description="Name of the model: its folder, and the name clients ask for.",
    )
    infra_check: Literal["embedded", "docker", "none"] = Field(
        "embedded",
        description="What serves a candidate before it is pushed: the embedded server, TF Serving "
        "in Docker (TFX's InfraValidator), or nothing.",
    )
    infra_check_slices: int = Field(
        4, ge=1, description="Test slices that it is asked about there."
    )
