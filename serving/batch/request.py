"""What is asked of a batch prediction."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

TableFormat = Literal["parquet", "csv"]


@dataclass(frozen=True)
class BatchRequest:
    """One call of ``brisc predict-batch``.

    Attributes:
        source: Folder of the files to predict, read with all below it.
        out: Folder of the results.
        model: A saved model, or the folder of its versions.
        plane: Along which plane NIfTI volumes are cut; ``None``: as they were taken.
        pattern: Shell pattern of the file names that are predicted.
        table: Format of the table.
        batch_size: Slices that the model is given at once.
        beam_args: Options of Beam.
        overwrite: Whether results of another model or of other settings may be replaced.
    """

    source: Path
    out: Path
    model: Path
    plane: str | None
    pattern: str
    table: TableFormat
    batch_size: int
    beam_args: tuple[str, ...]
    overwrite: bool
