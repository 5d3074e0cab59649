"""How BRISC 2025 names a slice: ``brisc2025_train_00001_gl_ax_t1``.

The stem of a file is the identity of a slice: image and mask share it. Specification: the
naming section of the data set's own description (Zenodo, doi:10.5281/zenodo.17524350).
"""

from __future__ import annotations

import re
from dataclasses import dataclass

CLASSES = ("glioma", "meningioma", "pituitary", "no_tumor")
"""The class names, in the order of the model's ``classification`` output."""

NO_TUMOR = "no_tumor"
TUMOR_CLASSES = tuple(name for name in CLASSES if name != NO_TUMOR)
PLANES = ("axial", "coronal", "sagittal")
OFFICIAL_SPLITS = ("train", "test")

CLASS_CODES = {"glioma": "gl", "meningioma": "me", "pituitary": "pi", "no_tumor": "no"}
PLANE_CODES = {"axial": "ax", "coronal": "co", "sagittal": "sa"}

# The official description says `nt`, the files themselves say `no`.
_CLASS_OF_CODE = {code: name for name, code in CLASS_CODES.items()} | {"nt": NO_TUMOR}
_PLANE_OF_CODE = {code: name for name, code in PLANE_CODES.items()}

_STEM = re.compile(
    r"brisc2025_(?P<split>train|test)_(?P<index>[0-9]{5})"
    rf"_(?P<label>{'|'.join(_CLASS_OF_CODE)})_(?P<plane>{'|'.join(_PLANE_OF_CODE)})_t1"
)


@dataclass(frozen=True)
class SliceName:
    """What a BRISC stem says: ``split`` as published, running ``index``, ``label``, ``plane``."""

    split: str
    index: int
    label: str
    plane: str

    @property
    def stem(self) -> str:
        """The file name without its suffix."""
        return (
            f"brisc2025_{self.split}_{self.index:05d}"
            f"_{CLASS_CODES[self.label]}_{PLANE_CODES[self.plane]}_t1"
        )


def parse_stem(stem: str) -> SliceName | None:
    """Reads a BRISC stem; ``None`` where the name does not follow the pattern."""
    match = _STEM.fullmatch(stem)
    if match is None:
        return None
    return SliceName(
        split=match["split"],
        index=int(match["index"]),
        label=_CLASS_OF_CODE[match["label"]],
        plane=_PLANE_OF_CODE[match["plane"]],
    )
