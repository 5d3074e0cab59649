"""Typed configuration of the serving stage: section ``serving`` of ``params.yaml``."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field


class ServingConfig(BaseModel):
    """How a blessed model is named where TF Serving reads it."""

    model_config = ConfigDict(extra="forbid", frozen=True, protected_namespaces=())

    model_name: str = Field(
        "brisc",
        pattern=r"^[A-Za-z0-9_-]+$",
        description="Name of the model: its folder, and the name clients ask for.",
    )
