"""What of the test part is already in train, and copies that disagree about the class."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from data import naming
from data.audit.pairs import Pair
from data.layout import Slice

LEAKS = ("none", "neighbour", "copy")


def leaks(
    asked: Iterable[str],
    train: Iterable[str],
    pairs: Iterable[Pair],
    groups: Iterable[tuple[str, ...]],
) -> dict[str, str]:
    """Says for each slice in ``asked`` what of it ``train`` holds, one of ``LEAKS``.

    Args:
        asked: Ids of slices that are not in ``train``.
        train: Ids.
        pairs: Slices that are alike.
        groups: Components of copies: a copy of a copy is one too.
    """
    trained = set(train)
    found = dict.fromkeys(asked, "none")
    for pair in pairs:
        for one, other in ((pair.a, pair.b), (pair.b, pair.a)):
            if one in found and other in trained:
                found[one] = "neighbour"
    for group in groups:
        if not trained.isdisjoint(group):
            found.update((one, "copy") for one in group if one in found)
    return found


def count_leaks(slices: Sequence[Slice], leak: dict[str, str]) -> dict[str, dict[str, int]]:
    """Test slices of each class by what leaks of them: {class: {leak: count}}."""
    table = {label: dict.fromkeys(LEAKS, 0) for label in naming.CLASSES}
    for item in slices:
        if item.id in leak:
            table[item.label][leak[item.id]] += 1
    return table


def conflicts(slices: Sequence[Slice], pairs: Iterable[Pair]) -> list[tuple[Pair, str, str]]:
    """Copies of one slice that have two labels, each pair with both labels."""
    label = {item.id: item.label for item in slices}
    return [
        (pair, label[pair.a], label[pair.b])
        for pair in pairs
        if pair.is_copy and label[pair.a] != label[pair.b]
    ]
