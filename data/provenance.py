"""Marks what is made of drawn slices alone, so that nobody takes it for what MRI has taught."""

from __future__ import annotations

from pathlib import Path

SYNTHETIC = "SYNTHETIC.txt"
"""Lies in a drawn data set, and in ``assets.extra`` of a model that has learnt from one."""

_TEXT = (
    "Drawn by `brisc data sample`, or learnt from what was: fit for trying, for no claim on MRI.\n"
)


def mark_synthetic(folder: Path) -> None:
    """Says of a data set, or of the model whose ``assets.extra`` it is, that it is synthetic."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / SYNTHETIC).write_text(_TEXT, encoding="utf-8")


def is_synthetic(folder: Path) -> bool:
    """Whether ``mark_synthetic`` has said so."""
    return (folder / SYNTHETIC).is_file()
