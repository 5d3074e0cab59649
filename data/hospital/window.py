"""Maps values of any range to 256 grey levels by a window."""

from __future__ import annotations

import numpy as np

PERCENTILES = (0.5, 99.5)
"""The window where a file gives none: what lies outside is clipped, as a few hot voxels must not
decide how bright all others are."""
_MOST = 4_000_000


def percentile_window(values: np.ndarray) -> tuple[float, float] | None:
    """The (low, high) between which most of the finite ``values`` lie.

    Returns:
        ``None`` where no two finite values differ.
    """
    flat = values.ravel(order="K")
    sample = flat
    if flat.size > _MOST:
        # Drawn values have the same percentiles as all, for a fraction of the time; the seed is
        # fixed, so that a volume always gets one window.
        sample = flat[np.random.default_rng(0).integers(flat.size, size=_MOST)]
    with np.errstate(invalid="ignore"):
        sample = sample.astype(np.float64)
    sample = sample[np.isfinite(sample)]
    if sample.size:
        # Never between two values: the mean of two huge ones overflows.
        low, high = np.percentile(sample, PERCENTILES, method="nearest")
        if low < high:
            return float(low), float(high)
    finite = flat[np.isfinite(flat)]
    if finite.size and finite.min() < finite.max():
        return float(finite.min()), float(finite.max())
    return None


def to_grey(values: np.ndarray, low: float, high: float) -> np.ndarray:
    """Values, of any shape, to uint8: ``low`` and below is 0, ``high`` and above 255.

    What is not a number is 0: by custom it marks what lies outside of the head.
    """
    with np.errstate(all="ignore"):
        # Halved first, because the difference of two huge numbers overflows.
        share = (values.astype(np.float64) / 2 - low / 2) / (high / 2 - low / 2)
        share = np.nan_to_num(np.clip(share, 0, 1), nan=0.0)
    grey: np.ndarray = np.rint(share * 255).astype(np.uint8)
    return grey
