"""What the back end says of files, predictions and errors, as JSON."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from fastapi import Request
from fastapi.responses import JSONResponse

from data.checks import decode_grey
from data.errors import BriscError, InputError, Problem
from data.hospital.opening import kind_of
from data.hospital.scan import encode_png
from serving.app.models import Answer
from serving.app.unlike import find_differences
from serving.app.upload import TooLarge, TooSlow
from serving.client import NoAnswer, NotServed
from serving.inputs import Question, read_content
from serving.model_files import DRAWN, learnt_from_drawn

_STATUS: dict[type[BriscError], int] = {
    TooLarge: 413,
    TooSlow: 408,
    NoAnswer: 503,
    NotServed: 409,
}


def read_slices(content: bytes, name: Path, numbers: range) -> dict[str, Any]:
    """The slices ``numbers`` of a file, as the model sees them, and what there is to say of them.

    Raises:
        InputError: The file cannot be used, or none of these slices.
    """
    found = read_content(content, name, numbers)
    if not found.slices:
        raise _unusable(found.problems)
    return {
        "format": kind_of(content) or "image",
        "count": found.slices[0].count,
        "notes": list(found.notes),
        "slices": [_slice(item) for item in found.slices],
        "problems": [
            {"number": int(problem.slice_id or 1), "reason": problem.reason}
            for problem in found.problems
        ],
    }


def read_one(content: bytes, name: Path, number: int) -> Question:
    """Slice ``number`` of a file.

    Raises:
        InputError: It cannot be used.
    """
    found = read_content(content, name, range(number, number + 1))
    if not found.slices:
        raise _unusable(found.problems)
    return found.slices[0]


def describe(answer: Answer, model: Path | None) -> dict[str, Any]:
    """A prediction, and who gave it how fast; its mask is a PNG, {0, 255}.

    Args:
        answer: What the server said.
        model: The saved model, or the folder of its versions, where it is known.
    """
    found = answer.prediction
    return {
        "class": found.label,
        "probabilities": found.probabilities,
        "mask_area": found.mask_area,
        "mask": base64.b64encode(found.mask_png).decode(),
        "version": str(answer.version),
        "seconds": round(answer.seconds, 4),
        "caution": f"This model {DRAWN}." if model and _is_drawn(model, answer.version) else None,
    }


def _is_drawn(model: Path, version: int) -> bool:
    own = model / str(version)
    return learnt_from_drawn(own if own.is_dir() else model)


async def refuse(request: Request, error: Exception) -> JSONResponse:
    """The product's own error, with the status of its kind."""
    assert isinstance(error, BriscError)
    said = {"where": error.where, "reason": error.reason, "remedy": error.remedy}
    return JSONResponse({"error": said}, _STATUS.get(type(error), 422))


async def refuse_query(request: Request, error: Exception) -> JSONResponse:
    """A number or name in the address that is out of its range; it is not repeated."""
    return await refuse(
        request, InputError("the request", "a value in its address is no usable one", "Mend it")
    )


def _slice(item: Question) -> dict[str, Any]:
    grey = decode_grey(item.encoded)
    assert not isinstance(grey, str)
    return {
        "number": item.number or 1,
        "width": grey.shape[1],
        "height": grey.shape[0],
        "spacing_mm": item.spacing_mm,
        "warnings": find_differences(item.encoded),
        # What the model sees: without what a browser would do to it, such as turn it by its EXIF.
        "image": base64.b64encode(encode_png(grey)).decode(),
    }


def _unusable(problems: Sequence[Problem]) -> InputError:
    first = problems[0]
    return InputError(first.path, first.reason, first.remedy)
