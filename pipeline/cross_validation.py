"""Cross-validation: the same recipe once a fold, and what that says of its spread."""

from __future__ import annotations

import json
import statistics
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table

from data.checks import Checked
from pipeline import report, tfx_run
from pipeline.console import Place
from pipeline.outcome import NotTrained, Outcome
from pipeline.request import RunRequest

FILE = "cross_validation.json"


@dataclass(frozen=True)
class Spread:
    """One metric on one slice of the test splits, over the folds on which it is defined.

    Attributes:
        mean: Mean of the folds; ``None`` where it is undefined on all.
        deviation: Sample standard deviation; ``None`` where fewer than two folds define it.
        values: The value of each fold; ``None`` where undefined.
    """

    mean: float | None
    deviation: float | None
    values: tuple[float | None, ...]

    @classmethod
    def of(cls, values: Sequence[float | None]) -> Spread:
        """Summarises the values of the folds, in their order."""
        known = [value for value in values if value is not None]
        return cls(
            statistics.fmean(known) if known else None,
            statistics.stdev(known) if len(known) > 1 else None,
            tuple(values),
        )


def run(
    request: RunRequest, checked: Checked, run_id: str, folder: Path, console: Console
) -> dict[str, Place]:
    """Runs every fold, each under its own id, and reports mean and spread.

    Nothing is blessed and nothing pushed: the models are means of measuring the recipe.

    Returns:
        Where what lies, by name.
    """
    folds = request.parameters.split.folds
    assert folds is not None
    outcomes: list[Outcome] = []
    for fold in range(folds):
        console.print(f"fold {fold + 1} of {folds}", highlight=False)
        outcome = tfx_run.run(request, checked, f"{run_id}-fold-{fold + 1}", console, fold)
        # A fold measures a recipe, and trains in any case.
        assert not isinstance(outcome, NotTrained)
        report.write_report(outcome, folder / f"fold-{fold + 1}")
        report.print_split(console, outcome)
        outcomes.append(outcome)
    scores = summarise(outcomes)
    console.print(_table(scores, folds))
    file = folder / FILE
    content = {
        part: {name: asdict(spread) for name, spread in metrics.items()}
        for part, metrics in scores.items()
    }
    file.write_text(json.dumps(content, indent=2) + "\n")
    return {"report": file, "audit": outcomes[0].audit}


def summarise(outcomes: Sequence[Outcome]) -> dict[str, dict[str, Spread]]:
    """The spread of every metric by slice; a fold without such a slice leaves it undefined."""
    parts = {part: scores for outcome in outcomes for part, scores in outcome.scores.items()}
    return {
        part: {
            name: Spread.of([outcome.scores.get(part, {}).get(name) for outcome in outcomes])
            for name in names
        }
        for part, names in sorted(parts.items())
    }


def _table(scores: dict[str, dict[str, Spread]], folds: int) -> Table:
    title = "test splits, masks at the network's image size"
    table = Table(title, "mean", "deviation", *(f"fold {fold + 1}" for fold in range(folds)))
    for name, spread in scores["all"].items():
        values = (spread.mean, spread.deviation, *spread.values)
        table.add_row(name, *map(report.number, values))
    return table
