"""What a report says of a model, gathered before it is drawn."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from data.split_record import SplitSummary
from pipeline.judgement import Verdict
from pipeline.model_report.curves import Curve
from pipeline.model_report.worst import Case

NOT_A_DEVICE = "Not a medical device: nothing here is fit for diagnosis."

_SYNTHETIC = "Measured on synthetic slices: no score here says anything of MRI."

LIMITS = (
    "Distances and areas are in pixels: BRISC has no pixel spacing.",
    "Single contrast-enhanced T1 slices are judged, no volumes and no other sequences.",
    "Scores hold for data like the test split; other scanners and hospitals were not seen.",
    "Where patients are not proven disjoint, a score may be that of patients the model knows.",
)

_LICENCE = (
    "BRISC 2025 (doi 10.5281/zenodo.17524350) is CC BY 4.0: name its authors where you share "
    "what is made from it. Data of your own keeps its own terms."
)
_NOBODYS = "The slices were drawn by `brisc data sample`: no patient's, and nobody's to license."


@dataclass(frozen=True)
class ModelFacts:
    """Everything that the page and the card are drawn from.

    Attributes:
        scores: What ``trainer.evaluation.summary`` returns, on the test split.
        split: How the data was divided.
        verdicts: Each bound of the gate; empty where there was none.
        blessed: Whether Evaluator blessed the model.
        settings: Sections ``model`` and ``training`` as they were used.
        fingerprint: Digest of the data.
        synthetic: Whether the data was drawn, and is not BRISC nor anybody's.
        curves: Of the training.
        cases: The slices on which the model does worst.
    """

    scores: dict[str, Any]
    split: SplitSummary
    verdicts: list[Verdict]
    blessed: bool
    settings: dict[str, dict[str, Any]]
    fingerprint: str
    synthetic: bool = False
    curves: list[Curve] = field(default_factory=list)
    cases: list[Case] = field(default_factory=list)

    def headline(self) -> str:
        """What a reader has to know first."""
        part = self.scores["slices"].get("leak=none")
        seen = _sentence("all test slices", self.scores)
        unseen = "There are none with neither copy nor neighbour in train."
        if part is not None:
            unseen = _sentence("those with neither copy nor neighbour in train", part)
        warning = [_SYNTHETIC] if self.synthetic else []
        return " ".join([*warning, seen, unseen, NOT_A_DEVICE])

    def licence(self) -> str:
        """Under which terms the data stands."""
        return _NOBODYS if self.synthetic else _LICENCE

    def verdict(self) -> str:
        """Whether the model may be served, in a sentence."""
        if not self.verdicts:
            return "Measured only: a fold of a cross-validation is no candidate."
        return "Blessed by the gate." if self.blessed else "Refused by the gate."


def _sentence(where: str, scores: dict[str, Any]) -> str:
    return (
        f"On {where} ({scores['n']}): accuracy {shown(scores['accuracy'])}, tumour-only Dice "
        f"{shown(scores['dice_tumour'])}."
    )


def shown(value: float | None, interval: list[float] | None = None) -> str:
    """A score as text, with its interval where it has one."""
    if value is None:
        return "undefined"
    text = str(value) if isinstance(value, int) else f"{value:.3f}"
    return f"{text} [{interval[0]:.3f}, {interval[1]:.3f}]" if interval else text
