"""``brisc evaluate``: the scores of any saved model on any folder."""

from __future__ import annotations

import json
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from data.errors import ConfigurationError, InputError

if TYPE_CHECKING:
    from trainer.evaluation.row import Row

_NO_SCORES = (
    *("split", "data_fingerprint", "slices", "bootstrap", "definitions"),
    *("recall", "confusion", "reliability", "intervals"),
)


class Split(str, Enum):
    """Which part of the folder is evaluated."""

    train = "train"
    val = "val"
    test = "test"
    all = "all"


def evaluate(
    model: Annotated[Path, typer.Option(help="Saved model, or the folder of its versions.")],
    data: Annotated[Path, typer.Option(help="Folder in BRISC layout.")],
    split: Annotated[
        Split, typer.Option(help="Which official part, or with --split-table which of a run.")
    ] = Split.test,
    json_file: Annotated[
        Path | None, typer.Option("--json", help="File for all scores, by slice too.")
    ] = None,
    csv_file: Annotated[Path | None, typer.Option("--csv", help="File, a row an image.")] = None,
    audit: Annotated[
        Path | None,
        typer.Option(help="JSON of `brisc data audit`: scores also with and without a leak."),
    ] = None,
    split_table: Annotated[
        Path | None,
        typer.Option(help="split.csv of the run that made the model: its splits and leaks."),
    ] = None,
    groups: Annotated[
        Path | None,
        typer.Option(
            help="CSV with columns image and group (patient): intervals draw patients as a whole. "
            "Default: groups.csv in the folder."
        ),
    ] = None,
    plots: Annotated[
        Path | None,
        typer.Option(
            help="Folder for the main scores and the tables of charts, as DVC reads them."
        ),
    ] = None,
    skip_bad: Annotated[bool, typer.Option(help="Go on without unusable slices.")] = False,
) -> None:
    """Measures a saved model on a folder, each mask at its image's own size.

    A model of split.strategy grouped has learnt official test slices: give its --split-table.

    Example: brisc evaluate --model work/serving/brisc --data brisc2025 --json scores.json
    """
    from data.groups import table_in
    from data.parts import official_part, part_of_run
    from pipeline.console import hush_tensorflow, progress_bar
    from pipeline.intake import usable_slices
    from serving.model_files import find_saved_model

    if split_table is not None and audit is not None:
        raise ConfigurationError(
            "--audit", "--split-table says of leaks, too", "Give one of the two"
        )
    if split_table is None and split is Split.val:
        raise ConfigurationError(
            "--split val", "no official part has this name", "Give the --split-table of a run"
        )
    saved_model = find_saved_model(model)
    groups = groups or table_in(data)
    part = (
        part_of_run(data, split.value, split_table, groups)
        if split_table is not None
        else official_part(data, split.value, audit, groups)
    )
    checked = usable_slices(part.layout, skip_bad=skip_bad)
    if not checked.slices:
        raise InputError(data, f"no slice in part {split.value}", "Give another --split or folder")

    hush_tensorflow()
    from serving.predictor import Predictor
    from trainer.evaluation.folder import evaluate_slices
    from trainer.evaluation.row import write_csv
    from trainer.evaluation.summary import Evaluation

    predictor = Predictor(saved_model)
    with progress_bar("evaluating", len(checked.slices)) as advance:
        rows = evaluate_slices(predictor, checked.slices, part.leak, part.groups, advance)
    scores = {
        "split": split.value,
        "data_fingerprint": checked.fingerprint,
        **Evaluation(rows).summarise(),
    }
    try:
        if json_file is not None:
            json_file.write_text(json.dumps(scores, indent=2) + "\n", encoding="utf-8")
        if csv_file is not None:
            write_csv(rows, csv_file)
        if plots is not None:
            _write_plots(rows, scores, plots)
    except OSError as error:
        raise InputError(
            error.filename, f"cannot be written ({error.strerror})", "Give another file"
        ) from error
    _print(scores)


def _write_plots(rows: list[Row], scores: dict[str, Any], folder: Path) -> None:
    from pipeline.experiment.metrics import flat_metrics
    from pipeline.experiment.plots import write_plots

    write_plots(rows, scores, folder)
    content = flat_metrics({"all": scores, **scores["slices"]})
    (folder / "metrics.json").write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")


def _print(scores: dict[str, Any]) -> None:
    """Prints the scores with their intervals, those of each part by leak as columns beside them."""
    from rich.console import Console
    from rich.table import Column, Table

    parts = {"all": scores}
    parts |= {name: part for name, part in scores["slices"].items() if "leak=" in name}
    parts = {name: part for name, part in parts.items() if "," not in name}
    table = Table(Column("metric", no_wrap=True), *parts)
    columns = [(_flat(part), _flat(part["intervals"])) for part in parts.values()]
    for name in columns[0][0]:
        table.add_row(name, *(_shown(values[name], sure.get(name)) for values, sure in columns))
    Console().print(table)
    unit = {"group": "of what is known to belong together", "slice": "slice by slice"}
    print(f"brackets: 95 % bootstrap intervals, drawn {unit[scores['bootstrap']['unit']]}")


def _flat(part: dict[str, Any]) -> dict[str, Any]:
    """The values alone, recall by class among them."""
    values = {name: value for name, value in part.items() if name not in _NO_SCORES}
    return values | {f"recall {name}": value for name, value in part["recall"].items()}


def _shown(value: float | None, interval: list[float] | None) -> str:
    if value is None:
        return "undefined"
    text = str(value) if isinstance(value, int) else f"{value:.4f}"
    return f"{text} [{interval[0]:.3f}, {interval[1]:.3f}]" if interval else text
