"""The same file or the same pixels in two places, by exact digest; near copies are the audit's."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TypeVar

from data import naming
from data.layout import Slice
from data.verification.finding import Finding, Severity, finding
from data.verification.reading import Facts

K = TypeVar("K")
_AUDIT = "see brisc data audit for mirrored and near copies"


def copies(slices: Sequence[Slice], facts: Mapping[Path, Facts]) -> list[Finding]:
    """Slices whose images have the same pixels, and masks that serve different images."""
    by_pixels = _groups((facts[item.image].pixels, item) for item in slices)
    two_labels, two_planes, two_parts, within = [], [], [], []
    for group in by_pixels:
        paths = tuple(item.image for item in group)
        if len({item.label for item in group}) > 1:
            two_labels.append(paths)
        if len({item.plane for item in group}) > 1:
            two_planes.append(paths)
        if len({item.official_split for item in group}) > 1:
            two_parts.append(paths)
        else:
            within.append(paths)
    return [
        *finding(
            Severity.warning,
            "two-labels",
            "the same pixels with two labels",
            "Find out which label is true and remove the others",
            two_labels,
        ),
        *finding(
            Severity.warning,
            "two-planes",
            "the same pixels with two planes",
            "Find out which plane is true and rename or remove the others",
            two_planes,
        ),
        *_by_file(facts, two_parts, "in-train-and-test", " in train and in test",
                  "Do not trust scores on them: the test is seen in training"),
        *_by_file(facts, within, "twice", " under two names in one part",
                  "Keep one, else val may hold a copy of train"),
        *finding(
            Severity.warning,
            "mask-twice",
            "one mask file for different images",
            "Redraw the one that was copied by mistake",
            [
                tuple(item.mask for item in group if item.mask)
                for group in _groups((facts[i.mask].sha256, i) for i in slices if i.mask)
                if len({facts[item.image].pixels for item in group}) > 1
            ],
        ),
    ]  # fmt: skip


def twins(
    files: Iterable[Path], slices: Sequence[Slice], facts: Mapping[Path, Facts]
) -> list[Finding]:
    """Images of the segmentation task that are not the file of the classification task.

    Args:
        files: The images of the segmentation task, as far as they could be read.
        slices: The usable slices.
        facts: Of these files and of the images of the slices.
    """
    images = {(item.official_split, item.id): item.image for item in slices}
    lonely, other, met = [], [], set()
    for path in files:
        key = (path.parts[-3], path.stem)
        met.add(key)
        if key not in images:
            lonely.append(path)
        elif facts[path].sha256 != facts[images[key]].sha256:
            other.append((path, images[key]))
    bare = [
        item.image
        for item in slices
        if item.label != naming.NO_TUMOR and (item.official_split, item.id) not in met
    ]
    found = finding(
        Severity.warning,
        "twin-unknown",
        "image of the segmentation task without a usable slice in the classification task",
        "Add it there too, for only that is read, or remove it",
        lonely,
    )
    found += finding(
        Severity.warning,
        "twin-differs",
        "image of the segmentation task that is not the same file in the classification task",
        "See which of the two the mask was drawn on: the one for classification is read",
        other,
    )
    return found + finding(
        Severity.note,
        "twin-missing",
        "tumour image that the segmentation task lacks",
        "Nothing: the copy in the classification task is read",
        bare,
    )


def _by_file(
    facts: Mapping[Path, Facts],
    groups: Sequence[tuple[Path, ...]],
    code: str,
    where: str,
    remedy: str,
) -> list[Finding]:
    """Tells copies of a file from files that only hold the same pixels."""
    same = [group for group in groups if len({facts[path].sha256 for path in group}) == 1]
    return [
        *finding(
            Severity.warning, f"file-{code}", f"the same file{where}", f"{remedy}; {_AUDIT}", same
        ),
        *finding(
            Severity.warning,
            f"pixels-{code}",
            f"the same pixels{where}",
            f"{remedy}; {_AUDIT}",
            [group for group in groups if group not in same],
        ),
    ]


def _groups(pairs: Iterable[tuple[K, Slice]]) -> list[list[Slice]]:
    """Slices that share a key, where more than one does."""
    groups: dict[K, list[Slice]] = defaultdict(list)
    for key, item in pairs:
        groups[key].append(item)
    return [group for group in groups.values() if len(group) > 1]
