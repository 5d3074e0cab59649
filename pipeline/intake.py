"""Reads a folder before anything is computed on it, and decides about its unusable files."""

from __future__ import annotations

import sys

from data.checks import Checked, check
from data.errors import UnusableInputs
from data.layout import Layout
from pipeline.console import progress_bar


def usable_slices(layout: Layout, *, skip_bad: bool) -> Checked:
    """Checks all files of ``layout`` and lists the unusable ones on standard error.

    Raises:
        UnusableInputs: There are some, and ``skip_bad`` is not set.
    """
    with progress_bar("checking", len(layout.slices)) as advance:
        checked = check(layout, lambda: advance(1))
    if checked.problems:
        print(*checked.problems, sep="\n", file=sys.stderr)
        if not skip_bad:
            raise UnusableInputs(layout.root, checked.problems)
        print(f"going on without {len(checked.problems)} unusable input(s)", file=sys.stderr)
    return checked
