"""Decides what is still to be done: what the same model has answered for the same file is not."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from serving.batch.row import Row
from serving.batch.sources import Source


@dataclass(frozen=True)
class Task:
    """A file to read.

    Attributes:
        source: The file.
        done: Which of its frames or slices are answered already; 0 stands for an image.
    """

    source: Source
    done: frozenset[int] = frozenset()


@dataclass(frozen=True)
class Plan:
    """What a run takes over, and what it does.

    Attributes:
        kept: Answers of earlier runs that still hold.
        tasks: The files that have slices without an answer, sorted by path.
        complete: How many files have none.
    """

    kept: tuple[Row, ...]
    tasks: tuple[Task, ...]
    complete: int


def make_plan(sources: Iterable[Source], recorded: Iterable[Row], results: Path) -> Plan:
    """Compares the files with the records.

    An answer holds while its file has the size and the time of then, and its mask is there. What
    could not be used is tried again: the reason may lie outside of the file.

    Args:
        sources: The files as they are.
        recorded: Rows of earlier runs.
        results: The folder that masks are below.
    """
    answered: dict[Source, list[Row]] = defaultdict(list)
    for row in recorded:
        if row.mask is not None and (results / row.mask).is_file():
            answered[row.source].append(row)
    kept: list[Row] = []
    tasks: list[Task] = []
    complete = 0
    for source in sources:
        rows = answered.get(source, [])
        kept += rows
        if rows and len(rows) == rows[0].count:
            complete += 1
        else:
            tasks.append(Task(source, frozenset(row.number or 0 for row in rows)))
    return Plan(tuple(kept), tuple(tasks), complete)
