"""What is known of one run."""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipeline.status import NodeStatus

FINISHED = "finished"
RUNNING = "running"
FAILED = "failed"
INTERRUPTED = "interrupted"
NOT_TRAINED = "not trained"

ENDED = (FINISHED, NOT_TRAINED)
"""States of runs of which nothing is left to do."""

FOLD = "-fold-"
"""Stands between the id of a cross-validation and the number of a fold."""

KEY_METRICS = ("accuracy", "dice_tumour")
KEY_PARTS = ("all", "leak=none")


@dataclass(frozen=True)
class Run:
    """One run of a workspace; of a cross-validation, one fold.

    Attributes:
        id: Its id, which begins with when it began.
        state: ``running``, ``finished``, ``not trained`` for one whose data the model in service
            fits, ``failed``, or ``interrupted`` for one that was ended from outside.
        start: When its first component began; ``None`` where it did not come to that.
        seconds: From then to the last change of a component.
        nodes: Its components, in order.
        blessed: Whether its model was blessed; ``None`` where it did not come to that.
        pushed: The folder of the version that was pushed, whether or not it is still there.
        fingerprint: Digest of its data.
        data: Where data of this content lay when a run last read it; ``None`` where it is not
            known any more.
        parameters: Sections of ``params.yaml`` as its components were given them.
        scores: Metrics on the test split by slice name, at the network's image size; empty
            before the end.
        verdicts: Each bound of the gate, as ``report.json`` has it.
        folder: Its log and, at the end, its reports.
        artifacts: Folders of what its components left or took from the cache, by component.
        reason: Why it failed, in a line, by its log; ``None`` where it did not, or none is known.
    """

    id: str
    state: str
    start: datetime.datetime | None
    seconds: float
    nodes: tuple[NodeStatus, ...]
    blessed: bool | None
    pushed: Path | None
    fingerprint: str | None
    data: Path | None
    parameters: dict[str, Any]
    scores: dict[str, dict[str, float | None]]
    verdicts: tuple[dict[str, Any], ...]
    folder: Path
    artifacts: dict[str, tuple[Path, ...]]
    reason: str | None

    @property
    def whole(self) -> str:
        """Its id, or that of the cross-validation of which it is a fold."""
        return self.id.partition(FOLD)[0]

    @property
    def failed(self) -> str:
        """The components that failed, as text."""
        return ", ".join(node.node for node in self.nodes if node.state == FAILED)

    @property
    def metrics(self) -> dict[str, float | None]:
        """The key metrics, by metric and slice; ``None`` is undefined."""
        return {
            f"{metric} {part}": self.scores[part].get(metric)
            for part in KEY_PARTS
            if part in self.scores
            for metric in KEY_METRICS
        }

    def summary(self) -> dict[str, Any]:
        """The row of a list, for JSON."""
        return {
            "id": self.id,
            "state": self.state,
            "start": self.start.isoformat() if self.start else None,
            "seconds": round(self.seconds, 1),
            "blessed": self.blessed,
            "pushed": str(self.pushed) if self.pushed else None,
            "metrics": self.metrics,
            "data_fingerprint": self.fingerprint,
        }

    def details(self) -> dict[str, Any]:
        """Everything, for JSON."""
        return {
            **self.summary(),
            "reason": self.reason,
            "nodes": [
                {"node": node.node, "state": node.state, "seconds": round(node.seconds, 1)}
                for node in self.nodes
            ],
            "scores": self.scores,
            "verdicts": list(self.verdicts),
            "parameters": self.parameters,
            "folder": str(self.folder),
            "data": str(self.data) if self.data else None,
            "artifacts": {name: list(map(str, paths)) for name, paths in self.artifacts.items()},
        }
