"""95 % intervals of scores by the bootstrap (Efron 1979), whole groups of slices at a time.

Slices of one patient, and copies, are not independent: drawn one by one they would make
intervals too narrow. So what is drawn with replacement is groups (cluster bootstrap, Field and
Welsh 2007), and the interval is that of the percentiles.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Bootstrap:
    """How intervals are made."""

    replicates: int = 1000
    level: float = 0.95
    seed: int = 0


def intervals(
    terms: np.ndarray,
    groups: Sequence[str],
    scores: Callable[[np.ndarray], dict[str, float]],
    how: Bootstrap,
) -> dict[str, tuple[float, float]]:
    """The interval of each score.

    Args:
        terms: What each slice adds to the sums that ``scores`` takes, float64 [slices, sums].
        groups: The group of each slice.
        scores: From the sums of some slices to the values of scores.
        how: Replicates, level and seed.

    Returns:
        {score: (lower, upper)}; NaN where there are fewer than two groups, or where no replicate
        defines the score. Replicates that leave it undefined count for nothing.
    """
    names, member = np.unique(np.asarray(groups, object).astype(str), return_inverse=True)
    number = len(names)
    if number < 2:
        return dict.fromkeys(scores(terms.sum(axis=0)), (float("nan"), float("nan")))
    by_group = np.zeros((number, terms.shape[1]))
    np.add.at(by_group, member, terms)
    generator = np.random.default_rng(how.seed)
    drawn = generator.multinomial(number, np.full(number, 1 / number), size=how.replicates)
    replicates = [scores(total) for total in drawn @ by_group]
    tail = 50 * (1 - how.level)
    return {name: _range([r[name] for r in replicates], tail) for name in replicates[0]}


def _range(values: Sequence[float], tail: float) -> tuple[float, float]:
    defined = np.asarray(values)[~np.isnan(values)]
    if not defined.size:
        return float("nan"), float("nan")
    lower, upper = np.percentile(defined, [tail, 100 - tail])
    return float(lower), float(upper)
