"""Runs of some kinds, as a workspace records them."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from tests.run_records import CACHED, RunRecords

Ask = Callable[..., Any]
FIRST, SECOND, THIRD = (f"20260101-0{hour}0000.000000" for hour in range(1, 4))


def train(records: RunRecords, run: str, epochs: int, **more: Any) -> list[int]:
    """Trainer's execution in a run whose data was audited before; its model and events."""
    records.node(run, "LeakAudit", CACHED, settings={"data_fingerprint": "f1"})
    sections = {"model": {"image_size": 64}, "training": {"epochs": epochs}}
    return records.node(run, "Trainer", settings={"custom_config": json.dumps(sections)}, **more)


def finish(records: RunRecords, run: str, epochs: int, *, blessed: bool) -> list[int]:
    """A run that comes to its end; its model, event files, evaluation and blessing."""
    model, events = train(records, run, epochs)
    judged = records.node(
        run,
        "Evaluator",
        inputs=[model],
        properties={"blessed": int(blessed), "current_model_id": model},
    )
    where = records.workspace.serving / "brisc" / "17"
    records.node(run, "Pusher", properties={"pushed_destination": where} if blessed else {})
    records.report(run)
    return [model, events, *judged]
