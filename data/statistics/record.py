"""What a comparison of distributions found, and how it is kept for later components."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

from data.page import Table

RECORD = "drift.json"
_SHORT = {"L-infinity": "L-inf", "Jensen-Shannon": "JS"}


@dataclass(frozen=True)
class Comparison:
    """One feature in two data sets.

    Attributes:
        kind: ``skew`` between the splits of one data set, ``drift`` between two data sets.
        feature: Name of the feature, as in ``data.features``.
        split: The split that is compared.
        against: What with.
        measure: ``L-infinity``: the largest difference of the share of a value.
            ``Jensen-Shannon``: the divergence of the histograms, in bits. Both lie in [0, 1].
        distance: Its value; ``None`` where the feature is missing on a side.
        threshold: What it may be.
        exceeded: Whether it is more, or not known.
    """

    kind: Literal["skew", "drift"]
    feature: str
    split: str
    against: str
    measure: Literal["L-infinity", "Jensen-Shannon"]
    distance: float | None
    threshold: float
    exceeded: bool

    def __str__(self) -> str:
        relation = "above" if self.exceeded else "within"
        return (
            f"{self.feature} of {self.split} against {self.against}: {self.measure} "
            f"{number(self.distance)} is {relation} {self.threshold:g}"
        )


@dataclass(frozen=True)
class DriftRecord:
    """All comparisons of one data set.

    Attributes:
        previous: What the data set before is called; ``None`` where there is none.
        comparisons: Between the splits, then with the data set before.
    """

    previous: str | None
    comparisons: tuple[Comparison, ...]

    @property
    def exceeded(self) -> tuple[Comparison, ...]:
        """The comparisons beyond their threshold."""
        return tuple(item for item in self.comparisons if item.exceeded)

    @property
    def fits(self) -> bool:
        """Whether there is a data set before, and none of the distances from it is beyond its
        threshold."""
        drift = [item for item in self.comparisons if item.kind == "drift"]
        return bool(drift) and not any(item.exceeded for item in drift)

    def sentence(self) -> str:
        """What a reader has to know."""
        count = len(self.exceeded)
        verdict = f"{count} of {len(self.comparisons)} distances are above their threshold"
        with_what = f"compared with {self.previous}" if self.previous else "no earlier data set"
        return f"drift: {verdict}; {with_what}"

    def table(self) -> Table:
        """The comparisons, for the terminal and for HTML."""
        # Narrow enough for a terminal of 80 columns.
        columns = ["feature", "of", "against", "by", "distance", "limit", "above"]
        rows = [
            [
                item.feature,
                item.split,
                item.against,
                _SHORT[item.measure],
                number(item.distance),
                f"{item.threshold:g}",
                "yes" if item.exceeded else "no",
            ]
            for item in self.comparisons
        ]
        return Table("How far distributions lie apart", columns, rows)

    def to_json(self) -> dict[str, Any]:
        """All of it in plain types."""
        return asdict(self)


def write_drift(record: DriftRecord, folder: Path) -> None:
    """Keeps ``record`` in ``folder``."""
    text = json.dumps(record.to_json(), indent=2) + "\n"
    (folder / RECORD).write_text(text, encoding="utf-8")


def read_drift(folder: Path) -> DriftRecord:
    """Reads what ``write_drift`` kept."""
    content = json.loads((folder / RECORD).read_text(encoding="utf-8"))
    return DriftRecord(
        content["previous"], tuple(Comparison(**item) for item in content["comparisons"])
    )


def number(value: float | None) -> str:
    """A distance as text."""
    return "undefined" if value is None else f"{value:.3f}"
