"""Names of the features that Transform writes; the trainer reads them."""

from __future__ import annotations

IMAGE = "image_png"
"""Letter-boxed grey slice, PNG bytes of uint8 [image_size, image_size, 1]."""

MASK = "mask_png"
"""Letter-boxed mask, PNG bytes of uint8 {0, 255} [image_size, image_size, 1]."""

LABEL = "label_index"
"""int64, position in ``data.naming.CLASSES``."""

MEAN = "intensity_mean"
"""float32, mean grey value (0..255) over the train split; the same in each example."""

DEVIATION = "intensity_deviation"
"""float32, standard deviation of the grey values (0..255) over the train split."""
