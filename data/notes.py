"""Gathers what had to be assumed of files: a sentence for each thing, not for each file."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from data.errors import printable


class Notes:
    """Sentences, in the order in which their clauses came up first."""

    def __init__(self) -> None:
        self._files: dict[str, dict[Path, None]] = {}

    def add(self, path: Path, clauses: Iterable[str]) -> None:
        """Notes of a file what these clauses say; once, however often they are added."""
        for clause in clauses:
            self._files.setdefault(clause, {})[path] = None

    @property
    def clauses(self) -> tuple[str, ...]:
        """What is said, without of which files."""
        return tuple(self._files)

    def __len__(self) -> int:
        return len(self._files)

    def __iter__(self) -> Iterator[str]:
        for clause, files in self._files.items():
            first, *others = files
            more = f" and {len(others)} more" if others else ""
            yield printable(f"{first}{more}: {clause}")
