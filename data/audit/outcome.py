"""What an audit has found, for the pipeline as an object and for others as JSON."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from functools import cached_property
from typing import Any

from data.audit.components import connected
from data.audit.floor import Floor
from data.audit.leak import conflicts, count_leaks, leaks
from data.audit.pairs import Pair
from data.audit.shortcuts import Shortcut
from data.audit.tables import Tables
from data.errors import Problem
from data.layout import Slice


@dataclass(frozen=True)
class Audit:
    """The outcome of ``audit_slices``.

    Attributes:
        slices: The usable slices, sorted by id.
        problems: The files that were unusable, which the audit knows nothing about.
        fingerprint: As of ``data.checks.Checked``.
        pairs: Copies and neighbours, each pair once, sorted by ids.
        shortcuts: How well traits of the files tell the class.
        tables: Counts by class, plane and tumour size.
        floor: What the nearest neighbour scores.
    """

    slices: tuple[Slice, ...]
    problems: tuple[Problem, ...]
    fingerprint: str
    pairs: tuple[Pair, ...]
    shortcuts: tuple[Shortcut, ...]
    tables: Tables
    floor: Floor

    def copy_components(self) -> tuple[tuple[str, ...], ...]:
        """Groups of ids that show the same slice; a slice without a copy is in none."""
        return self._components

    def leak_of(self, test_id: str) -> str:
        """What train holds of an official test slice: ``none``, ``neighbour`` or ``copy``.

        Raises:
            KeyError: It is not a usable slice of the official test part.
        """
        return self.leak[test_id]

    @cached_property
    def leak(self) -> dict[str, str]:
        """``leak_of`` each official test slice."""
        train, test = (
            [item.id for item in self.slices if item.official_split == split]
            for split in ("train", "test")
        )
        return leaks(test, train, self.pairs, self._components)

    @cached_property
    def leak_counts(self) -> dict[str, dict[str, int]]:
        """Official test slices by class and leak."""
        return count_leaks(self.slices, self.leak)

    @cached_property
    def conflicts(self) -> list[tuple[Pair, str, str]]:
        """Copies with two labels."""
        return conflicts(self.slices, self.pairs)

    @cached_property
    def _components(self) -> tuple[tuple[str, ...], ...]:
        return connected((pair.a, pair.b) for pair in self.pairs if pair.is_copy)

    def to_json(self) -> dict[str, Any]:
        """All of it in plain types; what is undefined is ``None``."""
        return {
            "slices": len(self.slices),
            "data_fingerprint": self.fingerprint,
            "floor": asdict(self.floor),
            "leak_counts": self.leak_counts,
            "shortcuts": [asdict(shortcut) for shortcut in self.shortcuts],
            "tables": asdict(self.tables),
            "conflicts": [
                {"a": pair.a, "b": pair.b, "label_a": one, "label_b": other}
                for pair, one, other in self.conflicts
            ],
            "problems": [str(problem) for problem in self.problems],
            "leak": self.leak,
            "copy_components": self.copy_components(),
            "pairs": [{**asdict(pair), "score": round(pair.score, 4)} for pair in self.pairs],
        }
