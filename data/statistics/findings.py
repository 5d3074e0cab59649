"""All that is known of one data set's distributions, wherever it was read from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from data.errors import Problem
from data.page import Table
from data.statistics.anomalies import Anomaly
from data.statistics.described import describe
from data.statistics.record import DriftRecord
from data.statistics.store import Statistics


@dataclass(frozen=True)
class Findings:
    """What ``brisc data stats`` shows.

    Attributes:
        name: What the data set is called.
        statistics: TFDV's, by split.
        anomalies: Where the examples do not keep to ``data/schema.pbtxt``.
        drift: How far distributions lie apart.
        problems: Files that could not be used, which the statistics know nothing about.
    """

    name: str
    statistics: Statistics
    anomalies: Sequence[Anomaly]
    drift: DriftRecord
    problems: Sequence[Problem] = ()

    @property
    def sizes(self) -> dict[str, int]:
        """Slices by split."""
        return {name: int(s.datasets[0].num_examples) for name, s in self.statistics.items()}

    def sentence(self) -> str:
        """What a reader has to know."""
        sizes = ", ".join(f"{count} {split}" for split, count in self.sizes.items())
        count = len(self.anomalies)
        anomalies = f"{count} {'anomaly' if count == 1 else 'anomalies'}"
        return f"{sizes} slices; {anomalies}; {self.drift.sentence()}"

    def anomaly_table(self) -> Table:
        """The anomalies, for the terminal and for HTML."""
        rows = [[a.split, a.feature or "(all)", a.what, a.detail] for a in self.anomalies]
        return Table("Anomalies", ["split", "feature", "what", "found"], rows)

    def to_json(self) -> dict[str, Any]:
        """All of it in plain types; what is undefined is ``None``."""
        return {
            "name": self.name,
            "slices": self.sizes,
            "anomalies": [asdict(anomaly) for anomaly in self.anomalies],
            "drift": self.drift.to_json(),
            "features": {
                split: {
                    feature.path.step[0]: describe(feature) for feature in part.datasets[0].features
                }
                for split, part in self.statistics.items()
            },
            "problems": [str(problem) for problem in self.problems],
        }
