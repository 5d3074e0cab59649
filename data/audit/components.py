"""Puts slices that are copies of each other into one group."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable


def connected(pairs: Iterable[tuple[str, str]]) -> tuple[tuple[str, ...], ...]:
    """Connected components by union-find (Tarjan, JACM 22, 1975).

    Args:
        pairs: Ids that belong together.

    Returns:
        The groups, of two ids or more, each sorted, in the order of their first ids.
    """
    parent: dict[str, str] = {}

    def root(item: str) -> str:
        parent.setdefault(item, item)
        while parent[item] != item:
            # Halving the path keeps later look-ups short.
            parent[item] = parent[parent[item]]
            item = parent[item]
        return item

    for one, other in pairs:
        low, high = sorted((root(one), root(other)))
        parent[high] = low
    groups: dict[str, list[str]] = defaultdict(list)
    for item in parent:
        groups[root(item)].append(item)
    return tuple(sorted(tuple(sorted(group)) for group in groups.values() if len(group) > 1))
