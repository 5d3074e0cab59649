"""Typed configuration of the preprocessing stage."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

ImageSize = Annotated[int, Field(ge=32, le=1024, multiple_of=32)]
"""Side of the network's square input in pixels; the U-Net halves it five times."""


class PreprocessingConfig(BaseModel):
    """How a slice becomes the network's square and back; derived from section ``model``."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    image_size: ImageSize = Field(256, description="Side of the square, pixels.")
    keep_aspect: bool = Field(True, description="Letter-box a slice; else stretch it.")
