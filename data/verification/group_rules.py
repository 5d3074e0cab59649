"""Compares ``groups.csv``, which divides a set by patients, with the slices that are there."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

from data.errors import InputError
from data.groups import GROUPS, read_groups
from data.layout import Slice
from data.verification.finding import Finding, Severity, finding


def groups(root: Path, slices: Sequence[Slice]) -> list[Finding]:
    """What is wrong or odd about the table; nothing where there is none, for none is needed.

    Args:
        root: The folder that may hold it.
        slices: The usable slices.
    """
    path = root / GROUPS
    if not path.exists():
        return []
    try:
        known = read_groups(path)
    except InputError as error:
        # The line is part of the place, which programs want as a path.
        where = error.where.removeprefix(str(path)).removeprefix(", ")
        reason = f"{where}: {error.reason}" if where else error.reason
        return finding(Severity.error, "groups-unusable", reason, error.remedy, [path])
    there = {item.id for item in slices}
    absent = sum(name not in there for name in known)
    parts: dict[str, dict[str, Path]] = defaultdict(dict)
    for item in slices:
        if item.id in known:
            parts[known[item.id]].setdefault(item.official_split, item.image)
    torn = [tuple(places.values()) for places in parts.values() if len(places) > 1]
    return [
        *finding(
            Severity.warning,
            "group-of-no-slice",
            "rows are of no usable slice",
            "See whether the names in it are those of the files",
            [path] if absent else [],
            absent,
        ),
        *finding(
            Severity.warning,
            "patient-in-train-and-test",
            "slices of one patient in train and in test, by groups.csv",
            "Train with split.strategy=grouped, which divides by patients",
            torn,
        ),
        *finding(
            Severity.note,
            "slice-without-group",
            "slices of no group in groups.csv",
            "Nothing: where a split is by patients, the audit says which belong together",
            [item.image for item in slices if item.id not in known],
        ),
    ]
