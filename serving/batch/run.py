"""Predicts a folder: plans, lets Beam answer, and makes the table of all there is."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

from data.errors import InputError
from data.lock import locked
from serving.batch import records
from serving.batch.failure import original
from serving.batch.plan import Plan, make_plan
from serving.batch.request import BatchRequest
from serving.batch.results import Results
from serving.batch.row import Row
from serving.batch.sources import find_sources
from serving.batch.watching import watched
from serving.model_files import find_saved_model

_CHUNK = 2**20

Bar = Callable[[int], AbstractContextManager[Callable[[int], None]]]
"""Opens a progress bar for a number of files; yields what advances it."""


@dataclass(frozen=True)
class Summary:
    """What a run did.

    Attributes:
        rows: All rows of the table, sorted.
        files: How many files were found.
        earlier: How many of them were answered before.
        table: The table.
    """

    rows: tuple[Row, ...]
    files: int
    earlier: int
    table: Path

    @property
    def unusable(self) -> list[Row]:
        """What could not be answered."""
        return [row for row in self.rows if row.error is not None]


def predict_folder(request: BatchRequest, bar: Bar) -> Summary:
    """Predicts all files that are not answered yet, and writes the table of all.

    Where nothing is left to do, neither Beam nor TensorFlow is imported.

    Args:
        request: What is asked.
        bar: Shows how far it is.

    Raises:
        InputError: The folder, the model or the folder of the results cannot be used.
    """
    model = find_saved_model(request.model)
    sources = find_sources(request.source, request.pattern, request.out)
    results = Results(request.out)
    results.require_own()
    with locked(request.out, "folder of results", "--out"):
        digest = _digest(model)
        version = model.name if model.name.isdecimal() else digest[:12]
        try:
            results.open(
                {
                    "model": f"{version} {digest[:16]}",
                    "source": str(request.source.resolve()),
                    "plane": request.plane,
                    "pattern": request.pattern,
                },
                request.overwrite,
            )
            recorded = records.read_rows(records.files(results.records))
            plan = make_plan(sources, recorded.values(), results.root)
            answered = _answer(request, model, plan, results, bar)
            rows = sorted((*plan.kept, *answered), key=lambda row: row.key)
            _finish(results, rows, recorded.values(), request, version)
        except OSError as error:
            raise InputError(
                error.filename or request.out,
                f"the results cannot be written ({error.strerror or error})",
                "Make room or make it writable; the same command goes on",
            ) from error
    return Summary(tuple(rows), len(sources), plan.complete, results.table(request.table))


def _answer(
    request: BatchRequest, model: Path, plan: Plan, results: Results, bar: Bar
) -> list[Row]:
    if not plan.tasks:
        return []
    run = records.next_run(results.records)
    with bar(len(plan.tasks)) as advance, watched(results.records, run, advance):
        from serving.batch.beam_pipeline import run_tasks

        try:
            run_tasks(request, model, plan.tasks, run)
        except Exception as error:
            own = original(error)
            if own is None:
                raise
            raise own from error
    written = [path for path in records.files(results.records) if records.run_of(path) == run]
    return list(records.read_rows(written).values())


def _finish(
    results: Results,
    rows: Sequence[Row],
    recorded: Iterable[Row],
    request: BatchRequest,
    version: str,
) -> None:
    from serving.batch.table import write_table

    with results.replacing(results.table(request.table)) as path:
        write_table(rows, version, request.table, path)
    # Another format would tell of an earlier state.
    results.table("csv" if request.table == "parquet" else "parquet").unlink(missing_ok=True)
    # Of files that are gone, or have fewer slices than they had.
    held = {row.mask for row in rows}
    for mask in {row.mask for row in recorded if row.mask} - held:
        results.remove_mask(mask)
    records.compact(results.records, rows, results.partial)


def _digest(model: Path) -> str:
    """Hex SHA-256 over the files of a saved model: its name may be that of another one."""
    total = hashlib.sha256()
    for path in sorted(path for path in model.rglob("*") if path.is_file()):
        total.update(f"{path.relative_to(model).as_posix()} {path.stat().st_size}\n".encode())
        with path.open("rb") as file:
            while chunk := file.read(_CHUNK):
                total.update(chunk)
    return total.hexdigest()
