"""``groups.csv``: which slices are of one patient, as far as that is known."""

from __future__ import annotations

import csv
from collections.abc import Iterable
from pathlib import Path, PurePath

from data.errors import InputError
from data.layout import IMAGE_SUFFIXES

GROUPS = "groups.csv"
_COLUMNS = ("image", "group")


def table_in(folder: Path) -> Path | None:
    """The table of patients that lies in a data folder, where there is one."""
    found = folder / GROUPS
    return found if found.is_file() else None


def read_groups(path: Path) -> dict[str, str]:
    """Reads a table of patients.

    A CSV in UTF-8 whose first line names at least the columns ``image`` (the id of a slice, or
    its file's name) and ``group`` (any text that the slices of one patient share). Slices that
    are not in it are slices whose patient is unknown.

    Returns:
        {slice id: group}.

    Raises:
        InputError: It cannot be read, is no such table, or puts one slice into two groups; a
            row is named by its line.
    """
    groups: dict[str, str] = {}
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file, strict=True)
            _require_columns(path, [name.strip() for name in reader.fieldnames or ()])
            reader.fieldnames = [name.strip() for name in reader.fieldnames or ()]
            for cells in reader:
                try:
                    image, group = _parse(cells)
                    if groups.setdefault(image, group) != group:
                        raise ValueError(f"{image} is in group {groups[image]} already")
                except ValueError as error:
                    where = f"{path}, line {reader.line_num}"
                    raise InputError(where, str(error), "Mend the row") from error
    except OSError as error:
        raise InputError(
            path, f"it cannot be read ({error.strerror})", "Give an existing CSV of groups"
        ) from error
    except (csv.Error, UnicodeDecodeError) as error:
        raise InputError(
            path, f"it cannot be read as CSV ({error})", "Save it as UTF-8 CSV"
        ) from error
    if not groups:
        raise InputError(path, "it has no rows", "Give a row for each slice of a known patient")
    return groups


def write_groups(path: Path, groups: Iterable[tuple[str, str]]) -> None:
    """Writes slice ids with their groups, in the form that ``read_groups`` reads."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(_COLUMNS)
        writer.writerows(groups)


def _require_columns(path: Path, columns: list[str]) -> None:
    missing = [name for name in _COLUMNS if name not in columns]
    if missing:
        raise InputError(
            path,
            f"it has no column {' and no column '.join(missing)}",
            f"Its first line names the columns {' and '.join(_COLUMNS)}, with a comma between",
        )
    if len(set(columns)) < len(columns):
        raise InputError(path, "it has a column twice", "Name each column once")


def _parse(cells: dict[str, str]) -> tuple[str, str]:
    if None in cells or None in cells.values():
        raise ValueError("it does not have as many cells as the first line")
    image, group = (cells[name].strip() for name in _COLUMNS)
    if not image or not group:
        raise ValueError("its image or its group is empty")
    name = PurePath(image)
    return (name.stem if name.suffix.lower() in IMAGE_SUFFIXES else image), group
