"""Asks a saved model about a folder of slices, each at its own size, without the pipeline."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np

from data.checks import MASK_THRESHOLD, decode_grey
from data.errors import InputError
from data.layout import Slice
from serving.predictor import Predictor
from trainer.evaluation.row import About, Row, compare

_BATCH = 8


def evaluate_slices(
    predictor: Predictor,
    slices: Sequence[Slice],
    leak: Mapping[str, str],
    groups: Mapping[str, str],
    progress: Callable[[int], None] | None = None,
) -> list[Row]:
    """Asks the model for every slice and compares masks at the slice's own size.

    Args:
        predictor: The model.
        slices: Slices whose files have been checked.
        leak: What an audit says of test slices, by id.
        groups: Which slices may be of one patient: a group's name, by id.
        progress: Called with the number of slices that each batch has finished.
    """
    rows: list[Row] = []
    for start in range(0, len(slices), _BATCH):
        batch = slices[start : start + _BATCH]
        predictions = predictor.predict([item.image.read_bytes() for item in batch])
        for item, found in zip(batch, predictions, strict=True):
            about = About(
                id=item.id,
                split=item.official_split,
                plane=item.plane,
                leak=leak.get(item.id, ""),
                group=groups[item.id],
                label=item.label,
            )
            mask = found.mask
            truth = read_truth(item, mask.shape)
            rows.append(compare(about, truth, found.label, found.probabilities, mask))
        if progress is not None:
            progress(len(batch))
    return rows


def read_truth(item: Slice, shape: tuple[int, ...]) -> np.ndarray:
    """The true mask of a slice of some shape, bool [height, width]."""
    if item.mask is None:
        return np.zeros(shape, bool)
    pixels = decode_grey(item.mask.read_bytes())
    if isinstance(pixels, str):
        raise InputError(item.mask, pixels, "Replace the file")
    return pixels > MASK_THRESHOLD
