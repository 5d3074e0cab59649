"""A row of the table: ours beside a peer or a limit, and how many times better we are."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from rich.table import Table


@dataclass(frozen=True)
class Row:
    """What was measured, round by round.

    Attributes:
        row: Its name.
        unit: Of what was measured.
        goal: The ratio that is aimed at; ``None``: none was set.
        ours: One value a round.
        peers: Of each variant of the peer one value a round; of a limit the same value each time.
        uncounted: Variants that answer another question; shown and not compared with.
        more_is_better: Else less is.
    """

    row: str
    unit: str
    goal: float | None
    ours: Sequence[float]
    peers: Mapping[str, Sequence[float]]
    uncounted: Mapping[str, Sequence[float]] = field(default_factory=dict)
    more_is_better: bool = False

    @property
    def best(self) -> str:
        """The peer's variant with the best median."""
        choose = max if self.more_is_better else min
        return choose(self.peers, key=lambda name: statistics.median(self.peers[name]))

    @property
    def ratios(self) -> list[float]:
        """How many times better than the best variant, in each round."""
        pairs = zip(self.ours, self.peers[self.best], strict=True)
        return [own / peer if self.more_is_better else peer / own for own, peer in pairs]

    def record(self) -> dict[str, Any]:
        """As ``bench.json`` has it."""
        ratios = self.ratios
        return {
            "row": self.row,
            "ours": statistics.median(self.ours),
            "peer": statistics.median(self.peers[self.best]),
            "unit": self.unit,
            "goal": self.goal,
            "ratio": {
                "min": min(ratios),
                "median": statistics.median(ratios),
                "max": max(ratios),
            },
            "against": self.best,
            "variants": {
                name: statistics.median(values)
                for name, values in {**self.peers, **self.uncounted}.items()
            },
            "rounds": len(self.ours),
        }


def limited(row: str, unit: str, limit: float, ours: Sequence[float], of: str = "the limit") -> Row:
    """A row against a limit, which it is to stay below."""
    return Row(row, unit, 1.0, ours, {of: [limit] * len(ours)})


def table(records: Sequence[Mapping[str, Any]]) -> Table:
    """Records as people read them."""
    shown = Table("row", "ours", "peer", "unit", "against", "ratio", "goal", "")
    for record in records:
        ratio, goal = record["ratio"], record["goal"]
        met = (
            "" if goal is None else "[green]ok[/]" if ratio["median"] >= goal else "[red]missed[/]"
        )
        shown.add_row(
            record["row"],
            f"{record['ours']:.4g}",
            f"{record['peer']:.4g}",
            record["unit"],
            record["against"],
            f"{ratio['median']:.2f} ({ratio['min']:.2f} to {ratio['max']:.2f})",
            "" if goal is None else f"{goal:.2f}",
            "" if goal is None else met,
        )
    return shown
