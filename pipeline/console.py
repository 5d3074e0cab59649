"""What commands print: tables, and on a terminal how far long work is."""

from __future__ import annotations

import contextlib
import logging
import os
import warnings
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from rich import box
from rich import table as rich_table
from rich.console import Console
from rich.live import Live
from rich.progress import Progress
from rich.spinner import Spinner
from rich.text import Text

from data.page import Table

Place = Path | str | None
"""Where something lies, or the words that say it."""


def hush_tensorflow() -> None:
    """Keeps off the terminal what TensorFlow and its libraries say of themselves when imported.

    To be called before that. What goes wrong is still raised.
    """
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    # Its end of support for a Python is no news to who asks for a prediction.
    warnings.filterwarnings("ignore", category=FutureWarning, module=r"google\.api_core\.")


def hush_beam() -> None:
    """Keeps off the terminal what Beam and its workers log; what goes wrong is still raised."""
    logging.getLogger().setLevel(logging.CRITICAL)
    # Workers are processes of their own, which the filter of ``hush_tensorflow`` does not reach.
    os.environ.setdefault("PYTHONWARNINGS", "ignore::FutureWarning")


@contextlib.contextmanager
def progress_bar(description: str, total: int | None) -> Iterator[Callable[[int], None]]:
    """A bar on standard error while the body runs; without an end where ``total`` is ``None``.

    Yields:
        What to call with the number of items that have been finished since the last call.
    """
    console = Console(stderr=True)
    with Progress(console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task(description, total=total)
        yield lambda finished: bar.advance(task, finished)


@contextlib.contextmanager
def status_line(console: Console, text: str) -> Iterator[Spinner]:
    """A line that turns while the body runs; nothing where ``console`` is not a terminal."""
    spinner = Spinner("dots", text)
    if not console.is_terminal:
        yield spinner
        return
    # Rich would bring to the screen what the process prints, which is meant for the log.
    with Live(
        spinner, console=console, transient=True, redirect_stdout=False, redirect_stderr=False
    ):
        yield spinner


def print_table(content: Table, console: Console | None = None) -> None:
    """Prints a table under its title; without a ``console``, on standard output."""
    screen = console or Console()
    # A title of the table itself would be wrapped to its width.
    screen.print(content.title, highlight=False, markup=False)
    drawn = rich_table.Table(box=box.SIMPLE)
    for name in content.columns:
        # Ids that are cut short would be of no use.
        drawn.add_column(name, overflow="fold")
    for row in content.rows:
        drawn.add_row(*map(Text, row))
    screen.print(drawn)


def print_paths(console: Console, paths: Mapping[str, Place]) -> None:
    """Says in a line each what lies where; the lines are not wrapped."""
    for name, path in paths.items():
        console.print(f"{name}: {path}", soft_wrap=True, highlight=False, markup=False)
