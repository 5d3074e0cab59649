"""Picks the slices of a folder that are to be evaluated, and says what training has of them."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from data.errors import InputError
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
    """

    layout: Layout
    leak: dict[str, str]


def official_part(root: Path, split: str, audit: Path | None) -> Part:
    """The official part ``split``, or with ``ALL`` both.

    Args:
        root: Folder in BRISC layout.
        split: One of ``naming.OFFICIAL_SPLITS``, or ``ALL``.
        audit: JSON of ``brisc data audit`` on that folder.

    Raises:
        InputError: The folder or the audit cannot be used, or it is that of another folder.
    """
    leak = _read_leak(audit) if audit else {}
    layout = scan(root)
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
    return Part(layout, leak)


def part_of_run(root: Path, split: str, table: Path) -> Part:
    """The slices that a run had in ``split``, or with ``ALL`` in any split.

    Args:
        root: Folder in BRISC layout.
        split: One of ``data.splits.SPLITS``, or ``ALL``.
        table: Its ``split.csv``.

    Raises:
        InputError: The folder or the table cannot be used, or it is that of another folder.
    """
    rows = read_table(table)
    splits = SPLITS if split == ALL else (split,)
    wanted = {name for name, (where, _) in rows.items() if where in splits}
    slices = tuple(item for item in scan(root).slices if item.id in wanted)
    missing = wanted.difference(item.id for item in slices)
    if missing:
        raise InputError(
            root,
            f"it lacks {len(missing)} slices that {table} lists, as {min(missing)}",
            "Give the folder of that run",
        )
    leak = {name: leak for name, (where, leak) in rows.items() if where == "test"}
    return Part(Layout(root, slices, ()), leak)


def _read_leak(audit: Path) -> dict[str, str]:
    try:
        leak = json.loads(audit.read_text(encoding="utf-8"))["leak"]
        return {str(key): str(value) for key, value in leak.items()}
    except OSError as error:
        raise InputError(audit, error.strerror or str(error), "Give an existing file") from error
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise InputError(
            audit, "not what an audit writes", "Give a file of `brisc data audit --json`"
        ) from error
