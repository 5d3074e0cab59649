"""What two runs have different: parameters, data, metrics, and what the later one ran anew."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from pipeline.plain import flat
from pipeline.runs.record import KEY_PARTS, Run


@dataclass(frozen=True)
class Difference:
    """Two runs side by side, by dotted name; what only one of them has is ``None`` for the other.

    Attributes:
        parameters: Only those that differ; the data's fingerprint is among them.
        metrics: All, on the whole test split and on what has no leak.
        nodes: The state of each component, as ``run`` or ``cached``.
    """

    parameters: dict[str, tuple[Any, Any]]
    metrics: dict[str, tuple[Any, Any]]
    nodes: dict[str, tuple[Any, Any]]

    def as_json(self) -> dict[str, Any]:
        """The same, for JSON."""
        return {
            "parameters": _named(self.parameters),
            "metrics": _named(self.metrics),
            "nodes": _named(self.nodes),
        }


def compare_runs(one: Run, other: Run) -> Difference:
    """Lays two runs side by side."""
    parameters = _beside(
        {"data": one.fingerprint, **dict(flat(one.parameters))},
        {"data": other.fingerprint, **dict(flat(other.parameters))},
    )
    return Difference(
        parameters={name: pair for name, pair in parameters.items() if pair[0] != pair[1]},
        metrics=_beside(_metrics(one), _metrics(other)),
        nodes=_beside(*({node.node: node.state for node in run.nodes} for run in (one, other))),
    )


def _metrics(run: Run) -> dict[str, Any]:
    return {
        f"{name} {part}": value
        for part in KEY_PARTS
        for name, value in run.scores.get(part, {}).items()
    }


def _beside(one: dict[str, Any], other: dict[str, Any]) -> dict[str, tuple[Any, Any]]:
    return {name: (one.get(name), other.get(name)) for name in {**one, **other}}


def _named(pairs: dict[str, tuple[Any, Any]]) -> dict[str, dict[str, Any]]:
    return {name: {"first": one, "second": other} for name, (one, other) in pairs.items()}
