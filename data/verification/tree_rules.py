"""What names tell: the files and folders that nothing reads, codes, numbers and class counts."""

from __future__ import annotations

import os
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path

from data import naming
from data.groups import GROUPS
from data.layout import CLASSIFICATION, SEGMENTATION, Slice
from data.manifest import MANIFEST
from data.provenance import SYNTHETIC
from data.verification.finding import Finding, Severity, finding

_TASKS = (CLASSIFICATION, SEGMENTATION)
_READ = (*_TASKS, MANIFEST, GROUPS, SYNTHETIC)
TWINS = "images"
"""Below ``segmentation_task/<split>``: copies of the classification images. Nothing reads them."""


def walk(root: Path) -> list[Path]:
    """Every file below the two tasks, hidden ones too, sorted.

    Links are followed; one that leads to a folder above itself is listed like a file.
    """
    return sorted(path for task in _TASKS for path in _below(root / task, ()))


def _below(folder: Path, above: tuple[str, ...]) -> Iterator[Path]:
    above = (*above, os.path.realpath(folder))
    for path in folder.iterdir():
        if path.is_dir() and os.path.realpath(path) not in above:
            yield from _below(path, above)
        else:
            yield path


def ignored(root: Path, files: Sequence[Path]) -> list[Finding]:
    """What lies in the data set's folder and is passed over in silence by everything else."""
    beside = [path for path in root.iterdir() if path.name not in _READ and path.exists()]
    folders: dict[Path, int] = Counter()
    hidden, strays = [], []
    for path in files:
        task, *inner = path.relative_to(root).parts
        known: tuple[str, ...] = naming.OFFICIAL_SPLITS
        part_unknown = inner[0] not in known
        # What is unknown in the classification task is a problem of the layout.
        if task == CLASSIFICATION and part_unknown and not inner[0].startswith("."):
            continue
        if len(inner) > 1 and part_unknown:
            folders[root / task / inner[0]] += 1
        elif task == SEGMENTATION and len(inner) > 2 and inner[1] not in (TWINS, "masks"):
            folders[root / task / inner[0] / inner[1]] += 1
        elif task == SEGMENTATION and len(inner) > 3 and inner[1] == TWINS:
            folders[path.parent] += 1
        elif any(part.startswith(".") for part in inner):
            hidden.append(path)
        elif len(inner) == 1 or (task == SEGMENTATION and len(inner) == 2):
            strays.append(path)
    found: list[Finding] = []
    for folder, count in folders.items():
        found += finding(
            Severity.warning,
            "folder-ignored",
            f"nothing reads this folder; files in it: {count}",
            f"Data lies in {', '.join(naming.OFFICIAL_SPLITS)}, masks in masks: move or remove it",
            [folder],
        )
    found += finding(
        Severity.warning,
        "file-ignored",
        "nothing reads a file in this place",
        "Move it into the folder of a class, or remove it",
        strays,
    )
    broken = [path for path in root.iterdir() if not path.exists()]
    found += finding(
        Severity.warning, "link-broken", "a link that leads nowhere", "Remove it", broken
    )
    return found + finding(
        Severity.note,
        "not-data",
        "beside the data or hidden, so not read",
        "Nothing, unless slices are among it",
        sorted(beside) + hidden,
    )


def names(slices: Sequence[Slice]) -> list[Finding]:
    """Both codes of no_tumor, and running numbers that two slices share."""
    healthy = [item.image for item in slices if item.label == naming.NO_TUMOR]
    by_code: dict[str, list[Path]] = defaultdict(list)
    numbers: dict[tuple[str, str], list[Path]] = defaultdict(list)
    for path in healthy:
        by_code[path.stem.split("_")[3]].append(path)
    for item in slices:
        numbers[item.official_split, item.id.split("_")[2]].append(item.image)
    found: list[Finding] = []
    for code, other in (("no", "the description says nt"), ("nt", "the published files say no")):
        found += finding(
            Severity.note,
            f"code-{code}",
            f"no_tumor is named {code}, {other}",
            "Nothing: both are read",
            by_code[code],
        )
    return found + finding(
        Severity.warning,
        "number-twice",
        "slices of one part share a running number",
        "See whether they are one slice under two labels or planes; number them apart",
        [tuple(paths) for paths in numbers.values() if len(paths) > 1],
    )


def classes(root: Path, slices: Sequence[Slice]) -> Iterator[Finding]:
    """Classes without a usable slice, or with one alone."""
    counts = Counter((item.official_split, item.label) for item in slices)
    for split in naming.OFFICIAL_SPLITS:
        for label in naming.CLASSES:
            folder = root / CLASSIFICATION / split / label
            if counts[split, label] == 0:
                yield from finding(
                    Severity.error,
                    "class-empty",
                    "the class has no usable image",
                    "Put its images there: training and its gate need every class in both parts",
                    [folder],
                )
            elif counts[split, label] == 1:
                yield from finding(
                    Severity.warning,
                    "class-of-one",
                    "the class has one usable image",
                    "Add images: one can neither be split nor give a score",
                    [folder],
                )
