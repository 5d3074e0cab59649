"""Names of the features in a tf.Example as ingest writes it; ``schema.pbtxt`` declares them."""

from __future__ import annotations

IMAGE = "image/encoded"
MASK = "mask/encoded"
ID = "image/id"
LABEL = "label"
PLANE = "plane"
OFFICIAL_SPLIT = "split/official"
LEAK = "split/leak"
HEIGHT = "image/height"
WIDTH = "image/width"
AREA_FRACTION = "tumor/area_fraction"
