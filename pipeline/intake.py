"""Reads a folder before anything is computed on it: what is unusable, whether it can be split."""

from __future__ import annotations

import dataclasses
import sys
from collections.abc import Iterable

from data.checks import Checked, check
from data.errors import UnusableInputs
from data.groups import GROUPS, read_groups
from data.layout import Layout, Slice
from data.splits import assign, require_trainable
from pipeline.console import progress_bar
from pipeline.request import RunRequest


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


def with_groups(request: RunRequest) -> RunRequest:
    """Gives ``split.groups`` the table that lies in the data folder, and a name by its content."""
    split = request.parameters.split
    if split.strategy != "grouped":
        return request
    found = request.data_dir / GROUPS
    groups = split.groups or (found if found.is_file() else None)
    if groups is None:
        return request
    read_groups(groups)
    kept = split.model_copy(update={"groups": request.workspace.keep(groups)})
    parameters = request.parameters.model_copy(update={"split": kept})
    return dataclasses.replace(request, parameters=parameters)


def require_divisible(slices: Iterable[Slice], request: RunRequest) -> None:
    """Checks, as far as it can be known before the audit, that training gets what it needs.

    Raises:
        InputError: A split lacks a class, or the table of groups cannot be used.
    """
    split = request.parameters.split
    known = read_groups(split.groups) if split.groups else {}
    require_trainable(assign(slices, split, known=known).parts, request.data_dir)
