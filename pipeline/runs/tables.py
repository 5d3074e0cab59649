"""Runs as tables and lines for a terminal."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from data.page import Table
from pipeline.plain import flat, plain
from pipeline.runs.difference import Difference
from pipeline.runs.garbage import Garbage
from pipeline.runs.record import KEY_PARTS, Run

FIRST = ("id", "state", "blessed", "dice_tumour leak=none", "accuracy leak=none")
"""Columns of the list of runs that stay on a narrow terminal, those that matter most first."""


def run_table(runs: Sequence[Run], where: str) -> Table:
    """A row a run; what ``FIRST`` names matters most."""
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


def verdict_lines(run: Run) -> list[str]:
    """What a run came to: whether it finished, or why not, and what became of its model."""
    state = f"{run.state} in {run.failed}" if run.failed else run.state
    blessed = {None: "", True: "blessed", False: "not blessed"}[run.blessed]
    known = {
        "state": state,
        "reason": run.reason,
        "model": f"{blessed}, pushed: {run.pushed}" if run.pushed else blessed,
        "start": _time(run),
        "took": _duration(run.seconds),
    }
    return [f"Run {run.id}", *(f"  {key}: {value}" for key, value in known.items() if value)]


def parameter_lines(run: Run) -> list[str]:
    """What the run computed with, by the keys of ``--set``."""
    settings = [f"  {key}={plain(value)}" for key, value in flat(run.parameters)]
    return ["Parameters", *settings] if settings else []


def place_lines(run: Run) -> list[str]:
    """Where things lie, a whole path a line."""
    artifacts = [
        f"  artifacts of {name}: {path}" for name in run.artifacts for path in _live(run, name)
    ]
    known = {"reports": run.folder, "data": run.data, "data fingerprint": run.fingerprint}
    return [
        "Where things lie",
        *(f"  {key}: {value}" for key, value in known.items() if value),
        *artifacts,
    ]


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
    return f"{value:.4g}" if isinstance(value, float) else plain(value)


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
