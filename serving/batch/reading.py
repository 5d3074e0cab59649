"""Reads one file of a batch: its slices for the model, and rows for what cannot be used."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from data.errors import InputError, Problem
from serving.batch.plan import Task
from serving.batch.row import Row
from serving.batch.sources import Source
from serving.inputs import Question, read_questions


@dataclass(frozen=True)
class Asked:
    """A slice on its way through the model.

    Attributes:
        source: Its file.
        question: The slice.
        notes: What had to be assumed of the file.
    """

    source: Source
    question: Question
    notes: str | None

    def row(self, **found: object) -> Row:
        """The row of this slice; ``found`` says what became of it."""
        return Row(
            path=self.source.path,
            size=self.source.size,
            mtime_ns=self.source.mtime_ns,
            number=self.question.number,
            count=self.question.count,
            notes=self.notes,
            **found,  # type: ignore[arg-type]
        )


def read_task(task: Task, folder: Path, plane: str | None) -> Iterator[Asked | Row]:
    """The slices of a file that are not answered yet, and a row for each problem.

    Args:
        task: The file.
        folder: What its path is below.
        plane: Along which plane a volume is cut; ``None``: as it was taken.
    """
    source = task.source
    path = folder / source.path
    found = read_questions([path], plane=plane)
    notes = "; ".join(found.notes.clauses) or None
    for problem in found.problems:
        number = None if problem.slice_id is None else int(problem.slice_id)
        yield Row(source.path, source.size, source.mtime_ns, number, error=explain(problem))
    for question in found.slices:
        if (question.number or 0) not in task.done:
            yield Asked(source, question, notes)


def explain(problem: Problem | InputError) -> str:
    """Reason and remedy, without the path that has a column of its own."""
    return f"{problem.reason}. {problem.remedy}."
