"""What a finished run came to: metrics, verdict and where the pushed model lies."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from data.audit.record import REPORT
from data.split_record import SplitSummary, read_summary
from data.statistics.record import DriftRecord, read_drift
from pipeline.components.infra_check import FAULTS
from pipeline.config import GateConfig
from pipeline.decision import decided
from pipeline.judgement import Scores, Verdict, read_judgement
from pipeline.status import NodeStatus, RunStatus, is_blessed
from trainer.event_files import EVENTS


@dataclass(frozen=True)
class DataOutcome:
    """What every run comes to.

    Attributes:
        nodes: What each component took.
        split: How the data was divided.
        split_folder: Where its table lies.
        drift: How far distributions lie apart.
        audit: The report of the audit.
    """

    nodes: list[NodeStatus]
    split: SplitSummary
    split_folder: Path
    drift: DriftRecord
    audit: Path

    @property
    def refused(self) -> bool:
        """Whether a model was trained that is not to be served."""
        return False


@dataclass(frozen=True)
class NotTrained(DataOutcome):
    """The result of a run that ended before it trained.

    Attributes:
        not_trained: Why.
    """

    not_trained: str


@dataclass(frozen=True)
class Outcome(DataOutcome):
    """The result of a run that trained.

    Attributes:
        tuned: What a search found for section ``training``, by key; empty where there was none.
        scores: What Evaluator measured on the test split, at the network's image size.
        verdicts: Each bound of the gate.
        blessed: Whether Evaluator blessed the model, and it could be served.
        faults: What was wrong with it where it was served on trial.
        model_report: Where the page and the card about the model lie.
        pushed: Where the blessed model lies.
        tensorboard: Where its event files lie.
    """

    tuned: dict[str, Any]
    scores: Scores
    verdicts: list[Verdict]
    blessed: bool
    faults: list[str]
    model_report: Path
    pushed: Path | None
    tensorboard: Path | None

    @property
    def refused(self) -> bool:
        """Whether the model is not to be served."""
        return not self.blessed


def read_outcome(status: RunStatus, gate: GateConfig | None) -> Outcome | NotTrained:
    """Collects the outcome of a run that has come to its end.

    Args:
        status: The run.
        gate: What it demanded; ``None`` where it only measured.
    """
    audit = status.artifact("LeakAudit", "DataAudit")
    split = status.artifact("BriscExampleGen", "DataSplit")
    drift = status.artifact("DriftReport", "DataDrift")
    assert audit is not None and split is not None and drift is not None
    data: dict[str, Any] = {
        "nodes": status.nodes(),
        "split": read_summary(Path(split.uri)),
        "split_folder": Path(split.uri),
        "drift": read_drift(Path(drift.uri)),
        "audit": Path(audit.uri) / REPORT,
    }
    decision = decided(status)
    if not decision.train:
        return NotTrained(**data, not_trained=decision.reason)
    page = status.artifact("ModelReport", "ModelReport")
    tuned = status.artifact("Tuner", "HyperParameters")
    evaluation = status.artifact("Evaluator", "ModelEvaluation")
    blessing = status.artifact("Evaluator", "ModelBlessing")
    served = status.artifact("InfraCheck", "InfraBlessing")
    model_run = status.artifact("Trainer", "ModelRun")
    assert evaluation is not None and blessing is not None and page is not None
    has_baseline = blessing.custom_properties["baseline_model_id"].int_value > 0
    judgement = read_judgement(evaluation.uri, gate, has_baseline)
    return Outcome(
        **data,
        tuned=read_tuned(Path(tuned.uri)) if tuned else {},
        scores=judgement.scores,
        verdicts=judgement.verdicts,
        blessed=bool(status.blessed()),
        faults=_faults(served),
        model_report=Path(page.uri),
        pushed=status.pushed(),
        tensorboard=Path(model_run.uri) / EVENTS if model_run else None,
    )


def _faults(served: Any) -> list[str]:
    if served is None or is_blessed(served):
        return []
    file = Path(served.uri) / FAULTS
    return file.read_text().splitlines() if file.exists() else ["TF Serving did not answer"]


def read_tuned(folder: Path) -> dict[str, Any]:
    """The values that a search found, by key of section ``training``."""
    content = json.loads((folder / "best_hyperparameters.txt").read_text())
    return dict(content["values"])
