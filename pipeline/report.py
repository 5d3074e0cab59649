"""Prints a run's outcome, and keeps it beside the model's report."""

from __future__ import annotations

import json
import shlex
import shutil
from dataclasses import asdict
from pathlib import Path

from rich.console import Console
from rich.table import Table

from data.audit.leak import LEAKS
from data.split_record import TABLE
from pipeline.console import Place, print_table
from pipeline.judgement import Verdict
from pipeline.model_report import CARD, PAGE
from pipeline.outcome import NotTrained, Outcome

_DRIFT = (
    "drift is only reported: no distance stops a run, unless drift.above=stop (where data is too "
    "far off) or drift.within=stop (where the model in service still fits) is set"
)


def report(outcome: Outcome | NotTrained, folder: Path, console: Console) -> dict[str, Place]:
    """Prints what a run came to and keeps it in ``folder``, which is named by the run's id.

    Returns:
        What to print last: where what lies, by name, and the verdict.
    """
    data: dict[str, Place] = {"split": folder / TABLE, "audit": outcome.audit}
    if isinstance(outcome, NotTrained):
        _write_record(outcome, folder)
        _print_data(console, outcome)
        return {**data, "not trained": outcome.not_trained}
    page = write_report(outcome, folder)
    print_outcome(console, outcome)
    return {
        "report": page,
        "model card": folder / CARD,
        **data,
        "tensorboard": outcome.tensorboard,
        **verdict_lines(outcome, folder),
    }


def print_outcome(console: Console, outcome: Outcome) -> None:
    """Prints the components, the split, the gate and the scores, as tables and lines."""
    _print_data(console, outcome)
    if outcome.verdicts:
        gate = Table("gate", "slice", "value", "bound", "")
        for verdict in outcome.verdicts:
            mark = "[green]ok[/]" if verdict.passed else "[red]missed[/]"
            gate.add_row(verdict.metric, verdict.slice, number(verdict.value), verdict.bound, mark)
        console.print(gate)

    parts = leak_parts(outcome)
    metrics = Table("test split, masks at the network's image size", *parts)
    for name in outcome.scores["all"]:
        metrics.add_row(name, *(number(outcome.scores[part][name]) for part in parts))
    console.print(metrics)


def _print_data(console: Console, outcome: Outcome | NotTrained) -> None:
    components = Table("component", "seconds", "how")
    components.columns[1].justify = "right"
    for node in outcome.nodes:
        components.add_row(node.node, f"{node.seconds:.1f}", node.state)
    console.print(components)
    print_split(console, outcome)
    print_table(outcome.drift.table(), console)
    console.print(outcome.drift.sentence(), soft_wrap=True, highlight=False)
    console.print(_DRIFT, soft_wrap=True, highlight=False)


def print_split(console: Console, outcome: Outcome | NotTrained) -> None:
    """Says in a line each how the data was divided and what that proves, and what was tuned."""
    for sentence in outcome.split.sentences():
        console.print(sentence, soft_wrap=True, highlight=False)
    if isinstance(outcome, Outcome) and outcome.tuned:
        values = ", ".join(f"{key}={value}" for key, value in sorted(outcome.tuned.items()))
        console.print(f"tuned: {values}", soft_wrap=True, highlight=False)


def leak_parts(outcome: Outcome) -> list[str]:
    """The names of the whole test split and of its parts by leak."""
    names = ["all", *(f"leak={leak}" for leak in LEAKS)]
    return [name for name in names if name in outcome.scores]


def verdict_lines(outcome: Outcome, folder: Path) -> dict[str, Place]:
    """What was decided, and where the model is: where it was pushed, or how to get it."""
    if outcome.blessed:
        return {"blessed and pushed": outcome.pushed}
    missed = [failure(verdict) for verdict in outcome.verdicts if not verdict.passed]
    faults = [f"served on trial: {fault}" for fault in outcome.faults]
    # The folder of a run lies in that of all runs, in the workspace.
    workspace = shlex.quote(str(folder.absolute().parents[1]))
    return {
        "not blessed, nothing pushed": "; ".join([*missed, *faults]),
        "the model all the same": (
            f"brisc runs export {folder.name} --workspace {workspace} --out exported"
        ),
    }


def failure(verdict: Verdict) -> str:
    """Says which metric on which slice missed its bound."""
    return (
        f"{verdict.metric} on slice {verdict.slice} is {number(verdict.value)}, "
        f"demanded: {verdict.bound}"
    )


def write_report(outcome: Outcome, folder: Path) -> Path:
    """Writes what a run came to into ``folder``: the model's report and card, ``report.json`` and
    the split's table; returns the path of the page."""
    shutil.copytree(outcome.model_report, folder, dirs_exist_ok=True)
    _write_record(outcome, folder)
    return folder / PAGE


def _write_record(outcome: Outcome | NotTrained, folder: Path) -> None:
    content = asdict(outcome)
    (folder / "report.json").write_text(json.dumps(content, indent=2, default=str) + "\n")
    shutil.copyfile(outcome.split_folder / TABLE, folder / TABLE)


def number(value: float | None) -> str:
    """A score as text."""
    return "undefined" if value is None else f"{value:.4f}"
