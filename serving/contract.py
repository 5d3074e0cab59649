"""Names that a saved model, those who ask it and those who serve it agree on."""

from __future__ import annotations

SERVING_DEFAULT = "serving_default"
EVALUATE = "evaluate"
RAW = "raw"
TRANSFORM = "transform_features"

TF_SERVING_IMAGE = "tensorflow/serving:2.21.0"
"""The version that `serving/deploy` runs, too."""
