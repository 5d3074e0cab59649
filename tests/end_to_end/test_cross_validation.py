"""Several folds of one set: each slice is tested once, by a model that has not seen its patient."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from data.layout import scan
from data.split_record import read_table
from tests.end_to_end.conftest import Bench


def test_cross_validation_measures_and_pushes_nothing(small_data: Path, tmp_path: Path) -> None:
    bench = Bench(small_data, tmp_path / "workspace")
    groups = tmp_path / "groups.csv"
    patients = {item.id: int(item.id.split("_")[2]) // 2 for item in scan(bench.data).slices}
    groups.write_text("image,group\n" + "".join(f"{i},p{p}\n" for i, p in patients.items()))
    ended = bench.run(
        "--set=split.strategy=grouped",
        f"--set=split.groups={groups}",
        "--set=split.folds=2",
        "--set=training.epochs=1",
    )
    assert ended.code == 0, ended.errors
    folder = max(bench.workspace.glob("runs/*"))
    spread = json.loads((folder / "cross_validation.json").read_text())["all"]["accuracy"]
    folds = [json.loads((folder / f"fold-{n}/report.json").read_text()) for n in (1, 2)]
    assert spread["values"] == [fold["scores"]["all"]["accuracy"] for fold in folds]
    assert spread["mean"] == pytest.approx(sum(spread["values"]) / 2)
    tables = [read_table(folder / f"fold-{n}" / "split.csv") for n in (1, 2)]
    tested = [{i for i, row in table.items() if row.split == "test"} for table in tables]
    assert not tested[0] & tested[1] and tested[0] | tested[1] == set(patients)
    for table in tables:
        learnt = {patients[i] for i, row in table.items() if row.split != "test"}
        assert not learnt & {patients[i] for i, row in table.items() if row.split == "test"}
    assert "patients: disjoint, by the groups that were given" in ended.output
    assert not bench.models.exists()
    # Nor is any of its models what a later one is compared with.
    states = [node["node"] for node in folds[0]["nodes"]]
    assert "Baseline" not in states and "Pusher" not in states
    assert not folds[0]["blessed"]
