"""Runs the audit: one pass over the files, then over what was noted of them."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from pathlib import Path

from data.audit.floor import measure_floor
from data.audit.looks import Looks
from data.audit.outcome import Audit
from data.audit.pairs import find_pairs
from data.audit.shortcuts import find_shortcuts
from data.audit.tables import tabulate
from data.checks import check
from data.errors import Problem
from data.layout import Layout, Slice

Progress = Callable[[str, int], AbstractContextManager[Callable[[int], None]]]
"""Shows a bar of some description and length, as ``pipeline.console.progress_bar`` does."""


@contextlib.contextmanager
def _silent(description: str, total: int) -> Iterator[Callable[[int], None]]:
    yield lambda finished: None


def audit_slices(
    slices: Sequence[Slice],
    problems: Sequence[Problem] = (),
    progress: Progress = _silent,
) -> Audit:
    """Audits ``slices``; those that cannot be used are left out and listed.

    Args:
        slices: From ``data.layout.scan``, of both official parts.
        problems: What was wrong already by name, to be listed too.
        progress: Shows how far it is.
    """
    looks = Looks()
    layout = Layout(Path(), tuple(sorted(slices, key=lambda item: item.id)), tuple(problems))
    with progress("reading", len(layout.slices)) as advance:
        checked = check(layout, lambda: advance(1), looks)
    ids = [item.id for item in checked.slices]
    seen = [looks.images[name] for name in ids]
    with contextlib.ExitStack() as stack:
        pairs = find_pairs(
            ids, seen, lambda text, total: stack.enter_context(progress(text, total))
        )
    areas = {name: looks.areas[name] for name in ids if name in looks.areas}
    return Audit(
        slices=checked.slices,
        problems=checked.problems,
        fingerprint=checked.fingerprint,
        pairs=pairs,
        shortcuts=find_shortcuts(seen, [item.label for item in checked.slices]),
        tables=tabulate(checked.slices, areas),
        floor=measure_floor(checked.slices, looks.images),
    )
