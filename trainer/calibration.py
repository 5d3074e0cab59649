"""Fits the temperature that makes class probabilities mean what they say."""

from __future__ import annotations

import numpy as np
from scipy import optimize

_LEAST, _MOST = 0.05, 20.0


def fit_temperature(probabilities: np.ndarray, truth: np.ndarray) -> float:
    """The temperature with the smallest cross entropy (Guo et al. 2017, arXiv 1706.04599).

    Args:
        probabilities: float [slices, classes], the network's own.
        truth: int [slices].

    Returns:
        Above 1 where the network is too sure of itself; within 0.05 and 20, since slices that
        are all answered right would have it certain.
    """
    logits = np.log(np.maximum(probabilities.astype(np.float64), 1e-30))
    own = np.arange(len(truth)), truth

    def cross_entropy(exponent: float) -> float:
        scaled = logits / np.exp(exponent)
        scaled -= scaled.max(axis=1, keepdims=True)
        return float(np.mean(np.log(np.exp(scaled).sum(axis=1)) - scaled[own]))

    bounds = (np.log(_LEAST), np.log(_MOST))
    return float(np.exp(optimize.minimize_scalar(cross_entropy, bounds=bounds, method="bounded").x))
