"""Measures the scores of outlines on real masks: against MONAI's, and between two annotators.

`python -m tests.measure_boundary brisc2025`, in an environment that has MONAI, which is no
dependency: docs/results.md has what it printed. It needs no TensorFlow.
"""

from __future__ import annotations

import hashlib
import sys
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path

import numpy as np
from PIL import Image

from data.checks import MASK_THRESHOLD
from data.layout import Slice, scan
from trainer.evaluation import boundary, overlap

Pair = tuple[np.ndarray, np.ndarray]


def grey(path: Path) -> np.ndarray:
    return np.asarray(Image.open(path).convert("L"))


def masks(slices: Iterable[Slice]) -> list[np.ndarray]:
    return [grey(item.mask) > MASK_THRESHOLD for item in slices if item.mask is not None]


def distorted(truths: list[np.ndarray]) -> list[Pair]:
    """Each mask beside itself shifted, cut in half or with a block that was not there."""
    rng = np.random.default_rng(0)
    pairs = []
    for number, truth in enumerate(truths):
        predicted = np.roll(truth, rng.integers(-12, 13, 2), (0, 1))
        if number % 3 == 0:
            row, column = (rng.integers(0, side - 20) for side in truth.shape)
            predicted[row : row + rng.integers(1, 20), column : column + rng.integers(1, 20)] = True
        if number % 5 == 0:
            predicted[:, : truth.shape[1] // 2] = False
        pairs.append((truth, predicted))
    return pairs


def against_monai(pairs: list[Pair]) -> None:
    import torch
    from monai.metrics import compute_hausdorff_distance, compute_surface_dice

    differences = []
    for pair in pairs:
        truth, predicted = (torch.tensor(mask)[None, None].float() for mask in pair)
        expected = (
            float(compute_hausdorff_distance(predicted, truth, True, percentile=95)),
            float(compute_surface_dice(predicted, truth, [boundary.TOLERANCE], True)),
        )
        found = boundary.compare(*pair)
        # MONAI's distance to an empty mask is infinite.
        if np.isfinite(expected[0]):
            differences.append(
                (abs(found.hd95 - expected[0]), abs(found.surface_dice - expected[1]))
            )
    hd95, surface_dice = np.max(differences, axis=0)
    print(f"{len(differences)} pairs, largest difference from MONAI:", end=" ")
    print(f"HD95 {hd95:.1e} pixels, surface Dice {surface_dice:.1e}")


def annotated_twice(slices: Iterable[Slice]) -> None:
    twins: dict[bytes, list[Slice]] = defaultdict(list)
    for item in slices:
        if item.mask is not None:
            pixels = grey(item.image)
            twins[hashlib.sha256(f"{pixels.shape}".encode() + pixels.tobytes()).digest()].append(
                item
            )
    pairs = [
        (first, other)
        for same in twins.values()
        for first, *others in [masks(same)]
        for other in others
    ]
    found = [boundary.compare(*pair) for pair in pairs]
    counts = np.array([((a & b).sum(), b.sum(), a.sum()) for a, b in pairs])
    print(
        f"{len(pairs)} pairs annotated twice, means: Dice {overlap.dice(counts).mean():.3f},",
        end=" ",
    )
    print(f"HD95 {np.mean([item.hd95 for item in found]):.1f} pixels,", end=" ")
    print(f"surface Dice {np.mean([item.surface_dice for item in found]):.3f}")


if __name__ == "__main__":
    everything = scan(Path(sys.argv[1])).slices
    annotated_twice(everything)
    tested = [item for item in everything if item.official_split == "test"]
    against_monai(distorted(masks(tested)[::4]))
