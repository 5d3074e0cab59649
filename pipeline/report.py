"""Prints a run's outcome, and keeps it as an HTML page and as JSON."""

from __future__ import annotations

import json
import os
from dataclasses import asdict
from pathlib import Path

from rich.console import Console
from rich.table import Table

from pipeline.outcome import Outcome, Verdict


def print_outcome(console: Console, outcome: Outcome) -> None:
    """Prints the components, the gate and the paths, as tables and lines."""
    components = Table("component", "seconds", "how")
    components.columns[1].justify = "right"
    for node in outcome.nodes:
        components.add_row(node.node, f"{node.seconds:.1f}", node.state)
    console.print(components)

    gate = Table("gate", "slice", "value", "bound", "")
    for verdict in outcome.verdicts:
        mark = "[green]ok[/]" if verdict.passed else "[red]missed[/]"
        gate.add_row(verdict.metric, verdict.slice, _number(verdict.value), verdict.bound, mark)
    console.print(gate)

    metrics = Table("test split, masks at the network's image size", "value")
    for name, value in outcome.scores["all"].items():
        metrics.add_row(name, _number(value))
    console.print(metrics)
    print_verdict(console, outcome)


def print_verdict(console: Console, outcome: Outcome) -> None:
    """Says in a line each what was decided and where things lie; paths are not wrapped."""
    if outcome.blessed:
        console.print("blessed")
        console.print(f"pushed to {outcome.pushed}", soft_wrap=True, highlight=False)
        return
    console.print("not blessed, nothing pushed:")
    for verdict in outcome.verdicts:
        if not verdict.passed:
            console.print(f"  {failure(verdict)}", soft_wrap=True, highlight=False)


def failure(verdict: Verdict) -> str:
    """Says which metric on which slice missed its bound."""
    return (
        f"{verdict.metric} on slice {verdict.slice} is {_number(verdict.value)}, "
        f"demanded: {verdict.bound}"
    )


def write_report(outcome: Outcome, folder: Path) -> Path:
    """Writes ``report.html`` and ``report.json``; returns the path of the page."""
    with open(os.devnull, "w") as nowhere:
        page = Console(file=nowhere, record=True, width=100)
        print_outcome(page, outcome)
        html = folder / "report.html"
        page.save_html(str(html))
    content = asdict(outcome)
    (folder / "report.json").write_text(json.dumps(content, indent=2, default=str) + "\n")
    return html


def _number(value: float | None) -> str:
    return "undefined" if value is None else f"{value:.4f}"
