"""Reads the scalars of a training from its event files."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from tensorboard.util.tensor_util import make_ndarray

_PREFIX = "epoch_"
_EVERYTHING = {"tensors": 0, "scalars": 0, "images": 1}


@dataclass(frozen=True)
class Curve:
    """One scalar over the epochs.

    Attributes:
        metric: Its name, as ``loss``.
        split: ``train`` or ``validation``.
        values: By epoch, from 1.
    """

    metric: str
    split: str
    values: dict[int, float]


def read_curves(folder: Path) -> list[Curve]:
    """All scalars that Keras wrote once an epoch below ``folder``, by metric and split."""
    curves = []
    for split in ("train", "validation"):
        if not (folder / split).is_dir():
            continue
        events = EventAccumulator(str(folder / split), size_guidance=_EVERYTHING).Reload()
        for tag in events.Tags()["tensors"]:
            if not tag.startswith(_PREFIX):
                continue
            # A training that was continued may have an epoch twice: the later one holds.
            values = {
                event.step + 1: float(make_ndarray(event.tensor_proto))
                for event in events.Tensors(tag)
                if make_ndarray(event.tensor_proto).ndim == 0
            }
            curves.append(Curve(tag.removeprefix(_PREFIX), split, values))
    return sorted(curves, key=lambda curve: (curve.metric, curve.split))
