"""The audit in words and tables, for the terminal and the HTML report alike."""

from __future__ import annotations

from collections import Counter

from data import naming
from data.audit.leak import LEAKS
from data.audit.outcome import Audit
from data.audit.pairs import KINDS
from data.audit.tables import SIZES
from data.page import Table


def headline(audit: Audit) -> str:
    """How many test slices have a copy in train, by class, in a sentence or two."""
    counts = audit.leak_counts
    copies = {label: counts[label]["copy"] for label in naming.CLASSES}
    total, tests = sum(copies.values()), len(audit.leak)
    if not tests:
        return "There is no official test part, so nothing leaks into it."
    if not total:
        return f"None of the {tests} test images has a copy in train."
    parts = ", ".join(
        f"{copied} of {sum(counts[label].values())} {label}" for label, copied in copies.items()
    )
    return (
        f"{total} of the {tests} test images have a copy in train: {parts}. "
        "Scores on this test part count them as if they were new."
    )


def leak_table(audit: Audit) -> Table:
    """Test slices by class and what train holds of them."""
    rows = []
    for label, counts in audit.leak_counts.items():
        rows.append([label, *(str(counts[leak]) for leak in LEAKS), str(sum(counts.values()))])
    columns = ["class", "neither", "only a neighbour", "a copy", "test images"]
    return Table("Test images by what train holds of them", columns, rows)


def kind_table(audit: Audit) -> Table:
    """Pairs by kind, between the official parts and within them."""
    split = {item.id: item.official_split for item in audit.slices}
    across: Counter[str] = Counter()
    total: Counter[str] = Counter()
    for pair in audit.pairs:
        total[pair.kind] += 1
        across[pair.kind] += split[pair.a] != split[pair.b]
    rows = [
        [kind, str(across[kind]), str(total[kind] - across[kind])] for kind in KINDS if total[kind]
    ]
    return Table("Pairs", ["kind", "train and test", "within a part"], rows)


def floor_table(audit: Audit) -> Table:
    """What the nearest neighbour scores."""
    floor = audit.floor
    row = ["undefined" if v is None else f"{v:.3f}" for v in (floor.accuracy, floor.dice)]
    title = "Floor: class and mask of the nearest train slice at 16x16 pixels"
    return Table(title, ["accuracy", "tumour Dice"], [row])


def conflict_table(audit: Audit) -> Table:
    """Copies with two labels."""
    rows = [[pair.a, one, pair.b, other, pair.kind] for pair, one, other in audit.conflicts]
    title = "Copies of one slice with two labels"
    return Table(title, ["a", "label of a", "b", "label of b", "kind"], rows)


def shortcut_table(audit: Audit) -> Table:
    """How well traits of the files tell the class."""
    rows = [
        [s.trait, f"{s.accuracy:.3f}", f"{s.majority:.3f}", "yes" if s.found else "no"]
        for s in audit.shortcuts
    ]
    title = "Does it tell the class? (cross-validated)"
    return Table(title, ["of the file", "accuracy", "commonest class", "shortcut"], rows)


def plane_table(audit: Audit) -> Table:
    """Slices by official part, class and plane."""
    planes = audit.tables.planes
    rows = [
        [split, label, *(str(planes[split][label][plane]) for plane in naming.PLANES)]
        for split in naming.OFFICIAL_SPLITS
        for label in naming.CLASSES
    ]
    return Table("Slices by class and plane", ["part", "class", *naming.PLANES], rows)


def size_table(audit: Audit) -> Table:
    """Tumour slices by official part, class and size."""
    sizes, tertiles = audit.tables.sizes, audit.tables.tertiles
    if tertiles is None:
        return Table("Slices by tumour size", [], [])
    rows = [
        [split, label, *(str(sizes[split][label][size]) for size in SIZES)]
        for split in naming.OFFICIAL_SPLITS
        for label in naming.TUMOR_CLASSES
    ]
    low, high = tertiles
    title = f"Slices by tumour size (tertiles of train: {low:.3f} % and {high:.3f} % of the slice)"
    return Table(title, ["part", "class", *SIZES], rows)
