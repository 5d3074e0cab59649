"""Pictures of the slices on which a model does worst, truth and answer side by side."""

from __future__ import annotations

import base64
import html
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from PIL import Image

from data.checks import decode_grey
from data.layout import Slice
from serving.overlay import draw_overlay
from serving.predictor import Predictor
from trainer.evaluation.folder import read_truth
from trainer.evaluation.row import Row

MOST = 12
"""Slices shown."""
_SIDE = 224


@dataclass(frozen=True)
class Case:
    """One slice, as two JPEGs: the true mask over it, and the answered one."""

    row: Row
    truth: bytes
    answer: bytes


def worst_rows(rows: Sequence[Row]) -> list[Row]:
    """The slices with a wrong class before those with the smallest Dice."""
    return sorted(rows, key=lambda row: (row.predicted == row.label, row.dice, row.id))[:MOST]


def draw_cases(
    predictor: Predictor, rows: Sequence[Row], slices: Mapping[str, Slice]
) -> list[Case]:
    """Asks the model once more for each row's slice and draws both masks."""
    cases = []
    for row in rows:
        item = slices[row.id]
        encoded = item.image.read_bytes()
        (found,) = predictor.predict([encoded])
        grey = decode_grey(encoded)
        assert isinstance(grey, np.ndarray)
        truth = read_truth(item, grey.shape)
        cases.append(Case(row, _jpeg(grey, truth), _jpeg(grey, found.mask)))
    return cases


def draw_case(case: Case) -> str:
    """A case as HTML."""
    row = case.row
    pictures = "".join(
        f'<img alt="{kind} mask of {html.escape(row.id, quote=True)}" '
        f'src="data:image/jpeg;base64,{base64.b64encode(picture).decode()}">'
        for kind, picture in (("true", case.truth), ("answered", case.answer))
    )
    said = f"{row.predicted} at {row.probability:.2f}, Dice {row.dice:.3f}"
    known = f"{row.label}, {row.plane}{f', leak {row.leak}' if row.leak else ''}"
    return (
        f"<figure>{pictures}<figcaption>{html.escape(row.id)}<br>true: {known}<br>"
        f"answer: {said}</figcaption></figure>"
    )


def _jpeg(grey: np.ndarray, mask: np.ndarray) -> bytes:
    picture = draw_overlay(grey, mask)
    picture.thumbnail((_SIDE, _SIDE), Image.Resampling.LANCZOS)
    buffer = io.BytesIO()
    picture.save(buffer, "JPEG", quality=80)
    return buffer.getvalue()
