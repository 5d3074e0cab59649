"""Measures the memory of BriscExampleGen on many times the data, for docs/results.md.

python -m tests.measure_ingest DIR 1 10
"""

from __future__ import annotations

import itertools
import json
import multiprocessing
import os
import resource
import sys
import tempfile
import time
from pathlib import Path

from data.layout import CLASSIFICATION, SEGMENTATION, Slice, scan
from data.naming import SliceName, parse_stem


def main(folder: Path, factors: list[int]) -> None:
    """Ingests ``folder`` with each slice linked so many times; prints peak memory and time."""
    for factor in factors:
        with tempfile.TemporaryDirectory(dir=folder.parent) as scratch:
            many = _multiplied(folder, Path(scratch) / "data", factor)
            # A process of its own: the peak is that of a whole process.
            context = multiprocessing.get_context("spawn")
            process = context.Process(target=_ingest, args=(many, Path(scratch)))
            process.start()
            process.join()


def _multiplied(folder: Path, target: Path, factor: int) -> Path:
    numbers: dict[str, itertools.count[int]] = {
        split: itertools.count(1) for split in ("train", "test")
    }
    for item in scan(folder).slices:
        for _ in range(factor):
            _link(item, target, next(numbers[item.official_split]))
    return target


def _link(item: Slice, target: Path, number: int) -> None:
    assert parse_stem(item.id) is not None
    stem = SliceName(item.official_split, number, item.label, item.plane).stem
    image = target / CLASSIFICATION / item.official_split / item.label / f"{stem}.jpg"
    mask = target / SEGMENTATION / item.official_split / "masks" / f"{stem}.png"
    for source, link in ((item.image, image), (item.mask, mask)):
        if source is not None:
            link.parent.mkdir(parents=True, exist_ok=True)
            os.link(source, link)


def _ingest(data: Path, scratch: Path) -> None:
    from tfx.types import standard_artifacts

    from data.audit.record import RECORD
    from pipeline.artifacts import DataAudit, DataSplit
    from tests.test_example_gen import run_ingest

    audit, split, examples = DataAudit(), DataSplit(), standard_artifacts.Examples()
    for name, artifact in (("audit", audit), ("split", split), ("examples", examples)):
        artifact.uri = str(scratch / name)
        Path(artifact.uri).mkdir()
    (Path(audit.uri) / RECORD).write_text(json.dumps({"pairs": []}))
    before = _peak()
    start = time.perf_counter()
    run_ingest(data, audit, split, examples)
    elapsed = time.perf_counter() - start
    slices = len(scan(data).slices)
    print(f"{slices} slices: {elapsed:.0f} s, peak {_peak():.0f} MiB, {before:.0f} before ingest")


def _peak() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    main(Path(sys.argv[1]), [int(factor) for factor in sys.argv[2:]])
