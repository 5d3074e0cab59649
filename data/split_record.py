"""What is kept of an assignment: a table for programs, a summary and a sentence for people."""

from __future__ import annotations

import csv
import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from data import naming
from data.audit.leak import LEAKS
from data.config import SplitConfig
from data.errors import InputError
from data.splits import SPLITS, Assignment

TABLE = "split.csv"
SUMMARY = "split.json"
LEFT_OUT = "left_out"
"""Split of a slice that none of the three has."""
_COLUMNS = ("image", "split", "leak", "group")


@dataclass(frozen=True)
class SplitSummary:
    """How an assignment divides the data, and what that proves.

    Attributes:
        strategy: As in section ``split``.
        fold, folds: Which fold is test, from 1, of how many; ``None`` without cross-validation.
        slices: {split: {class: slices}}.
        left_out: Slices that no split has.
        leak: Test slices by what training has of them, {leak: slices}.
        groups: Groups in all; ``None`` but for ``grouped``.
        known: Slices whose patient was given; ``None`` but for ``grouped``.
    """

    strategy: str
    fold: int | None
    folds: int | None
    slices: dict[str, dict[str, int]]
    left_out: int
    leak: dict[str, int]
    groups: int | None
    known: int | None

    @property
    def total(self) -> int:
        """Slices in the three splits."""
        return sum(sum(classes.values()) for classes in self.slices.values())

    def sentences(self) -> list[str]:
        """What a reader of the scores has to know, a line each."""
        sizes = {name: sum(classes.values()) for name, classes in self.slices.items()}
        number = f", fold {self.fold} of {self.folds}" if self.folds else ""
        counts = ", ".join(f"{count} {name}" for name, count in sizes.items())
        left_out = f", {self.left_out} left out as copies of test slices" if self.left_out else ""
        return [
            f"split: {self.strategy}{number}: {counts}{left_out}",
            f"leak: of {sizes['test']} test slices {self.leak['copy']} have a copy and "
            f"{self.leak['neighbour']} only a neighbour among those trained on",
            self._patients(),
        ]

    def _patients(self) -> str:
        if self.known == self.total:
            return "patients: disjoint, by the groups that were given"
        if self.known:
            return (
                f"patients: disjoint for {self.known} slices, whose patient was given; not proven "
                f"patient-disjoint for the other {self.total - self.known}"
            )
        reason = "no groups were given" if self.strategy == "grouped" else "the split has no groups"
        return f"patients: not proven patient-disjoint, {reason}"


def summarise_split(
    assignment: Assignment, config: SplitConfig, known: Mapping[str, str], fold: int = 0
) -> SplitSummary:
    """Summarises what ``data.splits.assign`` returned for ``config``, ``known`` and ``fold``."""
    grouped = config.strategy == "grouped"
    found = Counter(assignment.leak[item.id] for item in assignment.parts["test"])
    labels = {name: Counter(i.label for i in part) for name, part in assignment.parts.items()}
    placed = [item.id for part in assignment.parts.values() for item in part]
    return SplitSummary(
        strategy=config.strategy,
        fold=fold + 1 if config.folds else None,
        folds=config.folds,
        slices={n: {label: labels[n][label] for label in naming.CLASSES} for n in SPLITS},
        left_out=len(assignment.left_out),
        leak={leak: found[leak] for leak in LEAKS},
        groups=len(set(assignment.groups.values())) if grouped else None,
        known=sum(name in known for name in placed) if grouped else None,
    )


def write_split(assignment: Assignment, summary: SplitSummary, folder: Path) -> None:
    """Writes the table and the summary into ``folder``."""
    rows = [
        (item.id, split, assignment.leak[item.id], assignment.groups.get(item.id, ""))
        for split, part in assignment.parts.items()
        for item in part
    ]
    rows += [(item.id, LEFT_OUT, "", "") for item in assignment.left_out]
    with (folder / TABLE).open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(_COLUMNS)
        writer.writerows(sorted(rows))
    (folder / SUMMARY).write_text(json.dumps(asdict(summary), indent=2) + "\n", encoding="utf-8")


def read_summary(folder: Path) -> SplitSummary:
    """Reads the summary that ``write_split`` left in ``folder``."""
    return SplitSummary(**json.loads((folder / SUMMARY).read_text(encoding="utf-8")))


@dataclass(frozen=True)
class Placed:
    """Where a slice went: a row of the table; ``group`` is empty but for ``grouped``."""

    split: str
    leak: str
    group: str


def read_table(path: Path) -> dict[str, Placed]:
    """Reads a table of ``write_split``, by slice id.

    Raises:
        InputError: It cannot be read or is no such table.
    """
    try:
        with path.open(newline="", encoding="utf-8") as file:
            rows = csv.DictReader(file)
            if tuple(rows.fieldnames or ()) != _COLUMNS:
                raise ValueError(rows.fieldnames)
            return {row["image"]: Placed(row["split"], row["leak"], row["group"]) for row in rows}
    except OSError as error:
        raise InputError(path, error.strerror or str(error), "Give an existing file") from error
    except (ValueError, csv.Error) as error:
        raise InputError(
            path, "not a table of a run's split", f"Give {TABLE} from the folder of a run"
        ) from error
