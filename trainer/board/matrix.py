"""A confusion matrix as a picture."""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from data import naming

_CELL = 72
_LEFT, _TOP = 100, 48
_PAPER, _INK = (255, 255, 255), (20, 20, 20)
_FULL = np.array([8, 81, 156])


def draw_confusion(matrix: np.ndarray) -> np.ndarray:
    """Draws counts and shares of each row; darker is more.

    Args:
        matrix: Slices by true (row) and predicted class (column), [4, 4].

    Returns:
        RGB uint8 [height, width, 3].
    """
    extent = _CELL * len(matrix)
    picture = Image.new("RGB", (_LEFT + extent, _TOP + extent), _PAPER)
    pen = ImageDraw.Draw(picture)
    font = ImageFont.load_default(13)
    shares = matrix / np.maximum(matrix.sum(axis=1, keepdims=True), 1)
    middle = [_CELL * place + _CELL // 2 for place in range(len(matrix))]
    pen.text((4, 4), "true \\ predicted", _INK, font)
    for place, name in zip(middle, naming.CLASSES, strict=True):
        pen.text((_LEFT + place, _TOP - 8), name, _INK, font, anchor="ms")
        pen.text((_LEFT - 8, _TOP + place), name, _INK, font, anchor="rm")
    for (row, column), share in np.ndenumerate(shares):
        x, y = _LEFT + middle[column], _TOP + middle[row]
        half = _CELL // 2 - 1
        shade = np.array(_PAPER) + (_FULL - _PAPER) * share
        pen.rectangle((x - half, y - half, x + half, y + half), tuple(shade.astype(int)))
        text = f"{matrix[row, column]:.0f}\n{share:.0%}"
        ink = _PAPER if share > 0.5 else _INK
        pen.multiline_text((x, y), text, ink, font, anchor="mm", align="center")
    return np.asarray(picture)
