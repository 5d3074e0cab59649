"""Writes the rows as a table that anything reads: Parquet or CSV."""

from __future__ import annotations

import csv
import os
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from data import naming
from serving.batch.request import TableFormat
from serving.batch.row import Row

_PROBABILITY = "probability_"
SCHEMA = pa.schema(
    [
        ("path", pa.string()),
        ("slice", pa.int32()),
        ("class", pa.string()),
        *((_PROBABILITY + name, pa.float32()) for name in naming.CLASSES),
        ("tumour_pixels", pa.int64()),
        ("tumour_share", pa.float64()),
        ("tumour_mm2", pa.float64()),
        ("mask", pa.string()),
        ("model_version", pa.string()),
        ("notes", pa.string()),
        ("error", pa.string()),
    ]
)


def write_table(rows: Sequence[Row], version: str, kind: TableFormat, path: Path) -> None:
    """Writes ``rows`` in their order.

    Args:
        rows: What became of each slice.
        version: Of the model that answered.
        kind: The format.
        path: The file.
    """
    values = (_values(row, version) for row in rows)
    if kind == "csv":
        _write_csv(values, path)
    else:
        named = [dict(zip(SCHEMA.names, row, strict=True)) for row in values]
        pq.write_table(pa.Table.from_pylist(named, schema=SCHEMA), path)


def _write_csv(values: Iterable[Sequence[Any]], path: Path) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(SCHEMA.names)
        writer.writerows(values)


def _values(row: Row, version: str) -> Sequence[Any]:
    """The row in the order of ``SCHEMA``."""
    return (
        _text(row.path),
        row.number,
        row.label,
        *(row.probabilities or (None,) * len(naming.CLASSES)),
        row.pixels,
        row.share,
        row.area_mm2,
        _text(row.mask),
        version if row.error is None else None,
        row.notes,
        _text(row.error),
    )


def _text(value: str | None) -> str | None:
    """Names of files may be no UTF-8, tables are."""
    return None if value is None else os.fsencode(value).decode("utf-8", "backslashreplace")
