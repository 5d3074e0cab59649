"""Names that a saved model and those who ask it agree on."""

from __future__ import annotations

SERVING_DEFAULT = "serving_default"
EVALUATE = "evaluate"
RAW = "raw"
TRANSFORM = "transform_features"
