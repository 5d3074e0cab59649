"""Picks the slices of a folder that are to be evaluated, and says what training has of them."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from data.errors import InputError
from data.grouping import group_slices
from data.groups import read_groups
from data.layout import Layout, scan
from data.split_record import read_table
from data.splits import SPLITS

ALL = "all"


@dataclass(frozen=True)
class Part:
    """Some slices of a folder.

    Attributes:
        layout: The slices, and what was wrong with others by name.
        leak: What training has of test slices, one of ``data.audit.leak.LEAKS``, by id; empty
            where nothing says.
        groups: The group of each slice of the folder, by id: those that may be of one patient, as
            far as that is known.
    """

    layout: Layout
    leak: dict[str, str]
    groups: dict[str, str]


def official_part(
    root: Path, split: str, audit: Path | None = None, groups: Path | None = None
) -> Part:
    """The official part ``split``, or with ``ALL`` both.

    Args:
        root: Folder in BRISC layout.
        split: One of ``naming.OFFICIAL_SPLITS``, or ``ALL``.
        audit: JSON of ``brisc data audit`` on that folder.
        groups: Table of patients; ``None``: there is none.

    Raises:
        InputError: The folder or a file cannot be used, or the audit is that of another folder.
    """
    leak, pairs = _read_audit(audit) if audit else ({}, [])
    layout = scan(root)
    group = _group(layout, pairs, groups)
    if split != ALL:
        layout = Layout(
            root,
            tuple(item for item in layout.slices if item.official_split == split),
            tuple(item for item in layout.problems if split in item.path.relative_to(root).parts),
        )
    tested = [item.id for item in layout.slices if item.official_split == "test"]
    unknown = [slice_id for slice_id in tested if slice_id not in leak]
    if audit and unknown:
        raise InputError(
            audit,
            f"it says nothing of {len(unknown)} of {len(tested)} test slices, as {unknown[0]}",
            "Give the audit of this very folder",
        )
    return Part(layout, leak, group)


def part_of_run(
    root: Path,
    split: str,
    table: Path,
    groups: Path | None = None,
    pairs: Iterable[tuple[str, str]] = (),
) -> Part:
    """The slices that a run had in ``split``, or with ``ALL`` in any split.

    Args:
        root: Folder in BRISC layout.
        split: One of ``data.splits.SPLITS``, or ``ALL``.
        table: Its ``split.csv``.
        groups: Table of patients; ``None``: there is none.
        pairs: Ids of slices that are alike, beside those that the split kept together.

    Raises:
        InputError: The folder or a table cannot be used, or it is that of another folder.
    """
    rows = read_table(table)
    splits = SPLITS if split == ALL else (split,)
    wanted = {name for name, row in rows.items() if row.split in splits}
    layout = scan(root)
    slices = tuple(item for item in layout.slices if item.id in wanted)
    missing = wanted.difference(item.id for item in slices)
    if missing:
        raise InputError(
            root,
            f"it lacks {len(missing)} slices that {table} lists, as {min(missing)}",
            "Give the folder of that run",
        )
    leak = {name: row.leak for name, row in rows.items() if row.split == "test"}
    grouped: dict[str, list[str]] = defaultdict(list)
    for name, row in rows.items():
        if row.group:
            grouped[row.group].append(name)
    together = [(members[0], other) for members in grouped.values() for other in members[1:]]
    return Part(Layout(root, slices, ()), leak, _group(layout, [*together, *pairs], groups))


def _group(layout: Layout, pairs: Iterable[tuple[str, str]], groups: Path | None) -> dict[str, str]:
    """Groups all slices of a folder: what is evaluated may be linked by what is not."""
    return group_slices(layout.slices, pairs, read_groups(groups) if groups else {})


def _read_audit(audit: Path) -> tuple[dict[str, str], list[tuple[str, str]]]:
    """The leak by id and the pairs of slices that are alike."""
    try:
        content = json.loads(audit.read_text(encoding="utf-8"))
        leak = {str(key): str(value) for key, value in content["leak"].items()}
        return leak, [(str(pair["a"]), str(pair["b"])) for pair in content["pairs"]]
    except OSError as error:
        raise InputError(audit, error.strerror or str(error), "Give an existing file") from error
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise InputError(
            audit, "not what an audit writes", "Give a file of `brisc data audit --json`"
        ) from error
