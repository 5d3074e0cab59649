"""What becomes of one slice: a line of the records and a row of the table."""

from __future__ import annotations

from dataclasses import dataclass

from serving.batch.sources import Source


@dataclass(frozen=True)
class Row:
    """A slice that was answered, or what cannot be used.

    Attributes:
        path, size, mtime_ns: The file, as ``Source`` has it.
        number: Its frame or slice from 1; ``None`` for an image, and for a file that is no use.
        count: How many frames or slices the file has.
        label: One of ``data.naming.CLASSES``.
        probabilities: In the order of ``data.naming.CLASSES``.
        pixels: Of the mask.
        share: Of the slice that the mask covers.
        area_mm2: Of the mask, where the file tells the spacing of its pixels.
        mask: The mask below the folder of the results, with slashes.
        notes: What had to be assumed of the file.
        error: Why there is no answer, with the remedy; all from ``label`` to ``mask`` is ``None``.
    """

    path: str
    size: int
    mtime_ns: int
    number: int | None = None
    count: int = 1
    label: str | None = None
    probabilities: tuple[float, ...] | None = None
    pixels: int | None = None
    share: float | None = None
    area_mm2: float | None = None
    mask: str | None = None
    notes: str | None = None
    error: str | None = None

    @property
    def source(self) -> Source:
        """The file as it was when the slice was read."""
        return Source(self.path, self.size, self.mtime_ns)

    @property
    def key(self) -> tuple[str, int]:
        """What it is a row of; rows are sorted by it."""
        return self.path, self.number or 0


def mask_path(source: Source, number: int | None, count: int) -> str:
    """Where the mask of a slice lies below the folder of the results.

    The whole name of the file stays in it, and the two endings differ: no two slices share a
    mask, whatever files are called.
    """
    ending = f"{number:04d}" if number is not None and count > 1 else "mask"
    return f"masks/{source.path}.{ending}.png"
