"""Names and meaning of the network's two outputs."""

from __future__ import annotations

CLASSIFICATION = "classification"
"""float32 [batch, 4], softmax in the order of ``data.naming.CLASSES``."""

SEGMENTATION = "segmentation"
"""float32 [batch, S, S, 1], probability of tumour."""

MASK_PROBABILITY = 0.5
"""A pixel is tumour where its probability is above this."""
