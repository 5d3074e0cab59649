"""`make bench`: how rows compare, and that a row can be measured by itself."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.bench.comparison import Side
from tests.bench.row import Row, limited
from tests.command import ROOT, environment

COMMAND = [sys.executable, "-m", "tests.bench"]


def test_the_best_variant_of_the_peer_counts_and_more_is_better() -> None:
    peers = {"slow": [9.0, 9.0, 1.0], "fast": [3.0, 4.0, 5.0]}
    record = Row("step", "s", 1.0, [2.0, 2.0, 2.0], peers).record()
    assert (record["ours"], record["peer"], record["against"]) == (2.0, 4.0, "fast")
    assert record["ratio"] == {"min": 1.5, "median": 2.0, "max": 2.5}
    rates = Row("rate", "slices/s", 1.0, [8.0], {"peer": [4.0]}, more_is_better=True).record()
    assert rates["ratio"]["median"] == 2.0


def test_a_variant_that_answers_another_question_is_shown_and_not_compared_with() -> None:
    record = Row("step", "s", 1.0, [2.0], {"f32": [4.0]}, uncounted={"bf16": [1.0]}).record()
    assert record["against"] == "f32" and record["variants"] == {"f32": 4.0, "bf16": 1.0}


def test_half_of_a_limit_is_twice_as_good() -> None:
    assert limited("run", "s", 60.0, [30.0]).record()["ratio"]["median"] == 2.0


def test_a_side_that_ends_is_named_with_its_log(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match=r"sides\.nothing.*log\.txt"):
        Side(Path(sys.executable), "sides.nothing", {}, tmp_path / "log.txt")
    assert "No module named" in (tmp_path / "log.txt").read_text()


def test_an_unknown_row_is_answered_by_the_known_ones() -> None:
    ended = subprocess.run(
        [*COMMAND, "speed"], cwd=ROOT, env=environment(), capture_output=True, text=True
    )
    assert ended.returncode == 2
    assert "training-step" in ended.stderr and "ingest" in ended.stderr


@pytest.mark.integration
def test_one_row_alone_is_measured_and_recorded(tmp_path: Path) -> None:
    record = tmp_path / "bench.json"
    options = [f"--folder={tmp_path / 'bench'}", f"--json={record}", "--rounds=2"]
    ended = subprocess.run(
        [*COMMAND, "start-up", *options],
        cwd=ROOT,
        env=environment(),
        capture_output=True,
        text=True,
    )
    assert ended.returncode == 0, ended.stderr
    rows = json.loads(record.read_text())
    assert [row["row"] for row in rows] == ["brisc-help", "brisc-predict-server"]
    for row in rows:
        assert {"row", "ours", "peer", "unit", "goal", "ratio"} <= set(row)
        assert 0 < row["ratio"]["min"] <= row["ratio"]["median"] <= row["ratio"]["max"]
        assert row["rounds"] == 2
    assert "brisc-predict-server" in ended.stdout
