"""What `brisc tensorboard` says where it starts; what it shows, tests/end_to_end looks at."""

from __future__ import annotations

import signal
import subprocess
from pathlib import Path

import pytest

from tests.command import announced
from tests.run_records import RunRecords
from trainer.event_files import EVENTS


@pytest.mark.parametrize(("runs", "count"), [(1, "1 training"), (2, "2 trainings")])
def test_a_start_is_one_line_with_count_and_address(tmp_path: Path, runs: int, count: str) -> None:
    records = RunRecords(tmp_path / "work")
    for number in range(runs):
        _, model_run = records.node(f"run-{number}", "Trainer")
        (records.folder(model_run) / EVENTS).mkdir(parents=True)
    ready = rf"^{count} at http://\S+ until Ctrl-C$"
    arguments = ["tensorboard", f"--workspace={tmp_path / 'work'}", "--port=0"]
    with announced(ready, *arguments, stderr=subprocess.PIPE, end=signal.SIGINT) as (process, _):
        process.send_signal(signal.SIGINT)
        assert process.communicate(timeout=60) == ("", "")
