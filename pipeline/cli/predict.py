"""``brisc predict``: class and mask of single slices."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from data.errors import InputError, Problem

if TYPE_CHECKING:
    import numpy as np

    from serving.predictor import Prediction


def predict(
    images: Annotated[list[Path], typer.Argument(help="Slices: JPEG, PNG, BMP or GIF.")],
    model: Annotated[Path, typer.Option(help="Saved model, or the folder of its versions.")],
    overlay: Annotated[
        Path | None, typer.Option(help="Folder for STEM_mask.png and STEM_overlay.png.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON, a list.")] = False,
) -> None:
    """Says what the tumour is and where, for each slice.

    Unusable files are listed, the others are answered, and the command then exits 1.

    Example: brisc predict slice.jpg --model work/serving/brisc --overlay masks
    """
    from serving.model_files import find_saved_model

    saved_model = find_saved_model(model)
    if overlay is not None:
        _require_own_stems(images)
    slices, problems = _read(images)
    answers: list[dict[str, Any]] = []
    if slices:
        from pipeline.console import hush_tensorflow

        hush_tensorflow()
        from serving.predictor import Predictor

        predictor = Predictor(saved_model)
        for path, (encoded, grey) in slices.items():
            found = predictor.predict([encoded])[0]
            answers.append(_answer(path, found))
            if overlay is not None:
                answers[-1] |= _write(path, grey, found, overlay)
            if not as_json:
                print(_sentence(answers[-1]))
    if as_json:
        print(json.dumps(answers, indent=2))
    if problems:
        for problem in problems:
            print(problem, file=sys.stderr)
        raise InputError(
            f"{len(problems)} of {len(images)} slices", "they could not be read", "See above"
        )


def _require_own_stems(images: list[Path]) -> None:
    first: dict[str, Path] = {}
    for path in images:
        if first.setdefault(path.stem, path) != path:
            raise InputError(
                path,
                f"its mask would overwrite that of {first[path.stem]}",
                "Rename one, or predict each with its own --overlay",
            )


def _read(images: list[Path]) -> tuple[dict[Path, tuple[bytes, np.ndarray]], list[Problem]]:
    from data.checks import decode_grey

    slices: dict[Path, tuple[bytes, np.ndarray]] = {}
    problems: list[Problem] = []
    for path in images:
        try:
            encoded = path.read_bytes()
        except OSError as error:
            problems.append(Problem(path, error.strerror or str(error), "Give a readable file"))
            continue
        grey = decode_grey(encoded)
        if isinstance(grey, str):
            problems.append(Problem(path, grey, "Give a slice as 8-bit JPEG, PNG, BMP or GIF"))
        else:
            slices[path] = (encoded, grey)
    return slices, problems


def _answer(path: Path, found: Prediction) -> dict[str, Any]:
    return {
        "image": str(path),
        "class": found.label,
        "probabilities": found.probabilities,
        "mask_area": found.mask_area,
    }


def _sentence(answer: dict[str, Any]) -> str:
    shares = ", ".join(f"{name} {value:.3f}" for name, value in answer["probabilities"].items())
    return f"{answer['image']}: {answer['class']} ({shares}), mask {answer['mask_area']} pixels"


def _write(path: Path, grey: np.ndarray, found: Prediction, folder: Path) -> dict[str, str]:
    from serving.overlay import draw_overlay

    mask, overlay = folder / f"{path.stem}_mask.png", folder / f"{path.stem}_overlay.png"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        mask.write_bytes(found.mask_png)
        draw_overlay(grey, found.mask).save(overlay)
    except OSError as error:
        raise InputError(
            folder, f"cannot be written ({error.strerror})", "Give --overlay another folder"
        ) from error
    return {"mask": str(mask), "overlay": str(overlay)}
