"""Prints a table whose cells stay whole on a terminal that is too narrow for all its columns."""

from __future__ import annotations

from collections.abc import Sequence

from rich import box
from rich import table as rich_table
from rich.cells import cell_len
from rich.console import Console
from rich.text import Text

from data.page import Table

_BESIDE = 3
"""What Rich puts between two columns: a blank on either side, and the border."""


def print_rows(table: Table, first: Sequence[str], console: Console) -> None:
    """Prints ``table`` with the columns that fit, and says which were left out.

    No cell is wrapped, and a header between words alone: an id in pieces cannot be copied. The
    first column is always there; on a terminal narrower than that the terminal wraps it.

    Args:
        table: What to print.
        first: Names of columns that stay the longest.
        console: Where.
    """
    widths = _widths(table, wrapped=False)
    shown = list(range(len(table.columns)))
    if _total(widths) > console.width:
        widths = _widths(table, wrapped=True)
        shown = _fitting(table, first, widths, console.width)
    drawn = rich_table.Table(box=box.SIMPLE)
    for index in shown:
        drawn.add_column(table.columns[index], width=widths[index])
    for row in table.rows:
        drawn.add_row(*(Text(row[index], no_wrap=True) for index in shown))
    console.print(table.title, soft_wrap=True, highlight=False, markup=False)
    # Rich would cut a single column that is too wide.
    console.width = max(console.width, _total([widths[index] for index in shown]))
    console.print(drawn)
    hidden = [name for index, name in enumerate(table.columns) if index not in shown]
    if hidden:
        said = f"left out, since the terminal is too narrow: {', '.join(hidden)}; --json has all"
        console.print(said, soft_wrap=True, highlight=False, markup=False)


def _fitting(table: Table, first: Sequence[str], widths: Sequence[int], room: int) -> list[int]:
    """Indices of the columns that fit beside each other, in the order of the table."""
    names = list(table.columns)
    order = [names.index(name) for name in first if name in names]
    order += [index for index in range(len(names)) if index not in order]
    chosen: list[int] = order[:1]
    for index in order[1:]:
        if _total([widths[one] for one in (*chosen, index)]) <= room:
            chosen.append(index)
    return sorted(chosen)


def _widths(table: Table, *, wrapped: bool) -> list[int]:
    """How wide each column has to be, its header ``wrapped`` between words or not."""
    heads = [
        max(map(len, name.split()), default=0) if wrapped else len(name) for name in table.columns
    ]
    return [
        max(head, *(cell_len(row[index]) for row in table.rows), 0)
        for index, head in enumerate(heads)
    ]


def _total(widths: Sequence[int]) -> int:
    return sum(widths) + _BESIDE * len(widths) + 1
