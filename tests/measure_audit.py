"""Measures matching on many times the data; the numbers are in docs/results.md.

python -m tests.measure_audit DIR 1 10 20 [--every N]
"""

from __future__ import annotations

import argparse
import hashlib
import resource
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from scipy import fft

from data.audit import matching
from data.audit.candidates import Candidates, find_candidates
from data.audit.kinds import Verdicts, judge
from data.audit.looks import Look, Looks
from data.audit.orientations import FREQUENCIES
from data.audit.pairs import find_pairs
from data.checks import check
from data.layout import scan

NOISE = 0.15
"""Length of the noise beside a descriptor's own of 1: a likeness of 0.98 between two copies."""
GRAIN = 2
"""Grey values, standard deviation, of the noise of each pixel."""
_BATCH = 512


def main(folder: Path, factors: list[int], every: int) -> None:
    """Prints slices, processor seconds of the search and in all, pairs and peak memory.

    Args:
        folder: In BRISC layout.
        factors: How many times the data.
        every: Takes each so-manieth slice alone.
    """
    looks = Looks()
    check(scan(folder), look=looks)
    real = [looks.images[name] for name in sorted(looks.images)][::every]
    del looks
    for factor in factors:
        many = [look for seed in range(factor) for look in _noisy(real, seed)]
        ids = [f"{number:07d}" for number in range(len(many))]
        _report(ids, many, len(real))


def _report(ids: Sequence[str], looks: Sequence[Look], period: int) -> None:
    searched, compared = [], []

    def search(*asked: Any) -> Candidates:
        used = time.process_time()
        found = find_candidates(*asked)
        searched.append((time.process_time() - used, len(found.first)))
        return found

    def compare(*asked: Any) -> Verdicts:
        compared.append(len(asked[2].first))
        return judge(*asked)

    matching.find_candidates, matching.judge = search, compare
    start, used = time.perf_counter(), time.process_time()
    pairs = find_pairs(ids, looks)
    elapsed, used = time.perf_counter() - start, time.process_time() - used
    copies = [(int(pair.a), int(pair.b)) for pair in pairs if pair.is_copy]
    # A plant is found where any copy of its source is a copy of it.
    found = {end for pair in copies if pair[0] % period == pair[1] % period for end in pair}
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(
        f"{len(ids)} slices: search {searched[0][0]:.1f} CPU s, {searched[0][1]} candidates, "
        f"{sum(compared)} compared; "
        f"in all {used:.1f} CPU s, {elapsed:.0f} s; {len(copies)} copies, "
        f"{len(pairs) - len(copies)} neighbours; planted found "
        f"{len(found) / len(ids):.4f}; peak {peak:.0f} MiB",
        flush=True,
    )


def _noisy(looks: Sequence[Look], seed: int) -> list[Look]:
    """The slices with blurred noise and grain, as other files."""
    if seed == 0:
        return list(looks)
    rng = np.random.default_rng(seed)
    noisy = []
    for start in range(0, len(looks), _BATCH):
        batch = looks[start : start + _BATCH]
        spectrum = fft.dctn(
            np.stack([look.head for look in batch]).astype(np.float32), axes=(1, 2), norm="ortho"
        )
        low = spectrum[:, :FREQUENCIES, :FREQUENCIES]
        length = np.sqrt((low**2).sum(axis=(1, 2)) - low[:, 0, 0] ** 2)
        noise = rng.normal(size=low.shape) * (NOISE / FREQUENCIES * length)[:, None, None]
        noise[:, 0, 0] = 0
        low += noise
        heads = fft.idctn(spectrum, axes=(1, 2), norm="ortho")
        heads = np.rint(heads + GRAIN * rng.standard_normal(heads.shape, np.float32))
        for look, head in zip(batch, np.clip(heads, 0, 255).astype(np.uint8), strict=True):
            digest = hashlib.sha256(head).digest()
            noisy.append(replace(look, head=head, file_digest=digest, pixel_digest=digest))
    return noisy


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("factors", type=int, nargs="+")
    parser.add_argument("--every", type=int, default=1)
    main(**vars(parser.parse_args()))
