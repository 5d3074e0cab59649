"""Rows about more data: what a slice costs the data components when there are many."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from tests.bench.comparison import Setting, take_turns
from tests.bench.row import Row

_SIZE = 256
_COUNTS = (300, 1200, 4800)
# At most a tenth more for each slice.
_GOAL = 1 / 1.1


def growth(setting: Setting) -> Iterator[Row]:
    """Milliseconds and MiB a slice at 1,200 and 4,800 slices, against 300; made-up slices."""
    times: dict[int, list[float]] = {}
    peaks: dict[int, list[float]] = {}
    for count in _COUNTS:
        data = str(_sample(setting.folder, count))
        measured = take_turns(setting.ours("ingest", data=data, size=_SIZE), rounds=setting.rounds)
        times[count] = [1e3 * value / count for value in measured["brisc"]]
        peaks[count] = measured["peak memory"]
    few = _COUNTS[0]
    for count in _COUNTS[1:]:
        peer = {f"{few} slices": times[few]}
        yield Row(f"ingest-{count}-slices", "ms/slice", _GOAL, times[count], peer)
    for count in _COUNTS[1:]:
        peer = {f"{few} slices": peaks[few]}
        yield Row(f"ingest-{count}-slices-memory", "GiB", None, peaks[count], peer)


def _sample(folder: Path, count: int) -> Path:
    sample = folder / f"sample-{count}"
    if not sample.exists():
        # SciPy's distributions: not before they are needed.
        from data.sample import write_sample

        write_sample(sample, images=count, seed=0)
    return sample
