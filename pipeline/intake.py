"""Reads a folder before anything is computed on it: what is unusable, whether it can be split."""

from __future__ import annotations

import dataclasses
import sys
from collections.abc import Iterable

from data.checks import Checked, check
from data.errors import UnusableInputs
from data.groups import read_groups, table_in
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


def with_patients(request: RunRequest) -> RunRequest:
    """Keeps the table of patients under a name by its content, and says where it is.

    It is that of ``split.groups``, else the one that lies in the data folder, whatever the
    strategy: the intervals of scores go by it where the split does not.

    Raises:
        InputError: It is no such table.
    """
    split = request.parameters.split
    groups = split.groups or table_in(request.data_dir)
    if groups is None:
        return request
    read_groups(groups)
    kept = request.workspace.keep(groups)
    parameters = request.parameters
    if split.strategy == "grouped":
        parameters = parameters.model_copy(
            update={"split": split.model_copy(update={"groups": kept})}
        )
    return dataclasses.replace(request, parameters=parameters, patients=kept)


def require_divisible(slices: Iterable[Slice], request: RunRequest) -> None:
    """Checks, as far as it can be known before the audit, that training gets what it needs.

    Raises:
        InputError: A split lacks a class, or the table of groups cannot be used.
    """
    split = request.parameters.split
    known = read_groups(split.groups) if split.groups else {}
    require_trainable(assign(slices, split, known=known).parts, request.data_dir)
