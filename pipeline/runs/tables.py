"""Runs as tables and lines for a terminal."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from data.page import Table
from pipeline.runs.difference import Difference
from pipeline.runs.garbage import Garbage
from pipeline.runs.record import KEY_PARTS, Run


def run_table(runs: Sequence[Run], where: str) -> Table:
    """A row a run."""
    metrics = list(dict.fromkeys(name for run in runs for name in run.metrics))
    rows = [
        [
            run.id,
            _time(run),
            _duration(run.seconds),
            run.state,
            _yes_or_no(run.blessed),
            run.pushed.name if run.pushed else "",
            *(_number(run.metrics[name]) if name in run.metrics else "" for name in metrics),
            (run.fingerprint or "")[:8],
        ]
        for run in runs
    ]
    columns = ["id", "start", "took", "state", "blessed", "pushed", *metrics, "data"]
    return Table(f"Runs of {where}", columns, rows)


def fact_table(run: Run) -> Table:
    """What a run came to, and where things lie."""
    rows = [
        ["state", run.state],
        ["start", _time(run)],
        ["took", _duration(run.seconds)],
        ["blessed", _yes_or_no(run.blessed)],
        ["pushed", str(run.pushed or "")],
        ["data", run.fingerprint or ""],
        ["data folder", str(run.data or "")],
        ["reports", str(run.folder)],
        *(
            [f"artifacts of {name}", str(path)]
            for name in run.artifacts
            for path in _live(run, name)
        ),
    ]
    return Table(f"Run {run.id}", ["", ""], rows)


def node_table(run: Run) -> Table:
    """Each component, and how it came to its result."""
    rows = [[node.node, f"{node.seconds:.1f}", node.state] for node in run.nodes]
    return Table("Components", ["component", "seconds", "how"], rows)


def metric_table(run: Run) -> Table:
    """Metrics on the whole test split and on what has no leak."""
    parts = [part for part in KEY_PARTS if part in run.scores]
    names = list(run.scores[parts[0]]) if parts else []
    rows = [[name, *(_number(run.scores[part][name]) for part in parts)] for name in names]
    title = "Test split, masks at the network's image size"
    return Table(title, ["metric", *parts], rows)


def gate_table(run: Run) -> Table:
    """Each bound of the gate."""
    rows = [
        [
            verdict["metric"],
            verdict["slice"],
            _number(verdict["value"]),
            verdict["bound"],
            "ok" if verdict["passed"] else "missed",
        ]
        for verdict in run.verdicts
    ]
    return Table("Gate", ["metric", "slice", "value", "bound", ""], rows)


def parameter_table(run: Run) -> Table:
    """What the run computed with."""
    rows = [
        [f"{section}.{key}", str(value)]
        for section, values in run.parameters.items()
        for key, value in values.items()
    ]
    return Table("Parameters", ["key", "value"], rows)


def difference_tables(one: str, other: str, difference: Difference) -> list[Table]:
    """Two runs side by side."""
    shown = [
        ("Parameters that differ", difference.parameters),
        ("Metrics on the test split", difference.metrics),
        ("Components", difference.nodes),
    ]
    return [
        Table(title, ["", one, other], [[name, *map(_value, pair)] for name, pair in pairs.items()])
        for title, pairs in shown
    ]


def garbage_lines(garbage: Garbage, *, dry_run: bool) -> list[str]:
    """What was removed, a line a folder that is not empty, and the sum."""
    verb = "would be removed" if dry_run else "removed"
    total = sum(garbage.folders.values())
    return [
        *(f"{folder}: {_bytes(size)}" for folder, size in garbage.folders.items() if size),
        f"{verb}: {len(garbage.folders)} folder(s), {total} bytes ({_bytes(total)}); "
        f"kept whole: {', '.join(garbage.kept) or 'no run'}",
    ]


def _live(run: Run, name: str) -> list[str]:
    return [str(path) if path.exists() else f"{path} (removed)" for path in run.artifacts[name]]


def _value(value: Any) -> str:
    if value is None:
        return "-"
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def _number(value: float | None) -> str:
    return "undefined" if value is None else f"{value:.4f}"


def _yes_or_no(value: bool | None) -> str:
    return "" if value is None else "yes" if value else "no"


def _time(run: Run) -> str:
    return run.start.strftime("%Y-%m-%d %H:%M:%S") if run.start else ""


def _duration(seconds: float) -> str:
    hours, rest = divmod(round(seconds), 3600)
    return f"{hours}:{rest // 60:02}:{rest % 60:02}"


def _bytes(size: float) -> str:
    for unit in ("B", "kB", "MB"):
        if size < 1000:
            return f"{size:.3g} {unit}"
        size /= 1000
    return f"{size:.2f} GB"
