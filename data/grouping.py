"""Groups of slices that must not be divided between train and test, and folds that respect them."""

from __future__ import annotations

import itertools
import warnings
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence

from data.audit.components import connected
from data.layout import Slice
from data.strata import rank


def group_slices(
    slices: Iterable[Slice], pairs: Iterable[tuple[str, str]], known: Mapping[str, str]
) -> dict[str, str]:
    """Puts every slice into the group of all that may be of the same patient.

    A group is a connected component: slices whose patient is known to be the same, and whatever
    the audit found alike. Where two patients have slices that are alike, theirs is one group: a
    copy on both sides would be a leak whatever the table of patients says.

    Args:
        slices: The slices.
        pairs: Ids of slices that are alike; one that is not among ``slices`` still joins two
            that are.
        known: Patients by slice id, as far as they are known; of others as well.

    Returns:
        {id: name of its group}. The name is made of the patients in it, ``g1+g7``, or is the
        first id where none is known.
    """
    members: dict[str, list[str]] = defaultdict(list)
    for name in sorted(known):
        members[known[name]].append(name)
    links = itertools.chain(
        ((group[0], other) for group in members.values() for other in group[1:]), pairs
    )
    # A slice that nothing is like is a group, too.
    found = {item.id: known.get(item.id, item.id) for item in slices}
    for component in connected(links):
        patients = sorted({known[name] for name in component if name in known})
        name = "+".join(patients) or component[0]
        found |= {item: name for item in component if item in found}
    return found


def take_fold(
    slices: Sequence[Slice], groups: Mapping[str, str], folds: int, fold: int, seed: int
) -> tuple[list[Slice], list[Slice]]:
    """Takes one of ``folds`` parts that have no group in common, each stratum as even as can be.

    Args:
        slices: The slices to divide.
        groups: The group of each, by id.
        folds: How many parts, 2 or more.
        fold: Which one, from 0.
        seed: Decides what goes where, among groups that are alike.

    Returns:
        The slices of that part, and the rest.
    """
    # A second of imports, which no other strategy should pay.
    from sklearn.model_selection import StratifiedGroupKFold

    ordered = sorted(slices, key=lambda item: item.id)
    if len(ordered) < folds:
        return [], ordered
    # Its own shuffling loses the stratification before scikit-learn 1.8 (its issue 32478), which
    # Python 3.10 does not get. It takes groups that are alike in their numbers' order.
    shuffled = sorted(set(groups[item.id] for item in ordered), key=lambda name: rank(name, seed))
    number = {name: position for position, name in enumerate(shuffled)}
    splitter = StratifiedGroupKFold(n_splits=folds)
    strata = _strata(ordered, folds)
    with warnings.catch_warnings():
        # It warns of each stratum smaller than the number of folds. Whether every class is where
        # it is needed is checked of the outcome.
        warnings.simplefilter("ignore", UserWarning)
        parts = splitter.split(ordered, strata, [number[groups[item.id]] for item in ordered])
        _, chosen = next(itertools.islice(parts, fold, None))
    taken = set(chosen.tolist())
    return (
        [item for position, item in enumerate(ordered) if position in taken],
        [item for position, item in enumerate(ordered) if position not in taken],
    )


def _strata(slices: Sequence[Slice], least: int) -> list[str]:
    """The finest strata of which at least one has enough slices to be divided."""
    finest = [f"{item.label} {item.plane}" for item in slices]
    for strata in (finest, [item.label for item in slices]):
        if max(Counter(strata).values()) >= least:
            return strata
    return [""] * len(slices)
