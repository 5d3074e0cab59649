"""``brisc evaluate``: the scores of any saved model on any folder."""

from __future__ import annotations

import json
from enum import Enum
from pathlib import Path
from typing import Annotated, Any

import typer

from data.errors import InputError
from data.layout import Layout, scan


class Split(str, Enum):
    """Which official part of the folder is evaluated."""

    train = "train"
    test = "test"
    all = "all"


def evaluate(
    model: Annotated[Path, typer.Option(help="Saved model, or the folder of its versions.")],
    data: Annotated[Path, typer.Option(help="Folder in BRISC layout.")],
    split: Annotated[Split, typer.Option(help="Which official part.")] = Split.test,
    json_file: Annotated[
        Path | None, typer.Option("--json", help="File for all scores, by slice too.")
    ] = None,
    csv_file: Annotated[Path | None, typer.Option("--csv", help="File, a row an image.")] = None,
    skip_bad: Annotated[bool, typer.Option(help="Go on without unusable slices.")] = False,
) -> None:
    """Measures a saved model on a folder, each mask at its image's own size.

    Example: brisc evaluate --model work/serving/brisc --data brisc2025 --json scores.json
    """
    from pipeline.console import hush_tensorflow, progress_bar
    from pipeline.intake import usable_slices
    from serving.model_files import find_saved_model

    saved_model = find_saved_model(model)
    checked = usable_slices(_official_part(data, split), skip_bad=skip_bad)
    if not checked.slices:
        raise InputError(data, f"no slice in part {split.value}", "Give another --split or folder")

    hush_tensorflow()
    from serving.predictor import Predictor
    from trainer.evaluation import folder

    predictor = Predictor(saved_model)
    with progress_bar("evaluating", len(checked.slices)) as advance:
        rows = folder.evaluate_slices(predictor, checked.slices, advance)
    scores = {
        **folder.summarise(rows),
        "split": split.value,
        "data_fingerprint": checked.fingerprint,
        "slices": folder.summarise_slices(rows),
    }
    try:
        if json_file is not None:
            json_file.write_text(json.dumps(scores, indent=2) + "\n", encoding="utf-8")
        if csv_file is not None:
            folder.write_csv(rows, csv_file)
    except OSError as error:
        raise InputError(
            error.filename, f"cannot be written ({error.strerror})", "Give another file"
        ) from error
    _print(scores)


def _official_part(data: Path, split: Split) -> Layout:
    layout = scan(data)
    if split is Split.all:
        return layout
    return Layout(
        data,
        tuple(item for item in layout.slices if item.official_split == split.value),
        tuple(item for item in layout.problems if split.value in item.path.relative_to(data).parts),
    )


def _print(scores: dict[str, Any]) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table("metric", "value")
    table.add_row("n", str(scores["n"]))
    for name, value in scores.items():
        values = value if name == "recall" else {"": value}
        if name in ("n", "split", "data_fingerprint", "slices"):
            continue
        for key, number in values.items():
            shown = "undefined" if number is None else f"{number:.4f}"
            table.add_row(f"{name} {key}".strip(), shown)
    Console().print(table)
