"""PyTorch's DataLoader, Pillow or OpenCV, and albumentations: files to augmented batches."""

from __future__ import annotations

import functools
import itertools
import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import albumentations as A
import cv2
import numpy as np
import torch
from PIL import Image
from torch.utils.data import DataLoader, Dataset, RandomSampler

from tests.bench.side import answer, seconds

_ENDLESS = 10**9
_PREFETCH = 2


def read_pillow(path: str) -> np.ndarray:
    """Grey values, uint8 [height, width]."""
    with Image.open(path) as image:
        return np.asarray(image.convert("L"))


def read_opencv(path: str) -> np.ndarray:
    """The same."""
    return cv2.imread(path, cv2.IMREAD_GRAYSCALE)


class Slices(Dataset):
    """Slices and masks, letter-boxed where they are larger, and varied as ours are."""

    def __init__(
        self, pairs: list[tuple[str, str | None]], size: int, read: Callable[[str], np.ndarray]
    ) -> None:
        self._pairs = pairs
        self._read = read
        self._vary = A.Compose(
            [
                A.LongestMaxSize(size, area_for_downscale="image"),
                A.PadIfNeeded(size, size, border_mode=cv2.BORDER_CONSTANT),
                A.HorizontalFlip(p=0.5),
                A.Affine(
                    scale=(0.85, 1.15),
                    translate_percent=(-0.06, 0.06),
                    rotate=(-15, 15),
                    p=1,
                ),
                A.RandomGamma((80, 120), p=1),
                A.RandomBrightnessContrast(0.08, 0.2, p=1),
                A.GaussNoise(std_range=(0.0, 0.02), p=1),
            ]
        )

    def __len__(self) -> int:
        return len(self._pairs)

    def __getitem__(self, index: int) -> tuple[torch.Tensor, torch.Tensor]:
        image_path, mask_path = self._pairs[index]
        image = self._read(image_path)
        mask = np.zeros_like(image) if mask_path is None else self._read(mask_path)
        varied = self._vary(image=image, mask=mask)
        grey = torch.from_numpy(varied["image"]).float()
        # Three channels, as the encoder takes them.
        image = ((grey - 40.0) / 50.0).expand(3, -1, -1)
        return image, (torch.from_numpy(varied["mask"]) > 127).float()


def main(data: str, size: int, batch: int, batches: int, resized: bool, workers: int) -> None:
    """Serves as a side, seconds a batch.

    Args:
        data: In BRISC layout, or, where ``resized``, of folders ``image`` and ``mask``.
        size: Side of the square, pixels.
        batch: Slices a batch.
        batches: How many are timed.
        resized: Whether files have that size already.
        workers: Processes of the loader.
    """
    cv2.setNumThreads(0)
    pairs = (_resized if resized else _as_published)(Path(data))
    variants = {}
    for name, read in (("Pillow", read_pillow), ("OpenCV", read_opencv)):
        loader = DataLoader(
            Slices(pairs, size, read),
            batch,
            sampler=RandomSampler(pairs, True, _ENDLESS),
            num_workers=workers,
            prefetch_factor=_PREFETCH,
            drop_last=True,
        )
        variants[f"DataLoader, {name}"] = functools.partial(
            _measure, iter(loader), _PREFETCH * workers, batches
        )
    answer(variants)


def _measure(elements: Iterator[object], ahead: int, batches: int) -> float:
    # What was made ahead while the other side had its turn.
    for _ in itertools.repeat(None, ahead):
        next(elements)
    return seconds(lambda: next(elements), batches)


def _as_published(root: Path) -> list[tuple[str, str | None]]:
    masks = root / "segmentation_task" / "train" / "masks"
    images = sorted((root / "classification_task" / "train").glob("*/*.jpg"))
    pairs = [(image, masks / f"{image.stem}.png") for image in images]
    return [(str(image), str(mask) if mask.is_file() else None) for image, mask in pairs]


def _resized(root: Path) -> list[tuple[str, str | None]]:
    images = sorted((root / "image").glob("*.png"))
    return [(str(image), str(root / "mask" / image.name)) for image in images]


if __name__ == "__main__":
    main(**json.loads(sys.argv[1]))
