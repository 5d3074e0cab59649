"""Pillow in as many processes as there are cores: reads, resizes and writes each slice and mask."""

from __future__ import annotations

import functools
import json
import multiprocessing
import sys
import tempfile
from pathlib import Path

from PIL import Image

from tests.bench.side import answer, seconds


def resize(file: Path, size: int, folder: Path) -> None:
    """One file as PNG of the network's size, letter-boxed."""
    with Image.open(file) as image:
        grey = image.convert("L")
    scale = size / max(grey.size)
    inner = grey.resize([max(1, round(side * scale)) for side in grey.size])
    box = Image.new("L", (size, size))
    box.paste(inner, ((size - inner.width) // 2, (size - inner.height) // 2))
    box.save(folder / f"{file.parent.name}-{file.stem}.png")


def main(data: str, size: int, workers: int) -> None:
    """Serves as a side, seconds for all slices."""
    root = Path(data)
    files = [
        *root.glob("classification_task/*/*/*.jpg"),
        *root.glob("segmentation_task/*/masks/*.png"),
    ]

    def everything() -> None:
        with tempfile.TemporaryDirectory(prefix="brisc-bench-") as folder:
            work = functools.partial(resize, size=size, folder=Path(folder))
            with multiprocessing.Pool(workers) as pool:
                pool.map(work, files, chunksize=16)

    answer({"Pillow": lambda: seconds(everything)})


if __name__ == "__main__":
    main(**json.loads(sys.argv[1]))
