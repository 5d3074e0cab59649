"""Follows a run by the records that its workers leave, in whatever process they are."""

from __future__ import annotations

import contextlib
import threading
from collections import defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path

from serving.batch import records

_SECONDS = 0.5


@contextlib.contextmanager
def watched(folder: Path, run: int, advance: Callable[[int], None]) -> Iterator[None]:
    """Tells ``advance`` of files that are begun while the body runs.

    Args:
        folder: Of the records.
        run: The number of the run.
        advance: Called with the number of files since the last call.
    """
    ended = threading.Event()
    watcher = threading.Thread(target=_watch, args=(folder, run, advance, ended), daemon=True)
    watcher.start()
    try:
        yield
    finally:
        ended.set()
        watcher.join()


def _watch(folder: Path, run: int, advance: Callable[[int], None], ended: threading.Event) -> None:
    seen: set[str] = set()
    read: dict[Path, int] = defaultdict(int)
    while not ended.wait(_SECONDS):
        known = len(seen)
        for path in records.files(folder):
            if records.run_of(path) == run:
                with path.open("rb") as file:
                    file.seek(read[path])
                    content = file.read()
                whole = content[: content.rfind(b"\n") + 1]
                read[path] += len(whole)
                rows = map(records.parse, whole.splitlines(keepends=True))
                seen.update(row.path for row in rows if row is not None)
        advance(len(seen) - known)
