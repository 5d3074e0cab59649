"""``brisc predict``: class and mask of single slices."""

from __future__ import annotations

import contextlib
import json
import sys
import tempfile
from collections.abc import Iterator
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from data.errors import ConfigurationError, InputError

if TYPE_CHECKING:
    from serving.client import Client
    from serving.inputs import Question
    from serving.prediction import Prediction
    from serving.predictor import Predictor


class Plane(str, Enum):
    """Along which plane a volume is cut."""

    axial = "axial"
    coronal = "coronal"
    sagittal = "sagittal"


def predict(
    images: Annotated[
        list[Path], typer.Argument(help="Slices: JPEG, PNG, BMP, GIF, DICOM or NIfTI.")
    ],
    model: Annotated[
        Path | None, typer.Option(help="Saved model, or the folder of its versions.")
    ] = None,
    server: Annotated[
        str | None,
        typer.Option(help="Instead of a model: http://HOST:PORT (REST) or grpc://HOST:PORT."),
    ] = None,
    model_name: Annotated[str, typer.Option(help="What the server calls the model.")] = "brisc",
    secrets: Annotated[
        Path | None,
        typer.Option(
            help="File with the server's serving_token; default: secrets.yaml where it exists."
        ),
    ] = None,
    overlay: Annotated[
        Path | None, typer.Option(help="Folder for STEM_mask.png and STEM_overlay.png.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON, a list.")] = False,
    number: Annotated[
        int | None,
        typer.Option("--slice", min=1, help="Frame of DICOM, slice of NIfTI, from 1; else all."),
    ] = None,
    plane: Annotated[
        Plane | None, typer.Option(help="How NIfTI volumes are cut; else as they were taken.")
    ] = None,
) -> None:
    """Says what the tumour is and where, for each slice.

    Unusable files are listed, the others are answered, and the command then exits 1. Of a file
    with several frames or slices, outputs are named STEM_f0001_mask.png and so on. Areas in mm²
    are given where the file tells the spacing of its pixels.

    Example: brisc predict slice.jpg --model work/serving/brisc --overlay masks

    Example: brisc predict slice.jpg --server http://127.0.0.1:8501
    """
    from serving.inputs import read_questions, require_own_stems
    from serving.model_files import DRAWN, find_saved_model, learnt_from_drawn

    if (model is None) == (server is None):
        raise ConfigurationError("--model, --server", "exactly one of them answers", "Give one")
    saved_model = find_saved_model(model) if model is not None else None
    found = read_questions(images, number, plane.value if plane else None)
    if overlay is not None:
        require_own_stems(found.slices)
        if found.slices:
            _require_writable(overlay)
    for note in found.notes:
        print(f"note: {note}", file=sys.stderr)
    if saved_model is not None and learnt_from_drawn(saved_model):
        print(f"note: {model} {DRAWN}", file=sys.stderr)
    answers: list[dict[str, Any]] = []
    if found.slices:
        with _predictor(saved_model, server, model_name, secrets) as predictor:
            for item in found.slices:
                prediction = predictor.predict([item.encoded])[0]
                answers.append(_answer(item, prediction))
                if overlay is not None:
                    answers[-1] |= _write(item, prediction, overlay)
                if not as_json:
                    print(_sentence(answers[-1]))
    if as_json:
        print(json.dumps(answers, indent=2))
    if found.problems:
        for problem in found.problems:
            print(problem, file=sys.stderr)
        raise InputError(
            f"{len(found.problems)} of {len(found.slices) + len(found.problems)} slices "
            "could not be read",
            "see above",
            "Mend their files or leave them out",
        )


@contextlib.contextmanager
def _predictor(
    saved_model: Path | None, server: str | None, model_name: str, secrets: Path | None
) -> Iterator[Predictor | Client]:
    from pipeline.console import hush_tensorflow

    # The client by gRPC needs it, too.
    hush_tensorflow()
    if saved_model is not None:
        from serving.predictor import Predictor

        yield Predictor(saved_model)
        return
    from pipeline.configuration import load_secrets
    from serving.client import Client, ClientOptions

    assert server is not None
    options = ClientOptions(model_name=model_name, token=load_secrets(secrets).serving_token)
    with Client(server, options) as client:
        yield client


def _answer(item: Question, found: Prediction) -> dict[str, Any]:
    answer: dict[str, Any] = {
        "image": str(item.path),
        "class": found.label,
        "probabilities": found.probabilities,
        "mask_area": found.mask_area,
    }
    if item.number is not None:
        answer["slice"] = item.number
    if item.spacing_mm is not None:
        vertical, horizontal = item.spacing_mm
        answer["spacing_mm"] = [vertical, horizontal]
        answer["mask_area_mm2"] = found.mask_area * vertical * horizontal
    return answer


def _sentence(answer: dict[str, Any]) -> str:
    shares = ", ".join(f"{name} {value:.3f}" for name, value in answer["probabilities"].items())
    where = f"{answer['image']} slice {answer['slice']}" if "slice" in answer else answer["image"]
    area = f", {answer['mask_area_mm2']:.1f} mm²" if "mask_area_mm2" in answer else ""
    picture = f", {answer['overlay']}" if "overlay" in answer else ""
    mask = f"mask {answer['mask_area']} pixels{area}{picture}"
    return f"{where}: {answer['class']} ({shares}), {mask}"


def _require_writable(folder: Path) -> None:
    """Makes the folder, and sees that files can be written there before a model is loaded."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise _unwritable(folder, error) from error


def _write(item: Question, found: Prediction, folder: Path) -> dict[str, str]:
    from data.checks import decode_grey
    from serving.overlay import draw_overlay

    grey = decode_grey(item.encoded)
    assert not isinstance(grey, str)
    mask, overlay = folder / f"{item.stem}_mask.png", folder / f"{item.stem}_overlay.png"
    try:
        mask.write_bytes(found.mask_png)
        draw_overlay(grey, found.mask).save(overlay)
    except OSError as error:
        raise _unwritable(folder, error) from error
    return {"mask": str(mask), "overlay": str(overlay)}


def _unwritable(folder: Path, error: OSError) -> InputError:
    return InputError(
        folder, f"cannot be written ({error.strerror})", "Give --overlay another folder"
    )
