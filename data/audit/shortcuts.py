"""Whether something that is no anatomy, such as the pixel mode of the file, tells the class.

Networks take such shortcuts where the data has them (Geirhos et al., "Shortcut learning in deep
neural networks", Nature Machine Intelligence 2, 2020). Each trait is a category, so the best
classifier on it is a table of the commonest class of each value; cross-validation keeps values
that one slice alone has from counting as knowledge.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass

import numpy as np

from data.audit.looks import Look

FOLDS = 5
_BORDER_LIMITS = (0.5, 4, 16, 64)

TRAITS: dict[str, Callable[[Look], Hashable]] = {
    "mode": lambda look: look.mode,
    "size": lambda look: (look.width, look.height),
    "exif": lambda look: look.exif,
    "aspect ratio": lambda look: round(look.width / look.height, 2),
    "border": lambda look: int(np.searchsorted(_BORDER_LIMITS, look.border)),
}
"""What is looked at, by name; ``_TOGETHER`` is tried as one, too."""
_TOGETHER = ("mode", "size", "exif")


@dataclass(frozen=True)
class Shortcut:
    """How well one trait of the files tells the class.

    Attributes:
        trait: A name from ``TRAITS``, or several of them.
        accuracy: Cross-validated, 0 to 1.
        majority: Accuracy of always saying the commonest class.
        found: Whether the accuracy is above that by more than chance (three standard errors)
            and by two points or more.
    """

    trait: str
    accuracy: float
    majority: float
    found: bool


def find_shortcuts(looks: Sequence[Look], labels: Sequence[str]) -> tuple[Shortcut, ...]:
    """Tries each trait; none where there are fewer slices than folds."""
    count = len(labels)
    if count < FOLDS:
        return ()
    majority = Counter(labels).most_common(1)[0][1] / count
    values = {name: [trait(look) for look in looks] for name, trait in TRAITS.items()}
    values[", ".join(_TOGETHER)] = [
        tuple(TRAITS[name](look) for name in _TOGETHER) for look in looks
    ]
    margin = max(0.02, 3 * math.sqrt(majority * (1 - majority) / count))
    return tuple(
        Shortcut(name, accuracy, majority, accuracy > majority + margin)
        for name, column in values.items()
        for accuracy in [cross_validate(column, labels)]
    )


def cross_validate(values: Sequence[Hashable], labels: Sequence[str], seed: int = 0) -> float:
    """Accuracy of the commonest class of a value, learnt on four fifths, asked on the rest."""
    fold = np.random.default_rng(seed).permutation(len(labels)) % FOLDS
    right = 0
    for held in range(FOLDS):
        learnt: dict[Hashable, Counter[str]] = defaultdict(Counter)
        overall: Counter[str] = Counter()
        for value, label, number in zip(values, labels, fold, strict=True):
            if number != held:
                learnt[value][label] += 1
                overall[label] += 1
        for value, label, number in zip(values, labels, fold, strict=True):
            if number == held:
                known = learnt.get(value, overall)
                right += known.most_common(1)[0][0] == label
    return right / len(labels)
