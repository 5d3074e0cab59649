"""Measures the search for candidates on many times the data; the numbers are in docs/results.md.

python -m tests.measure_audit DIR 1 10 20
"""

from __future__ import annotations

import resource
import sys
import time
from pathlib import Path

import numpy as np

from data.audit.candidates import find_candidates
from data.audit.kinds import COARSE_SIDE, shrink
from data.audit.looks import Looks
from data.audit.orientations import describe
from data.audit.pairs import LEAST_LIKENESS
from data.checks import check
from data.layout import scan

NOISE = 0.15
"""Length of the noise beside the descriptor's own of 1: a likeness of 0.98 between two copies."""


def main(folder: Path, factors: list[int]) -> None:
    """Prints slices, rows found, share of the noisy copies found, seconds and peak memory."""
    looks = Looks()
    check(scan(folder), look=looks)
    heads = np.stack([look.head for look in looks.images.values()])
    real = describe(shrink(heads, COARSE_SIDE))
    del looks, heads
    for factor in factors:
        many = np.concatenate([_noisy(real, seed) for seed in range(factor)])
        start, used = time.perf_counter(), time.process_time()
        found = find_candidates(many, LEAST_LIKENESS)
        elapsed, used = time.perf_counter() - start, time.process_time() - used
        beside = found.first[found.second - found.first == len(real)]
        share = len(np.unique(beside)) / (len(real) * max(factor - 1, 1))
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        print(
            f"{len(many)} slices: {len(found.first)} candidates, copies of the copy before found "
            f"{share:.4f}, {elapsed:.1f} s, {used:.1f} CPU s, {peak:.0f} MiB"
        )


def _noisy(descriptors: np.ndarray, seed: int) -> np.ndarray:
    if seed == 0:
        return descriptors
    noise = np.random.default_rng(seed).normal(size=descriptors.shape).astype(np.float32)
    noisy = descriptors + noise * np.float32(NOISE / np.sqrt(descriptors.shape[1]))
    return noisy / np.linalg.norm(noisy, axis=1, keepdims=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]), [int(factor) for factor in sys.argv[2:]])
