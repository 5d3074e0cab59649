"""Ours: what feeds a training, Transform's records to augmented batches."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import tensorflow as tf

from data.layout import Slice, scan
from data.naming import CLASSES
from preprocessing.config import PreprocessingConfig
from preprocessing.decode import boxed_image, boxed_mask
from tests.bench.side import answer, seconds
from tests.records import write_records
from trainer.config import AugmentationConfig
from trainer.inputs import training_batches

_AHEAD = 40


def main(data: str, size: int, batch: int, batches: int, folder: str, name: str) -> None:
    """Serves as a side, seconds a batch.

    Args:
        data: In BRISC layout.
        size: Side of the square, pixels.
        batch: Slices a batch.
        batches: How many are timed.
        folder: Where the slices are written, resized, as records and as files for the peer.
        name: Of its one variant.
    """
    slices = [item for item in scan(Path(data)).slices if item.official_split == "train"]
    resized = Path(folder)
    files = write_records(resized / "train.tfrecord.gz", boxed(slices, size, resized))
    made = training_batches(files, size, batch, AugmentationConfig(), slices=len(slices), seed=0)
    elements = iter(made)

    def measure() -> float:
        # What was made ahead while the other side had its turn.
        for _ in range(_AHEAD):
            next(elements)
        return seconds(lambda: next(elements), batches)

    answer({name: measure})


def boxed(
    slices: list[Slice], size: int, folder: Path
) -> Iterator[tuple[np.ndarray, np.ndarray, int]]:
    """Letter-boxes slices for ``write_records``, and leaves them in ``folder`` as PNG."""
    config = PreprocessingConfig(image_size=size)
    for name in ("image", "mask"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    for item in slices:
        image = boxed_image(tf.constant(item.image.read_bytes()), config)
        mask = (
            boxed_mask(tf.constant(item.mask.read_bytes()), config)
            if item.mask is not None
            else tf.zeros_like(image)
        )
        for name, pixels in (("image", image), ("mask", mask)):
            tf.io.write_file(str(folder / name / f"{item.id}.png"), tf.io.encode_png(pixels))
        yield image.numpy()[..., 0], mask.numpy()[..., 0] > 0, CLASSES.index(item.label)


if __name__ == "__main__":
    main(**json.loads(sys.argv[1]))
