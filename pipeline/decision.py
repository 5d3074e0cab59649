"""What ``DriftGate`` has decided about a run: whether it goes on to train."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.nodes import downstream_nodes

if TYPE_CHECKING:
    from tfx.proto.orchestration import pipeline_pb2

    from pipeline.status import RunStatus

GATE = "DriftGate"
_FILE = "decision.json"


@dataclass(frozen=True)
class Decision:
    """Whether a run trains.

    Attributes:
        train: Whether it does.
        reason: Why not; empty where it does.
    """

    train: bool
    reason: str


def write_decision(decision: Decision, folder: Path) -> None:
    """Keeps ``decision`` in ``folder``."""
    (folder / _FILE).write_text(json.dumps(asdict(decision), indent=2) + "\n", encoding="utf-8")


def read_decision(folder: Path) -> Decision:
    """Reads what ``write_decision`` kept."""
    return Decision(**json.loads((folder / _FILE).read_text(encoding="utf-8")))


def decided(status: RunStatus) -> Decision:
    """What the gate has decided about a run; as long as it has not, the run trains."""
    accepted = status.artifact(GATE, "DataDrift")
    return read_decision(Path(accepted.uri)) if accepted else Decision(train=True, reason="")


def left_out(ir: pipeline_pb2.Pipeline, status: RunStatus) -> set[str]:
    """The nodes that the gate's decision leaves out: all that wait for it, or none."""
    return set() if decided(status).train else downstream_nodes(ir, GATE)
